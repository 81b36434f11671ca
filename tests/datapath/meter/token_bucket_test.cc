// Tokens come at their rate and no faster, however many draw on them.
#include "datapath/meter/token_bucket.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

const TimePoint start{5s};

TEST(TokenBucket, BeginsFullAndHoldsNoMoreThanItsCapacity) {
  TokenBucket bucket(10, 3, start);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(bucket.take(1, start)) << i;
  }
  EXPECT_FALSE(bucket.take(1, start));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(bucket.take(1, start + 1h)) << i;
  }
  EXPECT_FALSE(bucket.take(1, start + 1h));
}

TEST(TokenBucket, ATokenComesWhenItIsDue) {
  TokenBucket bucket(10, 1, start);
  EXPECT_TRUE(bucket.take(1, start));
  EXPECT_FALSE(bucket.take(1, start + 99ms));
  EXPECT_TRUE(bucket.take(1, start + 100ms));
}

TEST(TokenBucket, WhatIsRefusedCostsNothing) {
  TokenBucket bucket(1000, 5, start);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(bucket.take(6, start));
  }
  EXPECT_TRUE(bucket.take(5, start));
}

// A frame of 44 segments at a meter that lets 10 packets through at once: it would never pass.
TEST(TokenBucket, GoesIntoDebtWhereAPartIsEnough) {
  TokenBucket bucket(10, 10, start);
  EXPECT_TRUE(bucket.take(44, 1, start));
  EXPECT_FALSE(bucket.take(44, 1, start + 3400ms));
  EXPECT_TRUE(bucket.take(44, 1, start + 3500ms));
}

// The dull way: a number of tokens that is added to whenever somebody asks.
TEST(TokenBucket, AgreesWithACounterOfTokens) {
  std::mt19937 random(1);
  const double rate = 1000;
  const double capacity = 50;
  TokenBucket bucket(rate, capacity, start);
  double tokens = capacity;
  TimePoint now = start;
  unsigned passed = 0;
  for (int i = 0; i < 20000; ++i) {
    const Duration step = std::chrono::microseconds(500 * (random() % 12));
    now += step;
    tokens = std::min(capacity, tokens + rate * std::chrono::duration<double>(step).count());
    const uint64_t cost = 1 + random() % 10;
    constexpr double rounding = 1e-6;
    const bool fits = tokens + rounding >= static_cast<double>(cost);
    ASSERT_EQ(bucket.take(cost, now), fits) << i;
    tokens -= fits ? static_cast<double>(cost) : 0;
    passed += fits ? 1 : 0;
  }
  EXPECT_GT(passed, 1000U);
}

TEST(TokenBucket, RatesThatAreTooLongToCountAreNoTrouble) {
  TokenBucket slow(1, 4e9, start);
  EXPECT_TRUE(slow.take(1000000, start));
  EXPECT_TRUE(slow.take(1, start + 24h * 365));
  TokenBucket fast(4.29e12, 4.29e12, start);
  EXPECT_TRUE(fast.take(64 * 8, start));
}

TEST(TokenBucket, ClockOfAnotherWorkerMayBeABitBehind) {
  TokenBucket bucket(10, 2, start);
  EXPECT_TRUE(bucket.take(1, start - 1ms));
  EXPECT_TRUE(bucket.take(1, start));
  EXPECT_FALSE(bucket.take(1, start - 1ms));
}

TEST(TokenBucketThreads, TogetherTheyGetWhatThereIs) {
  TokenBucket bucket(1, 10000, start);
  std::atomic<unsigned> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        taken += bucket.take(1, start) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(taken, 10000U);
}

}  // namespace
}  // namespace weft::datapath
