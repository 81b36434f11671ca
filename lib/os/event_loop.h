// EventLoop: the control thread's one loop, with timers and watched file descriptors.
//
// A thin coat around one boost::asio::io_context. Sockets of control protocols use Asio itself through context();
// everything that is not a stream (netlink, signal or event descriptors) is watched with FdWatch, everything that
// waits uses Timer. Both may be destroyed at any time on the control thread, inside their own callback too, and
// never call back afterwards.
//
// Threads:   run() on the control thread, which also makes, arms and destroys timers and watches. post() and stop()
//            from any thread.
// Ownership: an FdWatch does not own its descriptor, which must outlive it.
// Cost:      sleeps while nothing is to be done, but for 100 us after events that came in quick succession.
// Rule:      no callback runs longer than 5 ms; work that could is cut into slices that post() one another.
#pragma once

// Asio of Boost 1.74 uses std::exchange without including it.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "lib/base/clock.h"
#include "lib/base/rcu.h"

namespace weft {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& context() { return context_; }

  // A handler at work. The loop's thread is offline for RCU whenever it might sleep, so each handler that touches
  // shared tables first makes it a reader again. post(), Timer and FdWatch do that; the completion handler of an Asio
  // object begins with `const EventLoop::Handler handler;`.
  using Handler = rcu::OnlineScope;

  // Until stop().
  void run();
  void stop();

  // Runs what is ready and returns how many handlers that were. run_for also waits for more until `limit` is over.
  size_t poll();
  size_t run_for(Duration limit);

  // Runs `task` on the control thread, later.
  void post(std::function<void()> task);

 private:
  bool look_out(TimePoint until);

  boost::asio::io_context context_;
  const bool has_other_processors_;
};

// Calls back once after a delay, or again and again.
class Timer {
 public:
  explicit Timer(EventLoop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Both replace what was armed before.
  void start(Duration delay, std::function<void()> call);
  void start_every(Duration period, std::function<void()> call);
  void cancel();
  bool is_running() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Calls back whenever the descriptor is readable (or has failed). The callback reads until EAGAIN or comes again.
class FdWatch {
 public:
  FdWatch(EventLoop& loop, int fd, std::function<void()> on_readable);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft
