#include "lib/packet/packet_pool.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/frame.h"

namespace weft {
namespace {

TEST(PacketPool, SizesFitWhatIsAskedFor) {
  PacketPool pool;
  EXPECT_FALSE(pool.allocate(PacketPool::small_room)->is_large());
  const PacketPtr large = pool.allocate(PacketPool::small_room + 1);
  EXPECT_TRUE(large->is_large());
  EXPECT_GE(large->tailroom(), max_frame_size);
  EXPECT_EQ(pool.allocate(max_frame_size + 1), nullptr);
}

TEST(PacketPool, IsBoundedPerSize) {
  PacketPool pool({.small_count = 100, .large_count = 3});
  std::vector<PacketPtr> packets;
  while (PacketPtr packet = pool.allocate(64)) {
    packets.push_back(std::move(packet));
  }
  EXPECT_EQ(packets.size(), 100u);
  EXPECT_EQ(pool.small_in_use(), 100u);
  while (PacketPtr packet = pool.allocate(60'000)) {
    packets.push_back(std::move(packet));
  }
  EXPECT_EQ(packets.size(), 103u);
  EXPECT_EQ(packets.front()->clone(), nullptr);
  packets.clear();
  EXPECT_EQ(pool.small_in_use() + pool.large_in_use(), 0u);
  EXPECT_NE(pool.allocate(64), nullptr);
}

TEST(PacketPool, TakesNoMemoryUntilAsked) {
  PacketPool pool;
  EXPECT_EQ(pool.memory_bytes(), 0u);
  pool.allocate(1);
  EXPECT_GT(pool.memory_bytes(), 0u);
  const size_t before = pool.memory_bytes();
  for (int i = 0; i < 1000; ++i) {
    pool.allocate(1);
  }
  EXPECT_EQ(pool.memory_bytes(), before);
}

// What one packet knew must not be known of the next one in the same buffer.
TEST(PacketPool, AReusedPacketKnowsNothing) {
  PacketPool pool;
  const Packet* address = nullptr;
  {
    const PacketPtr used = make_packet(pool, frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).gso(100));
    used->in_port = PortId{1};
    used->flow_hash = 1;
    used->mark = 1;
    used->recirculation_id = 1;
    used->l2_5_offset = used->l3_offset = used->l4_offset = 14;
    used->tunnel.begin();
    used->push(10);
    address = used.get();
  }
  const PacketPtr fresh = pool.allocate(1);
  ASSERT_EQ(fresh.get(), address);  // the warm buffer is used first
  EXPECT_EQ(fresh->size(), 0u);
  EXPECT_EQ(fresh->headroom(), packet_headroom);
  EXPECT_EQ(fresh->offload, Offload{});
  EXPECT_EQ(fresh->in_port, port_id::none);
  EXPECT_EQ(fresh->flow_hash, 0u);
  EXPECT_EQ(fresh->mark, 0u);
  EXPECT_EQ(fresh->recirculation_id, 0u);
  EXPECT_EQ(fresh->l2_5_offset, Packet::unknown_offset);
  EXPECT_EQ(fresh->l3_offset, Packet::unknown_offset);
  EXPECT_EQ(fresh->l4_offset, Packet::unknown_offset);
  EXPECT_FALSE(fresh->tunnel.present);
}

TEST(PacketPool, ClonesFromAnotherPool) {
  PacketPool ours;
  PacketPool theirs;
  const PacketPtr original = make_packet(theirs, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));
  const PacketPtr copy = ours.clone(*original);
  EXPECT_EQ(ours.small_in_use(), 1u);
  EXPECT_EQ(theirs.small_in_use(), 1u);
  EXPECT_EQ(Frame(copy->bytes()), Frame(original->bytes()));
}

TEST(PacketPool, LargestFrameFits) {
  PacketPool pool;
  const Bytes largest(max_frame_size, 7);
  const PacketPtr packet = pool.copy_of(largest);
  ASSERT_NE(packet, nullptr);
  EXPECT_EQ(packet->size(), max_frame_size);
  EXPECT_NE(packet->push(packet_headroom), nullptr);
}

TEST(PacketPool, BuffersOfASlabDoNotOverlap) {
  PacketPool pool;
  std::vector<PacketPtr> packets;
  for (uint8_t i = 0; i < 130; ++i) {
    packets.push_back(pool.copy_of(Bytes(PacketPool::small_room, i)));
    packets.back()->push(packet_headroom);
    std::fill(packets.back()->bytes().begin(), packets.back()->bytes().end(), i);
  }
  for (uint8_t i = 0; i < 130; ++i) {
    EXPECT_EQ(packets[i]->bytes().front(), i);
    EXPECT_EQ(packets[i]->bytes().back(), i);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(packets[i].get()) % cache_line_bytes, 0u);
  }
}

}  // namespace
}  // namespace weft
