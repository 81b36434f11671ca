#include "lib/base/clock.h"

#include <ctime>

namespace weft {

namespace {

// steady_clock is CLOCK_MONOTONIC in libstdc++, so the two readings share their origin.
TimePoint read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

TimePoint SystemClock::now() const { return read_clock(CLOCK_MONOTONIC); }

// The kernel's tick: 1 to 10 ms old, read without touching the time-stamp counter.
TimePoint SystemClock::coarse_now() const { return read_clock(CLOCK_MONOTONIC_COARSE); }

const SystemClock& SystemClock::instance() {
  static const SystemClock clock;
  return clock;
}

}  // namespace weft
