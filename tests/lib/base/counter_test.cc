#include "lib/base/counter.h"

#include <thread>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(Counter, CountsAndResets) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  counter.reset();
  EXPECT_EQ(counter.value(), 0u);
}

// Property: what was done before counting is seen by whoever sees the count.
TEST(Counter, ACountPublishesWhatWasCounted) {
  constexpr uint64_t count = 20'000;
  static uint64_t items[count];
  Counter counter;
  std::jthread writer([&] {
    for (uint64_t i = 0; i < count; ++i) {
      items[i] = i + 1;
      counter.add();
    }
  });
  uint64_t seen = 0;
  while (seen < count) {
    const uint64_t now = counter.value();
    ASSERT_GE(now, seen);
    for (; seen < now; ++seen) {
      ASSERT_EQ(items[seen], seen + 1);
    }
    std::this_thread::yield();
  }
}

TEST(PerWorker, KeepsWorkersOnLinesOfTheirOwn) {
  PerWorker<Counter> counters(3);
  counters[0].add(1);
  counters[2].add(5);
  EXPECT_EQ(counters.total([](const Counter& counter) { return counter.value(); }), 6u);
  const auto distance = reinterpret_cast<uintptr_t>(&counters[1]) - reinterpret_cast<uintptr_t>(&counters[0]);
  EXPECT_EQ(distance % cache_line_bytes, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(&counters[0]) % cache_line_bytes, 0u);
}

}  // namespace
}  // namespace weft
