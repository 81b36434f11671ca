#include "lib/base/rcu.h"

#include <cassert>

#include <urcu/urcu-qsbr.h>

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

static_assert(sizeof(rcu_head) <= sizeof(detail::Deferred::head));
static_assert(alignof(rcu_head) <= alignof(detail::Deferred));

void run_deferred(rcu_head* head) {
  auto* deferred = reinterpret_cast<detail::Deferred*>(head);
  acquire(&grace_period);
  acquire(deferred);  // what the writer did before defer()
  deferred->run_and_delete(deferred);
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

void barrier() {
  release(&grace_period);
  urcu_qsbr_barrier();
  acquire(&grace_period);
}

void detail::enqueue(Deferred* deferred) {
  release(deferred);
  urcu_qsbr_call_rcu(reinterpret_cast<rcu_head*>(&deferred->head), run_deferred);
}

}  // namespace weft::rcu
