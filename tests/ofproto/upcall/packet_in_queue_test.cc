#include "ofproto/upcall/packet_in_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace weft::ofproto {
namespace {

const std::vector<uint8_t> frame(60, 7);

PacketInContext from(BridgeId bridge, uint16_t port) {
  PacketInContext context;
  context.bridge = bridge;
  context.in_port = OfPort{port};
  return context;
}

struct PacketInQueueTest : testing::Test {
  void run_posted() {
    for (const auto& call : std::exchange(posted, {})) {
      call();
    }
  }

  std::vector<std::function<void()>> posted;
  std::vector<PuntedPacket> taken;
  std::function<void()> when_taken = [] {};
  std::unique_ptr<PacketInQueue> queue = std::make_unique<PacketInQueue>(
      8, [this](std::function<void()> call) { posted.push_back(std::move(call)); },
      [this](PuntedPacket packet) {
        taken.push_back(std::move(packet));
        when_taken();
      });
};

TEST_F(PacketInQueueTest, IsBoundedAndPostsOncePerDrain) {
  for (uint16_t port = 1; port <= 8; ++port) {
    EXPECT_TRUE(queue->push(from(1, port), frame));
  }
  EXPECT_FALSE(queue->push(from(1, 9), frame));
  ASSERT_EQ(posted.size(), 1u);
  run_posted();
  EXPECT_EQ(taken.size(), 8u);
  EXPECT_TRUE(queue->push(from(1, 1), frame));
  EXPECT_EQ(posted.size(), 1u);
}

// Half of the places, and half of what is left then.
TEST_F(PacketInQueueTest, APortThatFloodsLeavesRoomForOthers) {
  const auto flood = [&](const PacketInContext& source) {
    size_t count = 0;
    while (queue->push(source, frame)) {
      ++count;
    }
    return count;
  };
  EXPECT_EQ(flood(from(1, 1)), 4u);
  EXPECT_EQ(flood(from(2, 1)), 2u) << "the same number on another bridge is another port";
  EXPECT_TRUE(queue->push(from(1, 2), frame));
  run_posted();
  EXPECT_EQ(flood(from(1, 1)), 4u) << "what has been handed over no longer counts";
}

TEST_F(PacketInQueueTest, ASlowConsumerIsInterrupted) {
  when_taken = [] { std::this_thread::sleep_for(std::chrono::milliseconds(3)); };  // longer than a slice
  for (uint16_t port = 1; port <= 3; ++port) {
    queue->push(from(1, port), frame);
  }
  run_posted();
  EXPECT_EQ(taken.size(), 1u);
  EXPECT_EQ(posted.size(), 1u) << "behind what else is posted";
  queue->push(from(1, 4), frame);
  EXPECT_EQ(posted.size(), 1u);
  while (!posted.empty()) {
    run_posted();
  }
  ASSERT_EQ(taken.size(), 4u);
  EXPECT_EQ(taken[3].context.in_port, OfPort{4}) << "in order";
}

TEST_F(PacketInQueueTest, ACallThatOutlivesTheQueueDoesNothing) {
  queue->push(from(1, 1), frame);
  queue.reset();
  run_posted();
  EXPECT_TRUE(taken.empty());
}

}  // namespace
}  // namespace weft::ofproto
