// Queues between threads: SpscRing, bounded and lock-free, and MpscQueue, for many producers.
//
// SpscRing: one thread pushes, one other pops; a full ring refuses. Meant for commands and
// acknowledgements, so publishing is sequentially consistent: a producer that pushes and then
// finds the consumer's "I sleep" flag unset, and a consumer that sets the flag and then finds the
// ring empty, cannot both happen, provided that the flag is seq_cst as well.
//
// MpscQueue: a mutex around a vector, emptied as a whole by its consumer.
//
// Ownership: elements are moved in and out; what is left is destroyed with the queue.
// Cost:      SpscRing push and pop some 10 ns, no allocation after construction.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/counter.h"
#include "lib/base/mutex.h"

namespace weft {

template <class T>
class SpscRing {
 public:
  // Rounded up to a power of two.
  explicit SpscRing(size_t capacity)
      : mask_(std::bit_ceil(capacity == 0 ? size_t{1} : capacity) - 1),
        slots_(std::make_unique<std::optional<T>[]>(mask_ + 1)) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  size_t capacity() const { return mask_ + 1; }

  // Producer. False when full; `value` is then untouched.
  bool try_push(T&& value) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - seen_head_ == capacity()) {
      seen_head_ = head_.load(std::memory_order_acquire);
      if (tail - seen_head_ == capacity()) {
        return false;
      }
    }
    slots_[tail & mask_].emplace(std::move(value));
    tail_.store(tail + 1, std::memory_order_seq_cst);
    return true;
  }
  bool try_push(const T& value) { return try_push(T(value)); }

  // Consumer. Nothing when empty.
  std::optional<T> try_pop() {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == seen_tail_) {
      seen_tail_ = tail_.load(std::memory_order_seq_cst);
      if (head == seen_tail_) {
        return std::nullopt;
      }
    }
    std::optional<T> value = std::exchange(slots_[head & mask_], std::nullopt);
    head_.store(head + 1, std::memory_order_release);
    return value;
  }

  // Exact for the thread on whose side it is asked, a recent value for others.
  bool is_empty() const { return size() == 0; }
  size_t size() const {
    const size_t head = head_.load(std::memory_order_acquire);
    return tail_.load(std::memory_order_seq_cst) - head;
  }

 private:
  const size_t mask_;
  const std::unique_ptr<std::optional<T>[]> slots_;
  // Positions count up for ever; each side remembers the other's last, to touch its line seldom.
  alignas(cache_line_bytes) std::atomic<size_t> tail_ = 0;
  size_t seen_head_ = 0;
  alignas(cache_line_bytes) std::atomic<size_t> head_ = 0;
  size_t seen_tail_ = 0;
};

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
