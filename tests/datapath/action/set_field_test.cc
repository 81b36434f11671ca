#include "datapath/action/set_field.h"

#include <gmock/gmock.h>

#include <functional>
#include <random>

#include "lib/packet/checksum.h"
#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;

constexpr uint32_t new_ip = 0xc0a80163;  // 192.168.1.99
constexpr auto new_ip_text = "192.168.1.99";
constexpr auto new_ip6 = "fd00:1234:5678::9abc";
constexpr uint64_t new_mac = 0x0a1b2c3d4e5f;

class SetFieldTest : public ActionTest {
 protected:
  // The builder writes out what the frame must be afterwards, with every checksum computed afresh.
  void expect_becomes(const Action& action, const Frame& before, const Frame& expected) {
    EXPECT_EQ(after(action, before), expected) << "from " << before;
    EXPECT_THAT(exits_.drops, ElementsAre());
    if (!exits_.sent.empty()) {
      EXPECT_EQ(offload_after().csum_start, packet(expected)->offload.csum_start);
    }
  }

  // The same with a finished checksum, an unfinished one, and as a frame to be cut.
  void expect_becomes_in_all_states(const Action& action, const Frame& before, const Frame& expected) {
    expect_becomes(action, before, expected);
    expect_becomes(action, before.partial_checksum(), expected.partial_checksum());
  }
};

Frame ipv4(Ipv4Arg src = "10.0.0.1", Ipv4Arg dst = "10.0.0.2") { return frame().ipv4(src, dst); }
Frame ipv6(Ipv6Arg src = "2001:db8::1", Ipv6Arg dst = "2001:db8::2") { return frame().ipv6(src, dst); }

// What follows an IP header.
using Ending = std::function<Frame(const Frame&)>;

TEST_F(SetFieldTest, EthernetAddresses) {
  const Frame before = frame().eth("02:00:00:00:00:01", "02:00:00:00:00:02").vlan(5).payload("x");
  expect_becomes(set(FieldId::eth_src, new_mac), before,
                 frame().eth("0a:1b:2c:3d:4e:5f", "02:00:00:00:00:02").vlan(5).payload("x"));
  expect_becomes(set(FieldId::eth_dst, new_mac), before,
                 frame().eth("02:00:00:00:00:01", "0a:1b:2c:3d:4e:5f").vlan(5).payload("x"));
}

TEST_F(SetFieldTest, OnlyMaskedBitsChange) {
  const Action action = SetField{FieldId::eth_src, {0, 0xffffffffffff}, {0, 0x0000ff0000f0}};
  expect_becomes(action, frame().eth("02:00:00:00:00:01", "02:00:00:00:00:02").payload("x"),
                 frame().eth("02:00:ff:00:00:f1", "02:00:00:00:00:02").payload("x"));
}

TEST_F(SetFieldTest, TheOutermostTag) {
  const Frame before = frame().vlan(10, 3, 0x88a8).vlan(20).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
  const auto tagged = [](uint16_t vid, uint8_t pcp) {
    return frame().vlan(vid, pcp, 0x88a8).vlan(20).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
  };
  expect_becomes(set(FieldId::vlan_vid, 0x1000 | 99), before, tagged(99, 3));
  expect_becomes(set(FieldId::dl_vlan, 99), before, tagged(99, 3));
  expect_becomes(set(FieldId::vlan_pcp, 6), before, tagged(10, 6));
  expect_becomes(set(FieldId::dl_vlan_pcp, 6), before, tagged(10, 6));
  expect_becomes(set(FieldId::vlan_tci, 0xc000 | 0x1000 | 99), before, tagged(99, 6));
}

// In a match 0x1000 says "tagged"; in the frame the bit is another one, and stays.
TEST_F(SetFieldTest, TheDropEligibleBitStays) {
  expect_becomes(set(FieldId::vlan_vid, 0x1000 | 99), frame().vlan_tci(0x1005).payload("x"),
                 frame().vlan_tci(0x1000 | 99).payload("x"));
  expect_becomes(set(FieldId::vlan_tci, 0x1000 | 99), frame().vlan_tci(0x0005).payload("x"),
                 frame().vlan_tci(99).payload("x"));
}

TEST_F(SetFieldTest, TheOutermostLabel) {
  const Frame before = frame().vlan(5).mpls(100, 1, 10).mpls(200).payload("x");
  expect_becomes(set(FieldId::mpls_label, 0xabcde), before,
                 frame().vlan(5).mpls(0xabcde, 1, 10).mpls(200).payload("x"));
  expect_becomes(set(FieldId::mpls_tc, 6), before, frame().vlan(5).mpls(100, 6, 10).mpls(200).payload("x"));
  expect_becomes(set(FieldId::mpls_ttl, 99), before, frame().vlan(5).mpls(100, 1, 99).mpls(200).payload("x"));
}

TEST_F(SetFieldTest, Arp) {
  const auto arp = [](uint16_t op, MacArg sha, Ipv4Arg spa, MacArg tha, Ipv4Arg tpa) {
    return frame().arp(op, sha, spa, tha, tpa);
  };
  const char* a = "02:00:00:00:00:01";
  const char* b = "02:00:00:00:00:02";
  const char* m = "0a:1b:2c:3d:4e:5f";
  const Frame before = arp(1, a, "10.0.0.1", b, "10.0.0.2");
  expect_becomes(set(FieldId::arp_op, 2), before, arp(2, a, "10.0.0.1", b, "10.0.0.2"));
  expect_becomes(set(FieldId::arp_sha, new_mac), before, arp(1, m, "10.0.0.1", b, "10.0.0.2"));
  expect_becomes(set(FieldId::arp_spa, new_ip), before, arp(1, a, new_ip_text, b, "10.0.0.2"));
  expect_becomes(set(FieldId::arp_tha, new_mac), before, arp(1, a, "10.0.0.1", m, "10.0.0.2"));
  expect_becomes(set(FieldId::arp_tpa, new_ip), before, arp(1, a, "10.0.0.1", b, new_ip_text));
}

TEST_F(SetFieldTest, Ipv4AddressesWithEveryKindOfChecksum) {
  const std::vector<Ending> all = {
      [](const Frame& f) { return f.tcp(1000, 80).payload("hello"); },
      [](const Frame& f) { return f.udp(1000, 53).payload("hello!"); },
  };
  for (const Ending& ending : all) {
    expect_becomes_in_all_states(set(FieldId::ipv4_src, new_ip), ending(ipv4()), ending(ipv4(new_ip_text)));
    expect_becomes_in_all_states(set(FieldId::ipv4_dst, new_ip), ending(ipv4()), ending(ipv4("10.0.0.1", new_ip_text)));
  }
  const Ending icmp = [](const Frame& f) { return f.icmp(8).payload("ping"); };
  expect_becomes(set(FieldId::ipv4_src, new_ip), icmp(ipv4()), icmp(ipv4(new_ip_text)));
  const Ending sctp = [](const Frame& f) { return f.sctp(1, 2).payload("chunk"); };
  expect_becomes(set(FieldId::ipv4_src, new_ip), sctp(ipv4()), sctp(ipv4(new_ip_text)));
  const Ending no_sum = [](const Frame& f) { return f.udp(1, 2).payload("x").zero_checksum(); };
  expect_becomes(set(FieldId::ipv4_src, new_ip), no_sum(ipv4()), no_sum(ipv4(new_ip_text)));
  const Ending large = [](const Frame& f) { return f.tcp(1, 2).payload_size(9000).gso(1400); };
  expect_becomes(set(FieldId::ipv4_src, new_ip), large(ipv4()), large(ipv4(new_ip_text)));
}

TEST_F(SetFieldTest, Ipv6AddressesWithEveryKindOfChecksum) {
  const std::vector<Ending> all = {
      [](const Frame& f) { return f.tcp(1000, 80).payload("hello"); },
      [](const Frame& f) { return f.udp(1000, 53).payload("hello!"); },
      [](const Frame& f) { return f.extension(0).extension(60, 24).udp(1, 2); },
  };
  for (const Ending& ending : all) {
    expect_becomes_in_all_states(set(FieldId::ipv6_src, new_ip6), ending(ipv6()), ending(ipv6(new_ip6)));
    expect_becomes_in_all_states(set(FieldId::ipv6_dst, new_ip6), ending(ipv6()), ending(ipv6("2001:db8::1", new_ip6)));
  }
  const Ending icmp = [](const Frame& f) { return f.icmpv6(128).payload("ping"); };
  expect_becomes(set(FieldId::ipv6_src, new_ip6), icmp(ipv6()), icmp(ipv6(new_ip6)));
  const Ending large = [](const Frame& f) { return f.tcp(1, 2).payload_size(9000).gso(1400); };
  expect_becomes(set(FieldId::ipv6_dst, new_ip6), large(ipv6()), large(ipv6("2001:db8::1", new_ip6)));
}

// The IPv4 header's own checksum of a later fragment follows; behind it is only payload.
TEST_F(SetFieldTest, FragmentsHaveOneL4ChecksumAmongThem) {
  const Ending first = [](const Frame& f) { return f.fragment(0, true).udp(1, 2).payload("whole datagram"); };
  const Ending later = [](const Frame& f) { return f.fragment(1480, false).payload("rest of a datagram"); };
  expect_becomes(set(FieldId::ipv4_src, new_ip), later(ipv4()), later(ipv4(new_ip_text)));
  expect_becomes(set(FieldId::ipv6_src, new_ip6), later(ipv6()), later(ipv6(new_ip6)));
  expect_becomes(set(FieldId::udp_src, 7), later(ipv4().protocol(17)), later(ipv4().protocol(17)));
  expect_becomes(set(FieldId::ipv4_src, new_ip), first(ipv4()), first(ipv4(new_ip_text)));
}

// RFC 8200 section 8.1: while segments are left the pseudo-header has the last address of the routing header.
TEST_F(SetFieldTest, ADestinationThatIsNotTheFinalOneIsNotInTheChecksum) {
  const auto routed = [&](Ipv6Arg dst, uint8_t segments_left) {
    Bytes bytes = frame().ipv6("2001:db8::1", dst).extension(43, 24).udp(1, 2).payload("x").bytes();
    bytes[54 + 3] = segments_left;
    return bytes;
  };
  const auto udp_checksum = [](const Bytes& bytes) { return load_be16(&bytes[54 + 24 + 6]); };
  const Bytes last_hop = after(set(FieldId::ipv6_dst, new_ip6), Frame(routed("2001:db8::2", 0))).bytes();
  EXPECT_EQ(last_hop, routed(new_ip6, 0));
  const Bytes on_the_way = after(set(FieldId::ipv6_dst, new_ip6), Frame(routed("2001:db8::2", 1))).bytes();
  EXPECT_EQ(udp_checksum(on_the_way), udp_checksum(routed("2001:db8::2", 1)));
  EXPECT_NE(udp_checksum(on_the_way), udp_checksum(last_hop));
}

TEST_F(SetFieldTest, TypeOfServiceAndTimeToLive) {
  const Ending udp = [](const Frame& f) { return f.udp(1, 2).payload("x"); };
  const auto v4 = [&](uint8_t tos, uint8_t ttl) { return udp(ipv4().tos(tos).ttl(ttl)); };
  const auto v6 = [&](uint8_t tos, uint8_t ttl) { return udp(ipv6().tos(tos).ttl(ttl).flow_label(0x54321)); };
  for (const auto& ip : {std::function<Frame(uint8_t, uint8_t)>(v4), std::function<Frame(uint8_t, uint8_t)>(v6)}) {
    const Frame before = ip(0x29, 64);  // DSCP 10, ECN 1
    expect_becomes_in_all_states(set(FieldId::ip_dscp, 46), before, ip(0xb9, 64));
    expect_becomes_in_all_states(set(FieldId::ip_ecn, 3), before, ip(0x2b, 64));
    expect_becomes_in_all_states(set(FieldId::nw_tos, 0xb8), before, ip(0xb9, 64));
    expect_becomes_in_all_states(set(FieldId::nw_ttl, 7), before, ip(0x29, 7));
  }
  expect_becomes(set(FieldId::ipv6_label, 0xfedcb), v6(0x29, 64), udp(ipv6().tos(0x29).flow_label(0xfedcb)));
}

TEST_F(SetFieldTest, Ports) {
  for (const Frame& ip : {ipv4(), ipv6(), frame().vlan(5).ipv4("10.0.0.1", "10.0.0.2")}) {
    const auto tcp = [&](uint16_t src, uint16_t dst) { return ip.tcp(src, dst).payload("odd"); };
    const auto udp = [&](uint16_t src, uint16_t dst) { return ip.udp(src, dst).payload("odd"); };
    const auto sctp = [&](uint16_t src, uint16_t dst) { return ip.sctp(src, dst, 9).payload("chunk"); };
    expect_becomes_in_all_states(set(FieldId::tcp_src, 4321), tcp(1, 2), tcp(4321, 2));
    expect_becomes_in_all_states(set(FieldId::tcp_dst, 4321), tcp(1, 2), tcp(1, 4321));
    expect_becomes_in_all_states(set(FieldId::udp_src, 4321), udp(1, 2), udp(4321, 2));
    expect_becomes_in_all_states(set(FieldId::udp_dst, 4321), udp(1, 2), udp(1, 4321));
    expect_becomes(set(FieldId::sctp_src, 4321), sctp(1, 2), sctp(4321, 2));
    expect_becomes(set(FieldId::sctp_dst, 4321), sctp(1, 2), sctp(1, 4321));
    const Frame no_sum = ip.udp(1, 2).payload("x").zero_checksum();
    expect_becomes(set(FieldId::udp_dst, 9), no_sum, ip.udp(1, 9).payload("x").zero_checksum());
  }
}

// Zero would say "no checksum"; a sum that comes out as zero is written as its other form.
TEST_F(SetFieldTest, AUdpChecksumNeverBecomesZero) {
  size_t ones_count = 0;
  for (unsigned port = 0; port < 0x10000; port += 1) {
    const Frame sent = after(set(FieldId::udp_src, port), ipv4().udp(1, 2).payload("ab"));
    const uint16_t checksum = load_be16(&sent.bytes()[40]);
    ASSERT_NE(checksum, 0);
    ones_count += checksum == 0xffff ? 1 : 0;
  }
  EXPECT_GE(ones_count, 1U);
}

TEST_F(SetFieldTest, AWrongChecksumStaysWrong) {
  for (const Frame& before : {ipv4().tcp(1, 2).payload("abc"), ipv6().udp(1, 2).payload("abc")}) {
    const FieldId id = before == ipv4().tcp(1, 2).payload("abc") ? FieldId::tcp_src : FieldId::udp_src;
    const Frame right = after(set(id, 77), before);
    const Frame wrong = after(set(id, 77), before.bad_checksum());
    EXPECT_NE(wrong, right);
    EXPECT_EQ(wrong.size(), right.size());
  }
  const Frame sctp = ipv4().sctp(1, 2).payload("abc");
  EXPECT_NE(after(set(FieldId::sctp_src, 77), sctp.bad_checksum()), after(set(FieldId::sctp_src, 77), sctp));
}

TEST_F(SetFieldTest, IcmpTypeAndCode) {
  const auto v4 = [](uint8_t type, uint8_t code) { return ipv4().icmp(type, code, 5).payload("abc"); };
  const auto v6 = [](uint8_t type, uint8_t code) { return ipv6().icmpv6(type, code, 5).payload("abc"); };
  expect_becomes(set(FieldId::icmp_type, uint64_t{0}), v4(8, 0), v4(0, 0));
  expect_becomes(set(FieldId::icmp_code, 3), v4(8, 0), v4(8, 3));
  expect_becomes(set(FieldId::icmpv6_type, 129), v6(128, 0), v6(129, 0));
  expect_becomes(set(FieldId::icmpv6_code, 3), v6(128, 0), v6(128, 3));
}

TEST_F(SetFieldTest, NeighbourDiscovery) {
  const auto ns = [](Ipv6Arg target, MacArg mac) { return ipv6().nd_ns(target, mac); };
  const auto na = [](Ipv6Arg target, MacArg mac, uint32_t flags = 0x60000000) {
    return ipv6().nd_na(target, mac, flags);
  };
  const char* mac = "02:00:00:00:00:01";
  expect_becomes(set(FieldId::nd_target, new_ip6), ns("fe80::1", mac), ns(new_ip6, mac));
  expect_becomes(set(FieldId::nd_target, new_ip6), na("fe80::1", mac), na(new_ip6, mac));
  expect_becomes(set(FieldId::nd_sll, new_mac), ns("fe80::1", mac), ns("fe80::1", "0a:1b:2c:3d:4e:5f"));
  expect_becomes(set(FieldId::nd_tll, new_mac), na("fe80::1", mac), na("fe80::1", "0a:1b:2c:3d:4e:5f"));
  expect_becomes(set(FieldId::nd_reserved, 0xe0000000), na("fe80::1", mac), na("fe80::1", mac, 0xe0000000));
  expect_becomes(set(FieldId::nd_tll, new_mac), ns("fe80::1", mac), ns("fe80::1", mac));  // it has no such option

  const Frame changed = after(set(FieldId::nd_options_type, 2), ns("fe80::1", mac));
  const size_t option = 14 + 40 + 24;
  EXPECT_EQ(changed.bytes()[option], 2);
  const auto l4_sum = [](const Bytes& bytes) { return internet_checksum(std::span(bytes).subspan(54)); };
  EXPECT_EQ(l4_sum(changed.bytes()), l4_sum(ns("fe80::1", mac).bytes()));
}

TEST_F(SetFieldTest, ThePacketMarkIsNotInTheFrame) {
  EditedPacket edited(packet(ipv4().udp(1, 2)));
  edited->mark = 0xff00ff00;
  EXPECT_EQ(set_field(edited, {FieldId::pkt_mark, {0, 0x1234}, {0, 0xffff}}), keep);
  EXPECT_EQ(edited->mark, 0xff001234);
}

// A guest's own tunnel: the outer UDP checksum is finished (it covers the inner one's final value), the inner is not.
TEST_F(SetFieldTest, OuterAddressesOfATunnelledPromise) {
  const Frame inner = ipv4("192.168.0.1", "192.168.0.2").tcp(1, 2).payload("abc").partial_checksum();
  const auto outer = [&](Ipv4Arg src) { return ipv4(src).udp(50000, 4789).zero_checksum().vxlan(5, inner); };
  expect_becomes(set(FieldId::ipv4_src, new_ip), outer("10.0.0.1"), outer(new_ip_text));
  EXPECT_EQ(offload_after(), packet(outer("10.0.0.1"))->offload);
}

TEST_F(SetFieldTest, APacketWithoutTheHeaderIsDropped) {
  const auto reason = [&](FieldId id, const Frame& frame) {
    after(set(id, 1), frame);
    return exits_.drops.empty() ? Verdict{} : Verdict{exits_.drops[0]};
  };
  EXPECT_EQ(reason(FieldId::vlan_vid, ipv4().udp(1, 2)), DropReason::not_tagged);
  EXPECT_EQ(reason(FieldId::mpls_label, ipv4().udp(1, 2)), DropReason::no_mpls);
  EXPECT_EQ(reason(FieldId::arp_op, ipv4().udp(1, 2)), DropReason::not_this_protocol);
  EXPECT_EQ(reason(FieldId::ipv4_src, ipv6().udp(1, 2)), DropReason::not_this_protocol);
  EXPECT_EQ(reason(FieldId::ipv6_src, ipv4().udp(1, 2)), DropReason::not_this_protocol);
  EXPECT_EQ(reason(FieldId::tcp_src, ipv4().udp(1, 2)), DropReason::not_this_protocol);
  EXPECT_EQ(reason(FieldId::tcp_src, frame().arp_request("10.0.0.1", "10.0.0.2")), DropReason::not_this_protocol);
  EXPECT_EQ(reason(FieldId::nd_target, ipv6().icmpv6(128).payload_size(40)), DropReason::not_this_protocol);
  EXPECT_EQ(reason(FieldId::nd_target, ipv6().icmpv6(135)), DropReason::truncated_header);
  EXPECT_EQ(reason(FieldId::tcp_src, ipv4().protocol(6).payload("ab")), DropReason::truncated_header);
  EXPECT_EQ(reason(FieldId::metadata, ipv4().udp(1, 2)), DropReason::unsupported_action);
}

TEST_F(SetFieldTest, TheCrcOfAFragmentCannotFollow) {
  const Frame first = ipv4().fragment(0, true).sctp(1, 2).payload("first half");
  after(set(FieldId::sctp_src, 77), first);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::unsupported_action));
}

// Every field that lives in a frame and may be written has a place; the rest is the slow path's.
TEST_F(SetFieldTest, EveryWritableFieldOfAFrameIsKnown) {
  const std::vector<Frame> frames = {frame().vlan(1).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2),
                                     frame().ipv6("fd00::1", "fd00::2").udp(1, 2),
                                     ipv4().sctp(1, 2),
                                     ipv4().icmp(8),
                                     ipv6().nd_ns("fe80::1", "02:00:00:00:00:01"),
                                     ipv6().nd_na("fe80::1", "02:00:00:00:00:01"),
                                     frame().arp_request("10.0.0.1", "10.0.0.2"),
                                     frame().mpls(5).payload("x"),
                                     frame().pbb(5).payload("x")};
  const auto lives_in_frame = [](const Field& f) {
    return f.is_writable && f.id >= FieldId::eth_dst && f.id <= FieldId::nd_options_type;
  };
  for (const Field& f : all_fields()) {
    if (!lives_in_frame(f)) {
      continue;
    }
    const bool is_known = std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
      after(SetField{f.id, {}, {}}, frame);
      return exits_.drops.empty();
    });
    EXPECT_TRUE(is_known) << f.name;
  }
}

// Against cut, padded and lying frames: nothing but a verdict, and nothing written outside (address sanitizer).
TEST_F(SetFieldTest, RandomlyDamagedFramesGetAVerdict) {
  std::mt19937 random(20263);
  const std::vector<Frame> frames = {frame().vlan(1).vlan(2).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("abc"),
                                     ipv6().extension(0).extension(43, 24).extension(60).udp(1, 2).payload("abc"),
                                     ipv4().sctp(1, 2).payload("abc"),
                                     ipv6().nd_ns("fe80::1", "02:00:00:00:00:01"),
                                     ipv4().tcp(1, 2).payload("abcd").partial_checksum(),
                                     frame().arp_request("10.0.0.1", "10.0.0.2"),
                                     frame().mpls(5).mpls(6).payload("x")};
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = frames[random() % frames.size()].bytes();
    bytes.resize(std::max<size_t>(14, bytes.size() - random() % bytes.size()));
    for (unsigned flips = random() % 4; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    }
    const Field& f = all_fields()[random() % field_count];
    run({set(f.id, random()), Output{PortId{1}}}, Frame(bytes));
  }
}

}  // namespace
}  // namespace weft::datapath
