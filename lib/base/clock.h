// Clocks: time is passed in, so that a test can move it.
//
// Duration and TimePoint count steady nanoseconds everywhere. Code that needs the time takes a
// `const Clock&`; the daemon passes SystemClock, a test ManualClock and advance()s it. coarse_now()
// is at most 10 ms old and cheap: what the packet path uses, once a batch.
//
// Threads: now() from any thread; ManualClock may be moved by one thread while others read.
#pragma once

#include <atomic>
#include <chrono>

namespace weft {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// What long work takes of an event loop at a time before it lets others run: a step more is still well below 5 ms.
inline constexpr Duration slice_time = std::chrono::milliseconds(2);

// For what no test moves: how long a connection has been up.
inline TimePoint steady_now() { return std::chrono::steady_clock::now(); }

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual TimePoint coarse_now() const { return now(); }
};

// CLOCK_MONOTONIC and its coarse sibling.
class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
  TimePoint coarse_now() const override;

  // One for everybody: it has no state.
  static const SystemClock& instance();
};

// Stands still until told to move. Starts an hour in, so that "long ago" can be subtracted.
class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(Duration(now_.load(std::memory_order_acquire))); }
  void advance(Duration by) { now_.fetch_add(by.count(), std::memory_order_acq_rel); }
  void set(TimePoint to) { now_.store(to.time_since_epoch().count(), std::memory_order_release); }

 private:
  std::atomic<Duration::rep> now_ = Duration(std::chrono::hours(1)).count();
};

}  // namespace weft
