// A tag that the kernel took out of a frame, told beside it, is put back where it was.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cstring>

#include "datapath/port/af_packet_queue.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

StrippedTag tag_in(const tpacket_auxdata& data, size_t control_size = CMSG_LEN(sizeof(tpacket_auxdata))) {
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(sizeof data)] = {};
  auto* header = reinterpret_cast<cmsghdr*>(control);
  header->cmsg_level = SOL_PACKET;
  header->cmsg_type = PACKET_AUXDATA;
  header->cmsg_len = control_size;
  std::memcpy(CMSG_DATA(header), &data, sizeof data);
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  return read_stripped_tag(message);
}

TEST(StrippedTag, TagPriorityAndTpidComeBack) {
  tpacket_auxdata data{};
  data.tp_status = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
  data.tp_vlan_tci = 0x6064;
  data.tp_vlan_tpid = 0x88a8;
  const StrippedTag tag = tag_in(data);
  ASSERT_TRUE(tag.is_present);

  PacketPool pool;
  const Frame bare = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  PacketPtr packet = make_packet(pool, bare);
  ASSERT_EQ(put_tag_back(tag, *packet), keep);
  EXPECT_EQ(Frame(packet->bytes()),
            frame().vlan_tci(0x6064, 0x88a8).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi"));
}

TEST(StrippedTag, WithoutATpidItIsAnOrdinaryTag) {
  tpacket_auxdata data{};
  data.tp_status = TP_STATUS_VLAN_VALID;
  data.tp_vlan_tci = 5;
  EXPECT_EQ(tag_in(data).tpid, 0x8100);
}

TEST(StrippedTag, PriorityTagZeroIsATag) {
  tpacket_auxdata data{};
  data.tp_status = TP_STATUS_VLAN_VALID;
  EXPECT_TRUE(tag_in(data).is_present);
  data.tp_status = 0;
  EXPECT_FALSE(tag_in(data).is_present);
}

TEST(StrippedTag, AControlMessageCutShortIsNotRead) {
  tpacket_auxdata data{};
  data.tp_status = TP_STATUS_VLAN_VALID;
  EXPECT_FALSE(tag_in(data, CMSG_LEN(sizeof data) - 1).is_present);
}

TEST(StrippedTag, TheUnfinishedChecksumMovesWithTheFrame) {
  PacketPool pool;
  PacketPtr packet =
      make_packet(pool, frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(4000).partial_checksum().gso(1000));
  ASSERT_EQ(put_tag_back({0x8100, 10, true}, *packet), keep);
  EXPECT_EQ(packet->offload, frame()
                                 .vlan(10)
                                 .ipv4("10.0.0.1", "10.0.0.2")
                                 .tcp(1, 2)
                                 .payload_size(4000)
                                 .partial_checksum()
                                 .gso(1000)
                                 .offload());
}

}  // namespace
}  // namespace weft::datapath
