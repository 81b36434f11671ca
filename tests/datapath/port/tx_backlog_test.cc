#include "datapath/port/tx_backlog.h"

#include <gtest/gtest.h>

#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

class TxBacklogTest : public testing::Test {
 protected:
  bool push(size_t size) {
    PacketPtr packet = pool_.allocate(size);
    EXPECT_NE(packet, nullptr);
    packet->set_size(size);
    const bool is_taken = backlog_.try_push(packet);
    EXPECT_EQ(packet == nullptr, is_taken);
    return is_taken;
  }

  PacketPool pool_;
  TxBacklog backlog_;
};

TEST_F(TxBacklogTest, KeepsOrderAndIsBounded) {
  for (size_t size = 1; size <= TxBacklog::default_capacity; ++size) {
    ASSERT_TRUE(push(size));
  }
  EXPECT_FALSE(push(1));
  for (size_t size = 1; size <= TxBacklog::default_capacity; ++size) {
    EXPECT_EQ(backlog_.pop()->size(), size);
  }
  EXPECT_TRUE(backlog_.is_empty());
}

// Frames just too long for a small buffer, at two jammed ports, held every large buffer of a worker.
TEST_F(TxBacklogTest, AJammedPortHoldsAFewLargeBuffersOnly) {
  size_t held = 0;
  while (push(PacketPool::small_room + 1)) {
    ++held;
  }
  EXPECT_EQ(held, TxBacklog::max_large_count);
  EXPECT_LE(held * 4, PacketPool::Limits{}.large_count);
  EXPECT_TRUE(push(PacketPool::small_room)) << "small frames still wait";
  backlog_.pop();
  EXPECT_TRUE(push(PacketPool::large_room));
}

}  // namespace
}  // namespace weft::datapath
