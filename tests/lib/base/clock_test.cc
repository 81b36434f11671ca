#include "lib/base/clock.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, IsTheSteadyClock) {
  const auto before = std::chrono::steady_clock::now();
  const TimePoint now = SystemClock::instance().now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, std::chrono::steady_clock::now());
}

TEST(SystemClock, CoarseTimeIsALittleOld) {
  const TimePoint coarse = SystemClock::instance().coarse_now();
  const TimePoint now = SystemClock::instance().now();
  EXPECT_LE(coarse, now);
  EXPECT_LT(now - coarse, 1s);  // 10 ms, and some for a busy machine
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  const TimePoint start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.advance(1500ms);
  EXPECT_EQ(clock.now() - start, 1500ms);
  EXPECT_EQ(clock.coarse_now(), clock.now());
  clock.set(start);
  EXPECT_EQ(clock.now(), start);
}

}  // namespace
}  // namespace weft
