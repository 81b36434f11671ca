#include "ofproto/upcall/packet_in_queue.h"

#include <gtest/gtest.h>

namespace weft::ofproto {
namespace {

const std::vector<uint8_t> frame(60, 7);

TEST(PacketInQueue, IsBoundedAndPostsOncePerDrain) {
  std::vector<std::function<void()>> posted;
  size_t taken = 0;
  PacketInQueue queue(
      2, [&](std::function<void()> call) { posted.push_back(std::move(call)); }, [&](PuntedPacket) { ++taken; });

  EXPECT_TRUE(queue.push({}, frame));
  EXPECT_TRUE(queue.push({}, frame));
  EXPECT_FALSE(queue.push({}, frame));
  ASSERT_EQ(posted.size(), 1U);

  posted[0]();
  EXPECT_EQ(taken, 2U);
  EXPECT_TRUE(queue.push({}, frame));
  EXPECT_EQ(posted.size(), 2U);
}

TEST(PacketInQueue, CallThatOutlivesTheQueueDoesNothing) {
  std::vector<std::function<void()>> posted;
  {
    PacketInQueue queue(
        2, [&](std::function<void()> call) { posted.push_back(std::move(call)); }, [](PuntedPacket) { ADD_FAILURE(); });
    queue.push({}, frame);
  }
  posted[0]();
}

}  // namespace
}  // namespace weft::ofproto
