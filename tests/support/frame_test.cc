// The frame builder against bytes written out by hand: every other test trusts it.

#include "tests/support/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

Bytes after(const Frame& frame, size_t offset) {
  const Bytes bytes = frame.bytes();
  return Bytes(bytes.begin() + static_cast<ptrdiff_t>(std::min(offset, bytes.size())), bytes.end());
}

TEST(Frame, BeginsAsAnEthernetHeader) {
  EXPECT_THAT(frame().eth("02:aa:00:00:00:01", "02:bb:00:00:00:02").eth_type(0x1234).bytes(),
              ElementsAre(2, 0xbb, 0, 0, 0, 2, 2, 0xaa, 0, 0, 0, 1, 0x12, 0x34));
}

TEST(Frame, TagsStackInTheOrderSaid) {
  EXPECT_THAT(after(frame().vlan(100, 5, 0x88a8).vlan(10).eth_type(0x0800), 12),
              ElementsAre(0x88, 0xa8, 0xa0, 100, 0x81, 0, 0, 10, 8, 0));
}

TEST(Frame, LastLabelIsTheBottomOfTheStack) {
  EXPECT_THAT(after(frame().mpls(16, 3, 64).mpls(0xfffff), 12),
              ElementsAre(0x88, 0x47, 0, 1, 0x06, 64, 0xff, 0xff, 0xf1, 64));
}

TEST(Frame, ArpRequestIsBroadcastFromItsSource) {
  const Frame question = frame().eth("02:aa:00:00:00:01", "02:00:00:00:00:02").arp_request("10.0.0.1", "10.0.0.2");
  EXPECT_EQ(question, frame()
                          .eth("02:aa:00:00:00:01", "ff:ff:ff:ff:ff:ff")
                          .arp(arp_op::request, "02:aa:00:00:00:01", "10.0.0.1", "00:00:00:00:00:00", "10.0.0.2"));
  EXPECT_THAT(after(question, 12), ElementsAre(8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0xaa, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0,
                                               0, 0, 0, 10, 0, 0, 2));
}

// Checksums added up by hand.
TEST(Frame, FillsInLengthsAndChecksumsOfUdpOverIpv4) {
  const Bytes expected = {0x08, 0x00, 0x45, 0, 0, 30, 0,    0,    0, 0,  64, 17, 0x66, 0xcd, 10,  0,
                          0,    1,    10,   0, 0, 2,  0x0f, 0xa0, 0, 53, 0,  10, 0x73, 0x99, 'h', 'i'};
  EXPECT_THAT(after(frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi"), 12), ElementsAreArray(expected));
}

TEST(Frame, EveryChangeLeavesTheOriginalAlone) {
  const Frame base = frame().ipv4("10.0.0.1", "10.0.0.2");
  const Frame changed = base.ttl(1).tos(0xb8).udp(1, 2);
  EXPECT_EQ(base.size(), 34u);
  EXPECT_EQ(base.bytes()[22], 64);
  EXPECT_EQ(changed.bytes()[22], 1);
  EXPECT_EQ(changed.bytes()[15], 0xb8);
}

TEST(Frame, OptionsLengthenTheirHeaders) {
  const Bytes bytes = frame().ipv4("10.0.0.1", "10.0.0.2").ip_options({1, 1, 1}).tcp(1, 2).tcp_options({2, 4, 5, 0xb4});
  EXPECT_EQ(bytes[14], 0x46);
  EXPECT_EQ(bytes.size(), 14u + 24 + 24);
  EXPECT_EQ(bytes[14 + 24 + 12] >> 4, 6);
}

TEST(Frame, ExtensionHeadersChain) {
  const Bytes bytes = after(
      frame().ipv6("fd00::1", "fd00::2").extension(ip_protocol::hop_by_hop, 16).fragment(0, true, 7).udp(1, 2), 14);
  EXPECT_EQ(bytes[6], ip_protocol::hop_by_hop);
  EXPECT_EQ(bytes[40], ip_protocol::fragment);
  EXPECT_EQ(bytes[41], 1);
  EXPECT_THAT(Bytes(bytes.begin() + 56, bytes.begin() + 64), ElementsAre(ip_protocol::udp, 0, 0, 1, 0, 0, 0, 7));
}

TEST(Frame, LaterFragmentCarriesPayloadOfItsProtocol) {
  const Bytes bytes = after(
      frame().ipv4("10.0.0.1", "10.0.0.2").fragment(1480, false, 9).protocol(ip_protocol::udp).payload("rest"), 14);
  EXPECT_EQ(bytes[9], ip_protocol::udp);
  EXPECT_THAT(Bytes(bytes.begin() + 4, bytes.begin() + 8), ElementsAre(0, 9, 0, 185));
}

TEST(Frame, WrongChecksumsAreWrongOnPurposeOnly) {
  const Frame base = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x");
  EXPECT_NE(base.bad_checksum(), base);
  EXPECT_NE(base.bad_ip_checksum(), base);
  EXPECT_NE(base.bad_checksum(), base.bad_ip_checksum());
  const Bytes zero = base.zero_checksum();
  EXPECT_EQ(zero[40], 0);
  EXPECT_EQ(zero[41], 0);
}

TEST(Frame, LengthsMayLie) {
  const Bytes bytes = frame().ipv4("10.0.0.1", "10.0.0.2").ip_length(1000).udp(1, 2).udp_length(3);
  EXPECT_EQ(load_be16(&bytes[16]), 1000);
  EXPECT_EQ(load_be16(&bytes[38]), 3);
}

TEST(Frame, IsCutAndPadded) {
  EXPECT_EQ(frame().vlan(1).padded().size(), 60u);
  EXPECT_EQ(frame().vlan(1).truncated(13).size(), 13u);
  EXPECT_EQ(frame().payload_size(100).padded(60).size(), 114u);
}

TEST(Frame, LlcFrameHasALengthInPlaceOfAType) {
  EXPECT_THAT(after(frame().llc_snap().eth_type(0x0800).payload("hi"), 12),
              ElementsAre(0, 10, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 'h', 'i'));
}

TEST(Frame, NeighbourSolicitationHasItsOption) {
  const Bytes bytes = after(frame().ipv6("fe80::1", "ff02::1:ff00:2").nd_ns("fe80::2", "02:00:00:00:00:01"), 14);
  EXPECT_EQ(bytes[7], 255);
  EXPECT_EQ(bytes.size(), 40u + 24 + 8);
  EXPECT_EQ(bytes[40], icmpv6_type::neighbor_solicitation);
  EXPECT_THAT(Bytes(bytes.end() - 8, bytes.end()), ElementsAre(1, 1, 2, 0, 0, 0, 0, 1));
}

TEST(Frame, PartialChecksumHoldsThePseudoHeaderSum) {
  const Frame large = frame().vlan(10).ipv6("fd00::1", "fd00::2").tcp(1, 2).payload_size(3000).gso(1000);
  const Offload offload = large.offload();
  EXPECT_EQ(offload.checksum, Offload::Checksum::partial);
  EXPECT_EQ(offload.csum_start, 18 + 40);
  EXPECT_EQ(offload.csum_offset, 16);
  EXPECT_EQ(offload.gso, Offload::Gso::tcp6);
  EXPECT_EQ(offload.hdr_len, 18 + 40 + 20);
  EXPECT_EQ(offload.gso_segments(large.size()), 3u);
}

TEST(Frame, PromisesOfAnInnerFrameAreThoseOfTheWhole) {
  const Frame inner = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(3000).gso(1000);
  const Frame outer = frame().ipv4("192.0.2.1", "192.0.2.2").udp(5000, 4789).zero_checksum().vxlan(7, inner);
  EXPECT_EQ(outer.offload().csum_start, 50 + 34);
  EXPECT_EQ(outer.offload().hdr_len, 50 + 54);
  EXPECT_EQ(outer.offload().outer_count, 1);
  EXPECT_EQ(outer.size(), 50 + inner.size());
}

TEST(Frame, BecomesAPacketWithItsMetadata) {
  PacketPool pool;
  const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).partial_checksum();
  const PacketPtr packet = make_packet(pool, tcp);
  EXPECT_EQ(Frame(packet->bytes()), tcp);
  EXPECT_EQ(packet->offload, tcp.offload());
}

}  // namespace
}  // namespace weft
