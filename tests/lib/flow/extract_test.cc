// What the key of each kind of frame says, in words.
#include "lib/flow/extract.h"

#include <gtest/gtest.h>

#include "lib/flow/flow_hash.h"
#include "lib/flow/nd_options.h"
#include "lib/packet/ipv4.h"
#include "tests/lib/flow/extracted.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

const std::string ethernet = "dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02";
const std::string untagged = "in_port=1,vlan_tci=0x0000," + ethernet;

Frame v4() { return frame().ipv4("10.0.0.1", "10.0.0.2"); }
Frame v6() { return frame().ipv6("2001:db8::1", "2001:db8::2"); }

std::string text(const Frame& f) { return Extracted(f.bytes()).text(); }

TEST(Extract, Tcp) {
  const Extracted e(v4().tos(0xb9).ttl(63).tcp(4000, 80, 0x012).payload("GET").bytes());
  EXPECT_EQ(e.text(), "tcp," + untagged +
                          ",nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=184,nw_ecn=1,nw_ttl=63,nw_frag=no,tp_src=4000,"
                          "tp_dst=80,tcp_flags=syn|ack");
  EXPECT_EQ(e.verdict, keep);
  EXPECT_EQ(e.packet->l3_offset, 14);
  EXPECT_EQ(e.packet->l4_offset, 34);
  EXPECT_EQ(e.packet->l2_5_offset, Packet::unknown_offset);
}

TEST(Extract, UdpOverIpv6) {
  EXPECT_EQ(
      text(v6().flow_label(0x12345).ttl(9).udp(546, 547)),
      "udp6," + untagged +
          ",ipv6_src=2001:db8::1,ipv6_dst=2001:db8::2,ipv6_label=0x12345,ipv6_exthdr=0,nw_tos=0,nw_ecn=0,nw_ttl=9,"
          "nw_frag=no,tp_src=546,tp_dst=547");
}

TEST(Extract, Sctp) {
  const Extracted e(v4().sctp(5, 6).bytes());
  EXPECT_EQ(e.value(FieldId::sctp_src), 5U);
  EXPECT_EQ(e.value(FieldId::sctp_dst), 6U);
  EXPECT_TRUE(match_of(Flow(e.key)).meets_prerequisite(Prerequisite::sctp));
}

TEST(Extract, Icmp) {
  const Extracted e(v4().icmp(8, 3).bytes());
  EXPECT_EQ(e.value(FieldId::icmp_type), 8U);
  EXPECT_EQ(e.value(FieldId::icmp_code), 3U);
  EXPECT_EQ(e.value(FieldId::tcp_src), 0U);
  EXPECT_EQ(e.present() & present::ports, 0);
}

TEST(Extract, Arp) {
  EXPECT_EQ(text(frame().arp(2, "02:00:00:00:00:09", "10.0.0.9", "02:00:00:00:00:08", "10.0.0.8")),
            "arp," + untagged +
                ",arp_spa=10.0.0.9,arp_tpa=10.0.0.8,arp_op=2,arp_sha=02:00:00:00:00:09,arp_tha=02:00:00:00:00:08");
}

TEST(Extract, Rarp) {
  EXPECT_EQ(text(frame().rarp(3, "02:00:00:00:00:09", "0.0.0.0", "02:00:00:00:00:09", "0.0.0.0")),
            "rarp," + untagged +
                ",arp_spa=0.0.0.0,arp_tpa=0.0.0.0,arp_op=3,arp_sha=02:00:00:00:00:09,arp_tha=02:00:00:00:00:09");
}

TEST(Extract, ArpForAnythingElseHasNoFields) {
  EXPECT_EQ(text(frame().eth_type(0x0806).raw(Bytes(28, 6))), "arp," + untagged);
}

TEST(Extract, NeighborSolicitation) {
  const Extracted e(v6().nd_ns("fe80::2", "02:00:00:00:00:07").bytes());
  EXPECT_EQ(e.value(FieldId::icmpv6_type), 135U);
  EXPECT_EQ(e.value(FieldId::nd_target), 2U);
  EXPECT_EQ(e.value(FieldId::nd_sll), 0x020000000007U);
  EXPECT_EQ(e.value(FieldId::nd_options_type), 1U);
  EXPECT_EQ(e.present() & (present::nd | present::nd_sll | present::nd_tll), present::nd | present::nd_sll);
}

TEST(Extract, NeighborAdvertisement) {
  const Extracted e(v6().nd_na("fe80::2", "02:00:00:00:00:07", 0xe0000000).bytes());
  EXPECT_EQ(e.value(FieldId::nd_tll), 0x020000000007U);
  EXPECT_EQ(e.value(FieldId::nd_reserved), 0xe0000000U);
  EXPECT_EQ(e.present() & (present::nd | present::nd_sll | present::nd_tll), present::nd | present::nd_tll);
}

// No field names them, and no rule can; who answers a solicitation must know.
TEST(Extract, OtherOptionsOfANeighborMessageAreNoted) {
  const auto others = [](const Frame& frame) {
    return Flow(Extracted(frame.bytes()).key).word(KeyWord::nd_tll) & nd_other_options_in_word;
  };
  const Frame plain = v6().nd_ns("fe80::2", "02:00:00:00:00:07");
  EXPECT_EQ(others(plain), 0U);
  EXPECT_EQ(others(plain.padded(120)), 0U);
  EXPECT_EQ(others(plain.raw({14, 1, 1, 2, 3, 4, 5, 6})), nd_other_options_in_word);
  EXPECT_EQ(others(plain.raw({0})), nd_other_options_in_word);
}

// RFC 4861 section 4.6: such a message is to be discarded, so no rule may believe its target.
TEST(Extract, ANeighborMessageWithBadOptionsIsOnlyIcmp) {
  const Extracted e(v6().icmpv6(135).raw(Bytes(16, 3)).raw({1, 0, 2, 0, 0, 0, 0, 1}).bytes());
  EXPECT_EQ(e.value(FieldId::icmpv6_type), 135U);
  EXPECT_EQ(e.present() & (present::icmp | present::nd | present::nd_sll), present::icmp);
  EXPECT_EQ(get(e.key, FieldId::nd_target), FieldValue{});
}

TEST(Extract, OneTag) {
  const Extracted e(frame().vlan(10, 3).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes());
  EXPECT_EQ(e.value(FieldId::vlan_tci), 0x700aU);
  EXPECT_EQ(e.value(FieldId::vlan_vid), 0x100aU);
  EXPECT_EQ(e.value(FieldId::vlan_pcp), 3U);
  EXPECT_EQ(e.value(FieldId::eth_type), 0x0800U);
  EXPECT_EQ(e.packet->l3_offset, 18);
}

TEST(Extract, TwoTagsWithTheirTpids) {
  const Extracted e(frame().vlan(100, 7, 0x88a8).vlan(20).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes());
  EXPECT_EQ(swap_network_order(e.key.word(KeyWord::vlan)), 0x88a8f06481001014U);
  EXPECT_EQ(e.value(FieldId::eth_type), 0x0800U);
  EXPECT_EQ(e.packet->l3_offset, 22);
}

TEST(Extract, AThirdTagIsPayload) {
  const Extracted e(frame().vlan(1).vlan(2).vlan(3).ipv4("10.0.0.1", "10.0.0.2").bytes());
  EXPECT_EQ(e.value(FieldId::eth_type), 0x8100U);
  EXPECT_EQ(e.present(), 0);
}

TEST(Extract, MplsUpToThreeLabels) {
  const Extracted e(frame().mpls(100, 3, 5).mpls(200).mpls(300).mpls(400).ipv4("10.0.0.1", "10.0.0.2").bytes());
  EXPECT_EQ(e.value(FieldId::mpls_label), 100U);
  EXPECT_EQ(e.value(FieldId::mpls_tc), 3U);
  EXPECT_EQ(e.value(FieldId::mpls_ttl), 5U);
  EXPECT_EQ(e.value(FieldId::mpls_bos), 0U);
  EXPECT_EQ(swap_network_order(e.key.word(KeyWord::mpls01)) >> 12 & 0xfffff, 200U);
  EXPECT_EQ(swap_network_order(e.key.word(KeyWord::mpls2_pbb)) >> 44, 300U);
  EXPECT_EQ(e.present(), present::mpls);
  EXPECT_EQ(e.packet->l2_5_offset, 14);
  EXPECT_EQ(e.packet->l3_offset, Packet::unknown_offset);
}

TEST(Extract, Pbb) {
  const Extracted e(frame().eth_type(0x88e7).raw({0x68, 1, 2, 3}).raw(Bytes(14, 0)).bytes());
  EXPECT_EQ(e.value(FieldId::pbb_isid), 0x010203U);
  EXPECT_EQ(e.value(FieldId::pbb_uca), 1U);
}

TEST(Extract, LengthInsteadOfType) {
  EXPECT_EQ(text(frame().length_type().raw({0x42, 0x42, 3})), untagged + ",dl_type=0x05ff");
  const Extracted snap(frame().length_type().llc_snap().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes());
  EXPECT_EQ(snap.value(FieldId::eth_type), 0x0800U);
  EXPECT_EQ(snap.value(FieldId::udp_dst), 2U);
}

TEST(Extract, LaterFragmentsHaveNoPorts) {
  const Extracted first(v4().fragment(0, true).udp(4000, 53).payload_size(24).bytes());
  EXPECT_EQ(first.value(FieldId::ip_frag), 1U);
  EXPECT_EQ(first.value(FieldId::udp_dst), 53U);
  const Extracted later(v4().fragment(32, false).protocol(17).payload_size(24).bytes());
  EXPECT_EQ(later.value(FieldId::ip_frag), 3U);
  EXPECT_EQ(later.value(FieldId::ip_proto), 17U);
  EXPECT_EQ(later.present(), present::ip | present::ip_protocol);
  EXPECT_EQ(later.packet->l4_offset, Packet::unknown_offset);
}

// What follows a later IPv6 fragment header is not a header, whatever it names.
TEST(Extract, LaterIpv6FragmentsHaveProtocol44) {
  const Extracted later(v6().fragment(64, false).protocol(17).payload_size(24).bytes());
  EXPECT_EQ(later.value(FieldId::ip_frag), 3U);
  EXPECT_EQ(later.value(FieldId::ip_proto), 44U);
  EXPECT_EQ(later.present() & present::ports, 0);
}

TEST(Extract, AnAtomicFragmentIsNone) {
  const Extracted e(v6().fragment(0, false).udp(1, 2).bytes());
  EXPECT_EQ(e.value(FieldId::ip_frag), 0U);
  EXPECT_EQ(e.value(FieldId::udp_dst), 2U);
}

TEST(Extract, Ipv6ExtensionHeaders) {
  const Frame in_order = v6().extension(ip_protocol::hop_by_hop).extension(ip_protocol::routing);
  EXPECT_EQ(Extracted(in_order.tcp(1, 2).bytes()).value(FieldId::ipv6_exthdr), 0x060U);
  const Frame again = in_order.extension(ip_protocol::hop_by_hop);
  EXPECT_EQ(Extracted(again.tcp(1, 2).bytes()).value(FieldId::ipv6_exthdr), 0x1e0U);
  const Frame twice_dest = v6().extension(ip_protocol::destination_options)
                               .extension(ip_protocol::routing)
                               .extension(ip_protocol::destination_options);
  EXPECT_EQ(Extracted(twice_dest.tcp(1, 2).bytes()).value(FieldId::ipv6_exthdr), 0x028U);
  EXPECT_EQ(Extracted(v6().protocol(59).bytes()).value(FieldId::ipv6_exthdr), 0x001U);
  EXPECT_EQ(Extracted(v6().protocol(50).raw(Bytes(16, 1)).bytes()).value(FieldId::ipv6_exthdr), 0x002U);
  const Extracted ah(v6().extension(ip_protocol::ah, 12).udp(1, 2).bytes());
  EXPECT_EQ(ah.value(FieldId::ipv6_exthdr), 0x004U);
  EXPECT_EQ(ah.value(FieldId::udp_dst), 2U);
}

// Addresses are still known, so that a rule on them holds; the protocol is not.
TEST(Extract, ACutOffExtensionHeaderHidesTheProtocol) {
  const Extracted e(v6().extension(ip_protocol::hop_by_hop).ip_length(4).udp(1, 2).bytes());
  EXPECT_EQ(get(e.key, FieldId::ipv6_dst).lo, 2U);
  EXPECT_EQ(e.present(), present::ip);
  EXPECT_EQ(e.value(FieldId::ip_proto), 0U);
}

TEST(Extract, PaddingIsNotL4) {
  // A UDP header would lie in the padding.
  const Extracted e(v4().protocol(17).raw({0, 1, 0, 2}).padded(60).bytes());
  EXPECT_EQ(e.present(), present::ip | present::ip_protocol);
  EXPECT_EQ(e.packet->l4_offset, Packet::unknown_offset);
}

TEST(Extract, LyingIpv4HeadersAreNoneAtAll) {
  Bytes version = v4().udp(1, 2).bytes();
  version[14] = 0x65;
  Bytes header_length = v4().udp(1, 2).bytes();
  header_length[14] = 0x44;
  Bytes options_beyond = v4().udp(1, 2).bytes();
  options_beyond[14] = 0x4f;
  for (const Bytes& bytes : {version, header_length, options_beyond, v4().udp(1, 2).ip_length(60).bytes(),
                             v4().udp(1, 2).ip_length(19).bytes()}) {
    const Extracted e(bytes);
    EXPECT_EQ(e.text(), "ip," + untagged);
    EXPECT_EQ(e.packet->l3_offset, Packet::unknown_offset);
    EXPECT_EQ(e.verdict, keep);
  }
}

TEST(Extract, LyingL4HeadersHaveNoPorts) {
  Bytes tcp_offset = v4().tcp(1, 2).bytes();
  tcp_offset[34 + 12] = 0x40;
  Bytes tcp_beyond = v4().tcp(1, 2).bytes();
  tcp_beyond[34 + 12] = 0xf0;
  for (const Bytes& bytes : {tcp_offset, tcp_beyond, v4().udp(1, 2).udp_length(7).bytes()}) {
    const Extracted e(bytes);
    EXPECT_EQ(e.present(), present::ip | present::ip_protocol);
    EXPECT_EQ(e.packet->l4_offset, Packet::unknown_offset);
  }
}

TEST(Extract, AProtocolWithoutFieldsHasAnOffset) {
  EXPECT_EQ(Extracted(v4().protocol(47).raw({0, 0, 8, 0}).bytes()).packet->l4_offset, 34);
}

TEST(Extract, ReportsAFrameThatIsShorterThanEthernet) {
  for (size_t size = 0; size < 14; ++size) {
    const Extracted e(Bytes(size, 1));
    EXPECT_EQ(e.verdict, DropReason::truncated_frame);
    EXPECT_EQ(e.text().substr(0, 9), "in_port=1");
  }
  EXPECT_EQ(Extracted(Bytes(14, 1)).verdict, keep);
}

TEST(Extract, WhatComesWithThePacket) {
  PacketPtr packet = make_packet(Extracted::pool(), v4().udp(1, 2));
  packet->in_port = PortId{70000};
  packet->mark = 5;
  packet->recirculation_id = 6;
  packet->tunnel.begin();
  packet->tunnel.id = 5001;
  packet->tunnel.set_source(Ipv4Address::from_host(0xc0000201));
  packet->tunnel.set_destination(Ipv4Address::from_host(0xc0000202));
  packet->tunnel.tos = 8;
  packet->tunnel.ttl = 64;
  packet->tunnel.gbp_id = 9;
  packet->tunnel.flags = TunnelMetadata::flag_oam | TunnelMetadata::flag_key;
  FlowKey key;
  EXPECT_EQ(extract(*packet, key), keep);
  const std::string expected =
      "pkt_mark=0x5,recirc_id=0x6,udp,tun_id=0x1389,tun_src=192.0.2.1,tun_dst=192.0.2.2,tun_gbp_id=9,tun_tos=0x8,"
      "tun_ttl=64,tun_flags=+oam,in_port=4464,";
  EXPECT_EQ(format_flow(Flow(key)).substr(0, expected.size()), expected);
  // The datapath's number has 32 bits.
  EXPECT_EQ(swap_network_order(key.word(KeyWord::hash_port)), 70000U);

  packet->tunnel.options.set(5, 0);
  packet->tunnel.options.set(0, 0x12345678);
  packet->tunnel.options.set(63, 7);
  EXPECT_EQ(extract(*packet, key), keep);
  EXPECT_NE(format_flow(Flow(key)).find(
                "tun_flags=+oam,tun_metadata0=0x12345678,tun_metadata5=0,tun_metadata63=0x7,in_port="),
            std::string::npos)
      << format_flow(Flow(key));
  packet->tunnel.options.clear();

  packet->tunnel.set_source(*Ipv6Address::parse("2001:db8::1"));
  packet->tunnel.set_destination(*Ipv6Address::parse("2001:db8::2"));
  EXPECT_EQ(extract(*packet, key), keep);
  EXPECT_EQ(get(key, FieldId::tun_ipv6_dst).lo, 2U);
  EXPECT_EQ(get(key, FieldId::tun_src).lo, 0U);

  packet->tunnel.present = false;
  EXPECT_EQ(extract(*packet, key), keep);
  EXPECT_EQ(get(key, FieldId::tun_id).lo, 0U);
}

TEST(FlowEntropy, IsTheSameForAllFragmentsAndSpreadsPorts) {
  const auto entropy = [](const Frame& f) { return Extracted(f.bytes()).packet->flow_hash; };
  const Frame first = v4().fragment(0, true).udp(4000, 53).payload_size(24);
  const Frame later = v4().fragment(32, false).protocol(17).payload_size(24);
  EXPECT_EQ(entropy(first), entropy(later));
  EXPECT_NE(entropy(v4().udp(4000, 53)), entropy(v4().udp(4001, 53)));
  EXPECT_NE(entropy(v6().tcp(1, 2)), entropy(v6().tcp(1, 3)));
  EXPECT_NE(entropy(v6().tcp(1, 2)), entropy(v6().udp(1, 2)));
  EXPECT_EQ(entropy(v6().tcp(1, 2).payload("a")), entropy(v6().ttl(3).tcp(1, 2, 0x19)));
  EXPECT_NE(entropy(frame().eth("02:00:00:00:00:01", "02:00:00:00:00:03").eth_type(0x1234)),
            entropy(frame().eth_type(0x1234)));
}

}  // namespace
}  // namespace weft
