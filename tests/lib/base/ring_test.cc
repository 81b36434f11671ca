#include "lib/base/ring.h"

#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SpscRing, RefusesWhenFullAndKeepsTheValue) {
  SpscRing<std::unique_ptr<int>> ring(2);
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(1)));
  EXPECT_TRUE(ring.try_push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.try_push(std::move(third)));
  EXPECT_NE(third, nullptr);
  EXPECT_EQ(**ring.try_pop(), 1);
  EXPECT_TRUE(ring.try_push(std::move(third)));
  EXPECT_EQ(**ring.try_pop(), 2);
  EXPECT_EQ(**ring.try_pop(), 3);
  EXPECT_EQ(ring.try_pop(), std::nullopt);
}

TEST(SpscRing, RoundsItsCapacityUp) {
  EXPECT_EQ(SpscRing<int>(5).capacity(), 8u);
  EXPECT_EQ(SpscRing<int>(0).capacity(), 1u);
}

TEST(SpscRing, ReleasesWhatWasPopped) {
  SpscRing<std::shared_ptr<int>> ring(4);
  const auto value = std::make_shared<int>(1);
  EXPECT_TRUE(ring.try_push(value));
  EXPECT_EQ(value.use_count(), 2);
  ring.try_pop().reset();
  EXPECT_EQ(value.use_count(), 1);
}

// Property: every value arrives once, in order, whole.
TEST(SpscRing, CarriesEveryValueInOrderBetweenThreads) {
  constexpr uint64_t count = 50'000;
  SpscRing<std::unique_ptr<uint64_t>> ring(64);
  std::jthread producer([&] {
    for (uint64_t i = 0; i < count;) {
      if (ring.try_push(std::make_unique<uint64_t>(i))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  for (uint64_t expected = 0; expected < count;) {
    if (const auto value = ring.try_pop()) {
      ASSERT_EQ(**value, expected++);
    } else {
      std::this_thread::yield();
    }
  }
}

// Property: a consumer that says it sleeps and then finds the ring empty is always woken by a
// producer that pushes and then looks whether it sleeps. With weaker order both could miss each
// other, and this test would stop here for ever.
TEST(SpscRing, ASleepingConsumerIsNeverForgotten) {
  constexpr int count = 20'000;
  SpscRing<int> ring(8);
  std::atomic<bool> sleeps = false;
  std::atomic<int> wakes = 0;
  std::jthread producer([&] {
    for (int i = 0; i < count; ++i) {
      while (!ring.try_push(i)) {
        std::this_thread::yield();
      }
      if (sleeps.exchange(false)) {
        wakes.fetch_add(1);
        wakes.notify_one();
      }
    }
  });
  for (int expected = 0; expected < count;) {
    if (const auto value = ring.try_pop()) {
      ASSERT_EQ(*value, expected++);
      continue;
    }
    const int woken = wakes.load();
    sleeps.store(true);
    if (ring.is_empty()) {
      wakes.wait(woken);
    }
    sleeps.store(false);
  }
}

TEST(MpscQueue, TellsTheFirstFromTheFollowing) {
  using Push = MpscQueue<int>::Push;
  MpscQueue<int> queue(2);
  EXPECT_EQ(queue.push(1), Push::first);
  EXPECT_EQ(queue.push(2), Push::queued);
  EXPECT_EQ(queue.push(3), Push::full);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_THAT(queue.take_all(), ElementsAre(1, 2));
  EXPECT_THAT(queue.take_all(), IsEmpty());
  EXPECT_EQ(queue.push(4), Push::first);
}

TEST(MpscQueue, KeepsTheOrderOfEachProducer) {
  constexpr int count = 5'000;
  MpscQueue<std::pair<int, int>> queue;
  {
    std::vector<std::jthread> producers;
    for (int p = 0; p < 3; ++p) {
      producers.emplace_back([&queue, p] {
        for (int i = 0; i < count; ++i) {
          queue.push({p, i});
        }
      });
    }
  }
  int next[3] = {};
  for (const auto& [producer, i] : queue.take_all()) {
    ASSERT_EQ(i, next[producer]++);
  }
  EXPECT_THAT(next, ElementsAre(count, count, count));
}

}  // namespace
}  // namespace weft
