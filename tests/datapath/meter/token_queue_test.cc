// What a queue lets through, and what it has counted.
#include "datapath/meter/token_queue.h"

#include <thread>

#include <gtest/gtest.h>

#include "datapath/offload/ingress.h"
#include "lib/base/rcu.h"
#include "lib/flow/extract.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

class TokenQueueTest : public testing::Test {
 protected:
  PacketPtr packet(const Frame& frame) {
    PacketPtr made = make_packet(pool_, frame);
    FlowKey key;
    EXPECT_FALSE(extract(*made, key));
    EXPECT_FALSE(check_offload(*made));
    return made;
  }
  // How many of `count` frames of 1,000 bytes, 8,000 bits each, are admitted at once.
  int admitted(Queue& queue, int count) { return admitted(queue, count, frame().payload_size(1000 - 14)); }
  int admitted(Queue& queue, int count, const Frame& frame) {
    int passed = 0;
    for (int i = 0; i < count; ++i) {
      passed += queue.admit(*packet(frame)) ? 1 : 0;
    }
    return passed;
  }

  const rcu::ThreadScope scope_;
  PacketPool pool_;
  ManualClock clock_;
};

TEST_F(TokenQueueTest, BurstComesAtOnceAndTheRateAfterIt) {
  TokenQueue queue({RateLimit{.rate = 80'000, .burst = 16'000}}, nullptr, clock_);
  EXPECT_EQ(admitted(queue, 5), 2);
  clock_.advance(100ms);
  EXPECT_EQ(admitted(queue, 5), 1);
  clock_.advance(10s);
  EXPECT_EQ(admitted(queue, 5), 2) << "no more is saved up than the burst";
  EXPECT_EQ(queue.counters(), (QueueCounters{5, 5000, 10}));
}

TEST_F(TokenQueueTest, WithoutALimitItCounts) {
  TokenQueue queue({}, nullptr, clock_);
  EXPECT_EQ(admitted(queue, 3), 3);
  EXPECT_EQ(queue.counters(), (QueueCounters{3, 3000, 0}));
}

// A jumbo frame would else never pass a queue whose burst is smaller.
TEST_F(TokenQueueTest, AFrameLargerThanTheBurstPassesAFullBucket) {
  TokenQueue queue({RateLimit{.rate = 8'000, .burst = 100}}, nullptr, clock_);
  EXPECT_EQ(admitted(queue, 2), 1);
  clock_.advance(990ms);
  EXPECT_EQ(admitted(queue, 1), 0);
  clock_.advance(11ms);
  EXPECT_EQ(admitted(queue, 1), 1);
}

// 62 KB of six times ten segments at 10 Mbit/s take 49 ms.
TEST_F(TokenQueueTest, AGsoFrameCostsItsSegments) {
  const Frame large = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(60000).gso(1448);
  TokenQueue queue({RateLimit{.rate = 10'000'000, .burst = 100'000}}, nullptr, clock_);
  EXPECT_EQ(admitted(queue, 2, large), 1);
  clock_.advance(40ms);
  EXPECT_EQ(admitted(queue, 1, large), 0);
  clock_.advance(10ms);
  EXPECT_EQ(admitted(queue, 1, large), 1);
  EXPECT_EQ(queue.counters().tx_packets, 2U);
}

TEST_F(TokenQueueTest, ItsWholeLimitsAllPartsTogether) {
  const auto whole =
      std::make_shared<TokenQueue>(QueueSpec{RateLimit{.rate = 80'000, .burst = 24'000}}, nullptr, clock_);
  TokenQueue first({RateLimit{.rate = 80'000, .burst = 16'000}}, whole, clock_);
  TokenQueue second({}, whole, clock_);
  EXPECT_EQ(admitted(first, 4), 2) << "its own limit";
  EXPECT_EQ(admitted(second, 4), 1) << "what the first one was refused has taken nothing from the whole";
  EXPECT_EQ(first.counters(), (QueueCounters{2, 2000, 2}));
  EXPECT_EQ(second.counters(), (QueueCounters{1, 1000, 3}));
}

// The guaranteed part pays for what it takes, so that the whole's rate is kept: the others share what is left.
TEST_F(TokenQueueTest, AGuaranteeHasRoomInAWholeThatOthersFill) {
  const auto whole =
      std::make_shared<TokenQueue>(QueueSpec{RateLimit{.rate = 80'000, .burst = 16'000}}, nullptr, clock_);
  TokenQueue greedy({}, whole, clock_);
  TokenQueue guaranteed({.limit = {}, .guarantee = RateLimit{.rate = 24'000, .burst = 8'000}}, whole, clock_);
  admitted(greedy, 5);
  admitted(guaranteed, 5);
  const QueueCounters greedy_before = greedy.counters();
  const QueueCounters guaranteed_before = guaranteed.counters();
  for (int i = 0; i < 1000; ++i) {  // in 10 s come 100 frames, of which 30 are guaranteed
    clock_.advance(10ms);
    admitted(greedy, 1);
    admitted(guaranteed, 1);
  }
  const uint64_t of_greedy = greedy.counters().tx_packets - greedy_before.tx_packets;
  const uint64_t of_guaranteed = guaranteed.counters().tx_packets - guaranteed_before.tx_packets;
  EXPECT_GE(of_guaranteed, 29U);
  EXPECT_NEAR(static_cast<double>(of_greedy + of_guaranteed), 100, 2);
  EXPECT_EQ(whole->counters().tx_packets, greedy.counters().tx_packets + guaranteed.counters().tx_packets);
}

// What is guaranteed to all together may be more than there is: the debt ends soon after they do.
TEST_F(TokenQueueTest, DebtOfGuaranteesHasAnEnd) {
  const auto whole = std::make_shared<TokenQueue>(QueueSpec{RateLimit{.rate = 8'000, .burst = 8'000}}, nullptr, clock_);
  TokenQueue guaranteed({.limit = {}, .guarantee = RateLimit{.rate = 800'000, .burst = 800'000}}, whole, clock_);
  TokenQueue other({}, whole, clock_);
  EXPECT_EQ(admitted(guaranteed, 100), 100);
  clock_.advance(1900ms);
  EXPECT_EQ(admitted(other, 1), 0);
  clock_.advance(101ms);
  EXPECT_EQ(admitted(other, 1), 1);
}

TEST_F(TokenQueueTest, AGuaranteeIsNoMoreThanTheLimit) {
  TokenQueue queue(
      {.limit = RateLimit{.rate = 8'000, .burst = 8'000}, .guarantee = RateLimit{.rate = 80'000, .burst = 80'000}},
      std::make_shared<TokenQueue>(QueueSpec{}, nullptr, clock_), clock_);
  EXPECT_EQ(admitted(queue, 5), 1);
}

TEST_F(TokenQueueTest, AnotherLimitHoldsAtOnceAndCountersGoOn) {
  TokenQueue queue({RateLimit{.rate = 8'000, .burst = 8'000}}, nullptr, clock_);
  EXPECT_EQ(admitted(queue, 3), 1);
  queue.configure({RateLimit{.rate = 16'000, .burst = 16'000}});
  EXPECT_EQ(admitted(queue, 3), 2);
  queue.configure({});
  EXPECT_EQ(admitted(queue, 3), 3);
  EXPECT_EQ(queue.counters(), (QueueCounters{6, 6000, 3}));
}

// Every packet is counted once, whichever limit it met.
TEST_F(TokenQueueTest, CountsEachPacketOfManyThreadsWhileTheLimitChanges) {
  constexpr int each = 20'000;
  TokenQueue queue({RateLimit{.rate = 1, .burst = 8'000'000}}, nullptr, clock_);
  const auto send = [&queue] {
    const rcu::ThreadScope scope;
    PacketPool pool;
    const PacketPtr own = make_packet(pool, frame().payload_size(1000 - 14));
    for (int i = 0; i < each; ++i) {
      queue.admit(*own);
      rcu::quiescent();
    }
  };
  std::thread first(send);
  std::thread second(send);
  for (uint64_t i = 1; i <= 100; ++i) {
    queue.configure({RateLimit{.rate = 1, .burst = i * 8'000}});
    rcu::quiescent();
  }
  {
    const rcu::OfflineScope offline;
    first.join();
    second.join();
  }
  const QueueCounters counters = queue.counters();
  EXPECT_EQ(counters.tx_packets + counters.tx_errors, 2U * each);
  EXPECT_EQ(counters.tx_bytes, counters.tx_packets * 1000);
}

}  // namespace
}  // namespace weft::datapath
