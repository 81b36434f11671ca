#include "lib/packet/packet.h"

#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/packet_pool.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

using ::testing::ElementsAre;

class PacketTest : public ::testing::Test {
 protected:
  PacketPool pool_;
};

TEST_F(PacketTest, BeginsEmptyWithFullHeadroom) {
  const PacketPtr packet = pool_.allocate(100);
  EXPECT_EQ(packet->size(), 0u);
  EXPECT_EQ(packet->headroom(), packet_headroom);
  EXPECT_GE(packet->tailroom(), PacketPool::small_room);
  EXPECT_EQ(packet->in_port, port_id::none);
  EXPECT_EQ(packet->l4_offset, Packet::unknown_offset);
  EXPECT_FALSE(packet->tunnel.present);
}

TEST_F(PacketTest, PushAndPullMoveTheFront) {
  const PacketPtr packet = pool_.copy_of(Bytes{5, 6, 7});
  uint8_t* const front = packet->push(2);
  ASSERT_EQ(front, packet->data());
  front[0] = 3;
  front[1] = 4;
  EXPECT_THAT(packet->bytes(), ElementsAre(3, 4, 5, 6, 7));
  packet->pull(3);
  EXPECT_THAT(packet->bytes(), ElementsAre(6, 7));
  EXPECT_EQ(packet->headroom(), packet_headroom + 1);
}

TEST_F(PacketTest, PushBeyondTheHeadroomChangesNothing) {
  const PacketPtr packet = pool_.copy_of(Bytes{1});
  EXPECT_EQ(packet->push(packet_headroom + 1), nullptr);
  EXPECT_EQ(packet->size(), 1u);
  EXPECT_NE(packet->push(packet_headroom), nullptr);
  EXPECT_EQ(packet->push(1), nullptr);
}

TEST_F(PacketTest, LayersAndPromisesMoveWithTheFront) {
  const PacketPtr packet = make_packet(pool_, frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).partial_checksum());
  packet->l3_offset = 14;
  packet->l4_offset = 34;
  packet->push(4);
  EXPECT_EQ(packet->l2_5_offset, Packet::unknown_offset);
  EXPECT_EQ(packet->l3_offset, 18);
  EXPECT_EQ(packet->l4_offset, 38);
  EXPECT_EQ(packet->offload.csum_start, 38);
  packet->pull(19);
  EXPECT_EQ(packet->l3_offset, Packet::unknown_offset);
  EXPECT_EQ(packet->l4_offset, 19);
  EXPECT_EQ(packet->offload.csum_start, 19);
}

TEST_F(PacketTest, EndMovesByAppendTrimAndSetSize) {
  const PacketPtr packet = pool_.copy_of(Bytes{1, 2});
  uint8_t* const end = packet->append(1);
  ASSERT_NE(end, nullptr);
  *end = 3;
  EXPECT_THAT(packet->bytes(), ElementsAre(1, 2, 3));
  packet->trim(5);
  EXPECT_EQ(packet->size(), 3u);
  packet->trim(1);
  EXPECT_THAT(packet->bytes(), ElementsAre(1));
  EXPECT_EQ(packet->append(packet->tailroom() + 1), nullptr);
  packet->set_size(packet->size() + packet->tailroom());
  EXPECT_EQ(packet->tailroom(), 0u);
}

TEST_F(PacketTest, CloneIsEqualAndSeparate) {
  const PacketPtr packet = make_packet(pool_, frame().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).gso(100));
  packet->in_port = PortId{7};
  packet->flow_hash = 99;
  packet->mark = 3;
  packet->recirculation_id = 4;
  packet->l2_5_offset = 1;
  packet->l3_offset = 18;
  packet->l4_offset = 38;
  packet->tunnel.begin();
  packet->tunnel.id = 5001;
  const PacketPtr copy = packet->clone();
  EXPECT_EQ(Frame(copy->bytes()), Frame(packet->bytes()));
  EXPECT_EQ(copy->offload, packet->offload);
  EXPECT_EQ(copy->in_port, PortId{7});
  EXPECT_EQ(copy->flow_hash, 99u);
  EXPECT_EQ(copy->mark, 3u);
  EXPECT_EQ(copy->recirculation_id, 4u);
  EXPECT_EQ(copy->l2_5_offset, 1);
  EXPECT_EQ(copy->l3_offset, 18);
  EXPECT_EQ(copy->l4_offset, 38);
  EXPECT_EQ(copy->tunnel.id, 5001u);
  copy->data()[0] = 0xee;
  EXPECT_NE(packet->data()[0], 0xee);
}

TEST_F(PacketTest, HeadroomHoldsTheLargestTunnelHeader) {
  const PacketPtr packet = pool_.allocate(1);
  const size_t ethernet_two_tags_ipv6_udp_geneve_options = 14 + 8 + 40 + 8 + 8 + 252;
  const size_t vnet_header = 12;
  EXPECT_GE(packet->headroom(), ethernet_two_tags_ipv6_udp_geneve_options + vnet_header);
}

}  // namespace
}  // namespace weft
