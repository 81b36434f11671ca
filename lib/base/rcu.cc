#include "lib/base/rcu.h"

#include <cassert>
#include <chrono>
#include <thread>

#include <urcu/urcu-qsbr.h>

#include "lib/base/mutex.h"

#if defined(WEFT_TSAN)
extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
}
#endif

namespace weft::rcu {

namespace {

// What a grace period orders: everything that readers did before they were quiescent happens
// before everything a writer does after the grace period. One token stands for all grace periods,
// which lets the sanitizer believe in a little more order than there is, never in less.
[[maybe_unused]] char grace_period;

void release([[maybe_unused]] void* token) {
#if defined(WEFT_TSAN)
  __tsan_release(token);
#endif
}

void acquire([[maybe_unused]] void* token) {
#if defined(WEFT_TSAN)
  __tsan_acquire(token);
#endif
}

// Both scopes nest; only the outermost talks to the library.
thread_local unsigned registered_depth = 0;
thread_local unsigned offline_depth = 0;

// A grace period costs every reader a look and this thread some 50 us; one a millisecond is enough for memory that is on
// its way out, however often something is deferred. Whoever waits (barrier) does not wait for that.
constexpr auto pause = std::chrono::milliseconds(1);

// Frees what was deferred. liburcu's own call_rcu would do it too, but it allocates and frees in
// code that the thread sanitizer does not see through, which cannot be told to it without a
// suppression file.
class Reclaimer {
 public:
  Reclaimer() {
    std::thread([this] { run(); }).detach();
  }

  // The list is a stack that any thread pushes on; who pushes first wakes the thread.
  void push(detail::Deferred* deferred) {
    detail::Deferred* next = newest_.load(std::memory_order_relaxed);
    do {
      deferred->next = next;
    } while (!newest_.compare_exchange_weak(next, deferred, std::memory_order_acq_rel));
    // `deferred` may be gone already.
    if (next == nullptr) {
      newest_.notify_one();
    }
  }

  // No pause until hurry_end().
  void hurry_begin() {
    MutexLock lock(mutex_);
    ++hurry_;
    hurried_.notify_one();
  }
  void hurry_end() {
    MutexLock lock(mutex_);
    --hurry_;
  }

 private:
  [[noreturn]] void run() {
    const ThreadScope reader;  // deferred calls may look at shared structures too
    for (;;) {
      {
        const OfflineScope asleep;
        newest_.wait(nullptr);
        gather();
      }
      detail::Deferred* oldest = reversed(newest_.exchange(nullptr, std::memory_order_acq_rel));
      synchronize();
      while (oldest != nullptr) {
        detail::Deferred* const deferred = std::exchange(oldest, oldest->next);
        deferred->run_and_delete(deferred);
      }
    }
  }

  // Lets more come before the grace period begins.
  void gather() {
    MutexLock lock(mutex_);
    if (hurry_ == 0) {
      hurried_.wait_for(mutex_, pause);
    }
  }

  static detail::Deferred* reversed(detail::Deferred* list) {
    detail::Deferred* result = nullptr;
    while (list != nullptr) {
      detail::Deferred* const next = std::exchange(list->next, result);
      result = std::exchange(list, next);
    }
    return result;
  }

  std::atomic<detail::Deferred*> newest_ = nullptr;
  Mutex mutex_;
  CondVar hurried_;
  unsigned hurry_ GUARDED_BY(mutex_) = 0;
};

// Never destroyed: its thread runs to the end of the process.
Reclaimer& reclaimer() {
  static auto* const reclaimer = new Reclaimer;
  return *reclaimer;
}

}  // namespace

ThreadScope::ThreadScope() {
  if (registered_depth++ == 0) {
    urcu_qsbr_register_thread();
  }
}

ThreadScope::~ThreadScope() {
  assert(registered_depth > 0 && "a thread leaves RCU once");
  if (--registered_depth == 0) {
    assert(offline_depth == 0 && "an offline scope ends before its thread scope");
    release(&grace_period);
    urcu_qsbr_unregister_thread();
  }
}

OfflineScope::OfflineScope() {
  if (registered_depth > 0 && offline_depth++ == 0) {
    release(&grace_period);
    urcu_qsbr_thread_offline();
  }
}

OfflineScope::~OfflineScope() {
  if (registered_depth > 0 && --offline_depth == 0) {
    urcu_qsbr_thread_online();
  }
}

OnlineScope::OnlineScope() : suspended_offline_depth_(std::exchange(offline_depth, 0)) {
  if (suspended_offline_depth_ > 0) {
    urcu_qsbr_thread_online();
  }
}

OnlineScope::~OnlineScope() {
  assert(offline_depth == 0 && "offline scopes end inside the online scope they began in");
  offline_depth = suspended_offline_depth_;
  if (suspended_offline_depth_ > 0) {
    release(&grace_period);
    urcu_qsbr_thread_offline();
  }
}

bool is_registered() { return registered_depth > 0; }

void quiescent() {
  assert(registered_depth > 0 && "only a registered thread can be quiescent");
  assert(offline_depth == 0 && "an offline thread is quiescent already");
  release(&grace_period);
  urcu_qsbr_quiescent_state();
}

void synchronize() {
  release(&grace_period);
  urcu_qsbr_synchronize_rcu();
  acquire(&grace_period);
}

// Calls run in order, so when this one has, so have all before it.
void barrier() {
  Mutex mutex;
  CondVar ran;
  bool has_run = false;
  defer([&] {
    MutexLock lock(mutex);
    has_run = true;
    ran.notify_one();
  });
  const OfflineScope offline;
  reclaimer().hurry_begin();
  {
    MutexLock lock(mutex);
    while (!has_run) {
      ran.wait(mutex);
    }
  }
  reclaimer().hurry_end();
}

void detail::enqueue(Deferred* deferred) { reclaimer().push(deferred); }

}  // namespace weft::rcu
