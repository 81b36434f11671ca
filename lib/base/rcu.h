// RCU: readers pay nothing, what they may still be reading is freed later.
//
// A thin cover over liburcu's QSBR flavour; nothing else in the tree includes urcu. A registered
// thread is a reader at all times except between two lines of its own choosing: it says
// quiescent() when it holds no pointer into a shared structure (a worker once a round, the control
// thread after a handler) and goes offline while it sleeps, so that nobody waits for it.
//
//     rcu::ThreadScope scope;                    // once, at the top of the thread
//     const Table* table = current.load();       // RcuPtr<Table>; good until quiescent()
//     rcu::quiescent();
//
//     rcu::retire(current.exchange(replacement));  // a writer: deleted after a grace period
//
// Threads:  quiescent() and OfflineScope by registered threads; the rest by any thread. Deferred
//           calls run one after the other, in the order deferred, on a thread of this module's own,
//           which is registered. It starts with the first defer() and sleeps while there is nothing
//           to free; it does not survive fork(): detach before. A program that wants its last
//           frees done calls barrier() before it ends.
// Cost:     a read is a load-acquire; quiescent() a load and seldom a store; defer() one allocation
//           and a lock-free push, and a wake when nothing waited yet. synchronize() and barrier()
//           wait for the slowest reader: never on a worker.
// Sanitizer: under the thread sanitizer the calls carry release and acquire annotations, because
//           the library itself is not instrumented.
#pragma once

#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>

namespace weft::rcu {

// Registers the calling thread as a reader for its lifetime. May nest; the outermost one counts.
class ThreadScope {
 public:
  ThreadScope();
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;
};

// The calling thread is not a reader while this lives: put it around anything that blocks. No
// pointer read before may be used after. May nest; does nothing in an unregistered thread.
class OfflineScope {
 public:
  OfflineScope();
  ~OfflineScope();
  OfflineScope(const OfflineScope&) = delete;
  OfflineScope& operator=(const OfflineScope&) = delete;
};

// The other way round: the thread is a reader while this lives, whatever offline scopes are around it. For a loop
// that is offline but for its handlers. Does nothing in an unregistered thread.
class OnlineScope {
 public:
  OnlineScope();
  ~OnlineScope();
  OnlineScope(const OnlineScope&) = delete;
  OnlineScope& operator=(const OnlineScope&) = delete;

 private:
  unsigned suspended_offline_depth_;
};

bool is_registered();

// "I hold no pointer read under RCU." The thread must be registered and online.
void quiescent();

// Waits until every reader has been quiescent or offline once. A registered caller counts as
// quiescent itself.
void synchronize();

// Waits until everything deferred before, by any thread, has run.
void barrier();

namespace detail {

// What waits for its grace period: a link of a list, in front of the callable.
struct Deferred {
  Deferred* next = nullptr;
  void (*run_and_delete)(Deferred* self) = nullptr;
};

void enqueue(Deferred* deferred);

}  // namespace detail

// Runs `call()` once, after a grace period. It may be a move-only callable; it must not throw and
// must not call barrier() or synchronize().
template <class F>
  requires std::is_invocable_v < std::decay_t<F>
& > void defer(F&& call) {
  struct Call : detail::Deferred {
    explicit Call(F&& f) : function(std::forward<F>(f)) {}
    std::decay_t<F> function;
  };
  auto deferred = std::make_unique<Call>(std::forward<F>(call));
  deferred->run_and_delete = [](detail::Deferred* self) {
    const std::unique_ptr<Call> owned(static_cast<Call*>(self));
    owned->function();
  };
  detail::enqueue(deferred.release());
}

// Deletes after a grace period. Null is fine.
template <class T>
void retire(std::unique_ptr<T> object) {
  if (object) {
    defer([object = std::move(object)]() mutable { object.reset(); });
  }
}
template <class T>
void retire(T* object) {
  retire(std::unique_ptr<T>(object));
}

}  // namespace weft::rcu

namespace weft {

// A pointer that one side publishes and many read under RCU. Owns nothing.
template <class T>
class RcuPtr {
 public:
  constexpr RcuPtr() = default;
  constexpr explicit RcuPtr(T* object) : object_(object) {}
  RcuPtr(const RcuPtr&) = delete;
  RcuPtr& operator=(const RcuPtr&) = delete;

  T* load() const { return object_.load(std::memory_order_acquire); }
  void store(T* object) { object_.store(object, std::memory_order_release); }
  // Publishes and gives back what was there, for rcu::retire().
  T* exchange(T* object) { return object_.exchange(object, std::memory_order_acq_rel); }

 private:
  std::atomic<T*> object_ = nullptr;
};

}  // namespace weft
