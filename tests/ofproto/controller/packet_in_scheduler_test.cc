// How many packet-ins leave, and which wait. The clock is the test's.
#include "ofproto/controller/packet_in_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weft::ofproto {
namespace {

using testing::ElementsAre;

// The frame's one byte tells them apart.
PacketInEvent event(uint16_t in_port, uint8_t byte = 0) {
  PacketInEvent out;
  out.message.match.set(FieldId::in_port, in_port);
  out.message.data = {byte};
  return out;
}

struct SchedulerTest : testing::Test {
  bool offer(uint16_t in_port, uint8_t byte = 0) { return scheduler.offer(now, event(in_port, byte)); }
  // What may leave now, by its byte.
  std::vector<int> take_all() {
    std::vector<int> bytes;
    while (const auto* next = scheduler.take(now)) {
      bytes.push_back(next->message.data.at(0));
    }
    return bytes;
  }

  PacketInScheduler scheduler;
  TimePoint now{std::chrono::hours(1)};
};

TEST_F(SchedulerTest, WithoutARateEverythingLeaves) {
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(offer(1));
  }
  EXPECT_EQ(scheduler.counters().bypassed, 10'000u);
  EXPECT_FALSE(scheduler.next_due());
}

TEST_F(SchedulerTest, ABurstLeavesAndTheRestWaitsItsTurn) {
  scheduler.configure({.rate = 10, .burst = 2, .queue_size = 3});
  EXPECT_TRUE(offer(1, 0));
  EXPECT_TRUE(offer(1, 1));
  EXPECT_FALSE(offer(1, 2));
  EXPECT_FALSE(offer(1, 3));
  EXPECT_THAT(take_all(), ElementsAre());
  EXPECT_EQ(scheduler.next_due(), now + std::chrono::milliseconds(100));
  now += std::chrono::milliseconds(100);
  EXPECT_THAT(take_all(), ElementsAre(2));
  now += std::chrono::milliseconds(100);
  EXPECT_FALSE(offer(1, 4)) << "those that wait come first";
  EXPECT_THAT(take_all(), ElementsAre(3));
  EXPECT_EQ(scheduler.counters().backlog, 1u);
}

TEST_F(SchedulerTest, PortsTakeTurns) {
  scheduler.configure({.rate = 1, .burst = 1, .queue_size = 10});
  EXPECT_TRUE(offer(1, 0));
  for (const uint8_t byte : {10, 11, 12}) {
    offer(1, byte);
  }
  offer(2, 20);
  offer(3, 30);
  std::vector<int> order;
  while (scheduler.counters().backlog != 0) {
    now += std::chrono::seconds(1);
    const auto taken = take_all();
    order.insert(order.end(), taken.begin(), taken.end());
  }
  EXPECT_THAT(order, ElementsAre(10, 20, 30, 11, 12));
}

TEST_F(SchedulerTest, APortThatFloodsLosesItsOwn) {
  scheduler.configure({.rate = 1, .burst = 1, .queue_size = 4});
  offer(1, 0);
  for (uint8_t byte = 1; byte < 100; ++byte) {
    offer(1, byte);
  }
  EXPECT_EQ(scheduler.counters().dropped, 95u);
  offer(2, 200);
  EXPECT_EQ(scheduler.counters().dropped, 96u) << "one of port 1";
  EXPECT_EQ(scheduler.counters().backlog, 4u);
  now += std::chrono::seconds(1);
  take_all();
  now += std::chrono::seconds(1);
  EXPECT_THAT(take_all(), ElementsAre(200));
}

TEST_F(SchedulerTest, AShorterQueueDropsWhatItCannotHold) {
  scheduler.configure({.rate = 1, .burst = 1, .queue_size = 10});
  for (int i = 0; i < 11; ++i) {
    offer(1);
  }
  scheduler.configure({.rate = 1, .burst = 1, .queue_size = 2});
  EXPECT_EQ(scheduler.counters().backlog, 2u);
  EXPECT_EQ(scheduler.drop_all(), 2u);
  EXPECT_EQ(scheduler.counters().dropped, 10u);
  EXPECT_FALSE(scheduler.next_due());
}

TEST_F(SchedulerTest, WithoutARateWhatWaitedLeaves) {
  scheduler.configure({.rate = 1, .burst = 1, .queue_size = 10});
  offer(1, 0);
  offer(1, 1);
  offer(1, 2);
  scheduler.configure({});
  EXPECT_LE(*scheduler.next_due(), now);
  EXPECT_THAT(take_all(), ElementsAre(1, 2));
}

}  // namespace
}  // namespace weft::ofproto
