// CommandQueue: what other threads want a worker to do, in order, and how they wake it and wait for it.
//
// Producers push under a lock; the worker looks at a counter, once a round, and takes the lock only when there is
// something. The counter and the worker's "I sleep" flag are a store-load pair (both seq_cst): a producer that counts
// and then finds the flag unset, and a worker that sets the flag and then finds the count unchanged, cannot both
// happen, so no command is slept on. The worker drains before it reads packets, after every sleep too.
//
// Threads:   push, wait_until_drained: any. drain, begin_sleep, end_sleep: the worker.
// Cost:      for the worker: a load a round.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "lib/base/mutex.h"

namespace weft::datapath {

template <class Command>
class CommandQueue {
 public:
  // True: the worker sleeps and must be woken.
  bool push(Command command) EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      waiting_.push_back(std::move(command));
      // Inside the lock, so that drained_ never runs ahead.
      pushed_.fetch_add(1, std::memory_order_seq_cst);
    }
    return is_asleep_.load(std::memory_order_seq_cst);
  }

  // Calls run(command) with each that has been pushed; true if there was any.
  template <class F>
  bool drain(F&& run) EXCLUDES(mutex_) {
    if (!has_waiting()) {
      return false;
    }
    std::vector<Command> taken;
    {
      MutexLock lock(mutex_);
      taken.swap(waiting_);
    }
    for (Command& command : taken) {
      run(command);
    }
    drained_.fetch_add(taken.size(), std::memory_order_seq_cst);
    drained_.notify_all();
    return true;
  }
  bool has_waiting() const {
    return pushed_.load(std::memory_order_seq_cst) != drained_.load(std::memory_order_relaxed);
  }

  // False: there is something to drain, do not sleep.
  bool begin_sleep() {
    is_asleep_.store(true, std::memory_order_seq_cst);
    if (has_waiting()) {
      end_sleep();
      return false;
    }
    return true;
  }
  void end_sleep() { is_asleep_.store(false, std::memory_order_seq_cst); }

  // Asleep with nothing to run: the worker has no packet in hand, and whatever the caller published before is seen by
  // every packet it will read. (Writing the counter makes the worker's look at it, after the sleep, an acquire of what
  // came before; the same pair as in push.)
  bool is_at_rest() {
    pushed_.fetch_add(0, std::memory_order_seq_cst);
    return is_asleep_.load(std::memory_order_seq_cst) && !has_waiting();
  }

  // Until everything that was pushed before this call has run.
  void wait_until_drained() const {
    const uint64_t target = pushed_.load(std::memory_order_seq_cst);
    for (uint64_t seen = drained_.load(); seen < target; seen = drained_.load()) {
      drained_.wait(seen);
    }
  }

 private:
  Mutex mutex_;
  std::vector<Command> waiting_ GUARDED_BY(mutex_);
  std::atomic<uint64_t> pushed_{0};
  std::atomic<uint64_t> drained_{0};
  std::atomic<bool> is_asleep_{false};
};

}  // namespace weft::datapath
