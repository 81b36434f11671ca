// MpscQueue: from many producers to one consumer: a mutex around a vector, emptied as a whole by its consumer.
//
// Ownership: elements are moved in and out; what is left is destroyed with the queue.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "lib/base/mutex.h"

namespace weft {

template <class T>
class MpscQueue {
 public:
  explicit MpscQueue(size_t capacity = ~size_t{0}) : capacity_(capacity) {}

  enum class Push { first, queued, full };

  // `first`: the queue was empty, so its consumer may want waking. `full`: not taken.
  Push push(T value) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (items_.size() >= capacity_) {
      return Push::full;
    }
    items_.push_back(std::move(value));
    return items_.size() == 1 ? Push::first : Push::queued;
  }

  // Everything pushed so far, in order.
  std::vector<T> take_all() EXCLUDES(mutex_) {
    std::vector<T> taken;
    MutexLock lock(mutex_);
    taken.swap(items_);
    return taken;
  }

  size_t size() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  const size_t capacity_;
  mutable Mutex mutex_;
  std::vector<T> items_ GUARDED_BY(mutex_);
};

}  // namespace weft
