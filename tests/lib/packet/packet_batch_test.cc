#include "lib/packet/packet_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/packet_pool.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Batch : public ::testing::Test {
 protected:
  // Packets marked 0, 1, 2 ...
  PacketBatch batch_of(uint32_t count) {
    PacketBatch batch;
    for (uint32_t i = 0; i < count; ++i) {
      PacketPtr packet = pool_.allocate(64);
      packet->mark = i;
      batch.add(std::move(packet));
    }
    return batch;
  }

  static std::vector<uint32_t> marks(const PacketBatch& batch) {
    std::vector<uint32_t> marks;
    for (const Packet& packet : batch) {
      marks.push_back(packet.mark);
    }
    return marks;
  }

  PacketPool pool_;
};

TEST_F(Batch, OwnsItsPackets) {
  {
    const PacketBatch batch = batch_of(PacketBatch::capacity);
    EXPECT_TRUE(batch.is_full());
    EXPECT_EQ(batch[31].mark, 31u);
    EXPECT_EQ(pool_.small_in_use(), 32u);
  }
  EXPECT_EQ(pool_.small_in_use(), 0u);
}

TEST_F(Batch, DrainHandsOutEverything) {
  PacketBatch batch = batch_of(3);
  std::vector<uint32_t> seen;
  batch.drain([&](PacketPtr packet) { seen.push_back(packet->mark); });
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
  EXPECT_TRUE(batch.is_empty());
  EXPECT_EQ(pool_.small_in_use(), 0u);
}

TEST_F(Batch, MovesLeaveAnEmptyBatch) {
  PacketBatch first = batch_of(2);
  PacketBatch second = batch_of(5);
  second = std::move(first);
  EXPECT_THAT(marks(second), ElementsAre(0, 1));
  EXPECT_THAT(marks(first), IsEmpty());
  std::swap(first, second);
  EXPECT_THAT(marks(first), ElementsAre(0, 1));
}

TEST_F(Batch, ClearGivesEveryPacketBack) {
  PacketBatch batch = batch_of(4);
  batch.clear();
  EXPECT_TRUE(batch.is_empty());
  EXPECT_EQ(pool_.small_in_use(), 0u);
}

}  // namespace
}  // namespace weft
