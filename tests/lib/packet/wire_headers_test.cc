// Wire structs read what the standards draw, at any address, and never past the end.

#include <vector>

#include <gtest/gtest.h>

#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/mpls.h"
#include "lib/packet/sctp.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"
#include "lib/packet/vxlan.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

TEST(HeaderAt, GivesNothingThatIsCutOff) {
  const std::vector<uint8_t> bytes(20);
  EXPECT_NE(header_at<Ipv4Header>(bytes, 0), nullptr);
  EXPECT_EQ(header_at<Ipv4Header>(bytes, 1), nullptr);
  EXPECT_NE(header_at<UdpHeader>(bytes, 12), nullptr);
  EXPECT_EQ(header_at<UdpHeader>(bytes, 13), nullptr);
  EXPECT_EQ(header_at<UdpHeader>(bytes, 21), nullptr);
  EXPECT_EQ(header_at<UdpHeader>(bytes, ~size_t{0}), nullptr);
}

TEST(HeaderAt, WritesThroughAMutableSpan) {
  std::vector<uint8_t> bytes(8);
  header_at<UdpHeader>(std::span(bytes))->dst_port = Be16{4789};
  EXPECT_EQ(load_be16(&bytes[2]), 4789);
}

TEST(VlanTag, TakesItsFieldsApart) {
  const VlanTag tag{Be16{0x8100}, Be16{make_vlan_tci(10, 5, true)}};
  EXPECT_EQ(tag.tci, Be16{0xb00a});
  EXPECT_EQ(tag.vid(), 10);
  EXPECT_EQ(tag.pcp(), 5);
  EXPECT_TRUE(tag.dei());
}

TEST(MplsEntry, TakesItsFieldsApart) {
  const auto entry = MplsEntry::make(0xabcde, 5, true, 64);
  EXPECT_EQ(entry.word, Be32{0xabcdeb40});
  EXPECT_EQ(entry.label(), 0xabcdeu);
  EXPECT_EQ(entry.tc(), 5);
  EXPECT_TRUE(entry.is_bottom());
  EXPECT_EQ(entry.ttl(), 64);
}

TEST(Ipv4Header, LengthsAreBytes) {
  Ipv4Header header;
  EXPECT_EQ(header.header_bytes(), 20u);
  header.version_ihl = 0x4f;
  EXPECT_EQ(header.header_bytes(), 60u);
  header.flags_fragment = Be16{0x2003};
  EXPECT_EQ(header.fragment_offset(), 24u);
  EXPECT_TRUE(header.more_fragments());
  EXPECT_TRUE(header.is_later_fragment());
  header.flags_fragment = Be16{ipv4_dont_fragment};
  EXPECT_FALSE(header.is_fragment());
  EXPECT_TRUE(header.dont_fragment());
}

TEST(Ipv6Header, TrafficClassAndLabelShareAWord) {
  Ipv6Header header;
  header.set_traffic_class(0xb8);
  header.set_flow_label(0x12345);
  EXPECT_EQ(header.version_class_flow, Be32{0x6b812345});
  EXPECT_EQ(header.version(), 6);
  header.set_traffic_class(0);
  EXPECT_EQ(header.flow_label(), 0x12345u);
  EXPECT_EQ(header.traffic_class(), 0);
}

TEST(Ipv6ExtensionHeader, LengthsAreBytes) {
  const Ipv6ExtensionHeader header{ip_protocol::tcp, 2};
  EXPECT_EQ(header.header_bytes(), 24u);
  EXPECT_EQ(header.ah_header_bytes(), 16u);
  const Ipv6FragmentHeader fragment{ip_protocol::udp, 0, Be16{0x00b9}, Be32{1}};
  EXPECT_EQ(fragment.fragment_offset(), 184u);
  EXPECT_TRUE(fragment.more_fragments());
  EXPECT_TRUE(is_ipv6_extension(ip_protocol::hop_by_hop));
  EXPECT_FALSE(is_ipv6_extension(ip_protocol::esp));
}

TEST(TcpHeader, DataOffsetIsBytes) {
  TcpHeader header;
  header.offset_flags = TcpHeader::make_offset_flags(32, tcp_flag::syn | tcp_flag::ae);
  EXPECT_EQ(header.offset_flags, Be16{0x8102});
  EXPECT_EQ(header.header_bytes(), 32u);
  EXPECT_EQ(header.flags(), 0x102);
}

TEST(VxlanHeader, VniIsTheMiddleOfItsWord) {
  const Bytes bytes = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 4789).vxlan(0xabcdef, frame());
  const auto* header = header_at<VxlanHeader>(std::span<const uint8_t>(bytes), 42);
  ASSERT_NE(header, nullptr);
  EXPECT_EQ(load_be64(&bytes[42]), 0x08000000abcdef00u);
  EXPECT_EQ(header->vni(), 0xabcdefu);
}

TEST(ArpHeader, KnowsTheOneShapeItCanRead) {
  Bytes bytes = frame().arp_request("10.0.0.1", "10.0.0.2");
  auto* header = header_at<ArpHeader>(std::span(bytes), 14);
  EXPECT_TRUE(header->is_ethernet_ipv4());
  EXPECT_EQ(header->tpa, Ipv4Address::from_host(0x0a000002));
  header->hardware_size = 8;
  EXPECT_FALSE(header->is_ethernet_ipv4());
}

TEST(Ethernet, ReservedMulticastIsSixteenAddresses) {
  EXPECT_TRUE(is_reserved_multicast(*MacAddress::parse("01:80:c2:00:00:0f")));
  EXPECT_FALSE(is_reserved_multicast(*MacAddress::parse("01:80:c2:00:00:10")));
  EXPECT_TRUE(eth_type::is_vlan(0x88a8));
  EXPECT_TRUE(eth_type::is_mpls(0x8848));
}

TEST(NdOption, LengthIsBytes) { EXPECT_EQ((NdOption{1, 2}.option_bytes()), 16u); }

}  // namespace
}  // namespace weft
