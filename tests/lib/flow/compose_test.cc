// A match becomes a frame, and the frame read again says what the match said.
#include <gtest/gtest.h>

#include <random>

#include "lib/flow/compose.h"
#include "lib/flow/field_text.h"
#include "lib/flow/match_text.h"
#include "lib/packet/checksum.h"
#include "lib/packet/ipv4.h"
#include "tests/lib/flow/match_builder.h"
#include "tests/support/describe.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

constexpr const char* addresses = "dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02,";

Frame composed(const std::string& text, std::string_view payload) {
  const std::span bytes(reinterpret_cast<const uint8_t*>(payload.data()), payload.size());
  return Frame(compose_frame(match(addresses + text), bytes));
}

std::string unsaid(const std::string& text) {
  const Match asked = match(text);
  return format_match(find_unsaid(asked, compose_frame(asked)));
}

// An odd size, so that the checksum's last byte is alone.
TEST(Compose, FramesAreWhatTheBuilderOfFramesMakes) {
  EXPECT_EQ(composed("dl_vlan=7,dl_vlan_pcp=5,udp6,ipv6_src=fe80::1,ipv6_dst=fe80::2,ipv6_label=0x12345,nw_ttl=64,"
                     "udp_src=1,udp_dst=53",
                     "hello"),
            frame().vlan(7, 5).ipv6("fe80::1", "fe80::2").flow_label(0x12345).ttl(64).udp(1, 53).payload("hello"));
  EXPECT_EQ(composed("sctp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,sctp_dst=7", "hello"),
            frame().ipv4("10.0.0.1", "10.0.0.2").ttl(64).sctp(0, 7).payload("hello"));
  EXPECT_EQ(composed("icmp,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,icmp_type=8", "hello"),
            frame().ipv4("10.0.0.1", "10.0.0.2").ttl(64).icmp(8).payload("hello"));
  EXPECT_EQ(composed("icmp6,ipv6_src=fe80::1,ipv6_dst=fe80::2,nw_ttl=255,icmpv6_type=135,icmpv6_code=0,"
                     "nd_target=fe80::2,nd_sll=02:00:00:00:00:01",
                     ""),
            frame().ipv6("fe80::1", "fe80::2").ttl(255).nd_ns("fe80::2", "02:00:00:00:00:01"));
  EXPECT_EQ(composed("arp,arp_op=2,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_sha=02:00:00:00:00:03,"
                     "arp_tha=02:00:00:00:00:04",
                     ""),
            frame().arp(2, "02:00:00:00:00:03", "10.0.0.1", "02:00:00:00:00:04", "10.0.0.2"));
  EXPECT_EQ(composed("mpls,mpls_label=5,mpls_tc=3,mpls_ttl=9,mpls_bos=1", "hello"),
            frame().mpls(5, 3, 9).payload("hello"));
}

TEST(Compose, ATcpSegmentHasItsChecksum) {
  const Bytes bytes = composed("tcp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tcp_src=4000,tcp_dst=80,tcp_flags=0x18", "hello");
  const auto segment = std::span(bytes).subspan(34);
  ASSERT_EQ(segment.size(), 25u);
  const auto sum = pseudo_header_sum(*Ipv4Address::parse("10.0.0.1"), *Ipv4Address::parse("10.0.0.2"), ip_protocol::tcp,
                                     segment.size());
  EXPECT_EQ(InternetSum(sum).add(segment).checksum(), Be16{});
  EXPECT_EQ(internet_checksum(std::span(bytes).subspan(14, 20)), Be16{});
}

TEST(Compose, WhatNeedsAPayloadHasOne) {
  const auto size = [](const char* text) { return compose_frame(match(text)).size(); };
  EXPECT_EQ(size("tcp"), 14u + 20 + 20 + 64);
  EXPECT_EQ(size("tcp,tcp_flags=0x002"), 14u + 20 + 20) << "a SYN";
  EXPECT_EQ(size("udp"), 14u + 20 + 8 + 64);
  EXPECT_EQ(size("icmp,icmp_type=8"), 14u + 20 + 8 + 64);
  EXPECT_EQ(size("icmp,icmp_type=3"), 14u + 20 + 8);
  EXPECT_EQ(size("icmp6,icmpv6_type=129"), 14u + 40 + 8 + 64);
  EXPECT_EQ(size("icmp6,icmpv6_type=1"), 14u + 40 + 8);
  EXPECT_EQ(size("ip,nw_frag=later"), 14u + 20);
  EXPECT_EQ(size("mpls,mpls_label=5"), 14u + 8) << "the label below is the bottom";
}

TEST(Compose, WhatAFrameHasNoPlaceForIsNamed) {
  EXPECT_EQ(unsaid("in_port=1,tun_id=5,reg3=7,tcp"), "reg3=0x7,tun_id=0x5,in_port=1");
  EXPECT_EQ(unsaid("udp6,nw_frag=first"), "");
  EXPECT_EQ(unsaid("ipv6,nw_proto=43"), "nw_proto=43") << "that of an extension header, which is not there";
  EXPECT_EQ(unsaid("dl_vlan=5"), "");
  EXPECT_EQ(unsaid("dl_type=0x05ff"), "");
}

TEST(Compose, TheLargestPayloadFitsEveryLength) {
  const std::vector<uint8_t> payload(max_composed_payload, 0x5a);
  for (const char* text : {"tcp,nw_src=1.2.3.4", "udp6,nw_frag=first,dl_vlan=5", "sctp", "dl_type=0x5ff"}) {
    EXPECT_EQ(find_unsaid(match(text), compose_frame(match(text), payload)), Match()) << text;
  }
}

struct Kind {
  const char* text;
  std::vector<const char*> fields;  // any values of them are a frame
};
const Kind kinds[] = {
    {"ip,nw_proto=47", {"nw_src", "nw_dst", "nw_tos", "nw_ecn", "nw_ttl"}},
    {"tcp", {"nw_src", "nw_dst", "nw_tos", "nw_ecn", "nw_ttl", "tcp_src", "tcp_dst", "tcp_flags"}},
    {"tcp6", {"ipv6_src", "ipv6_dst", "ipv6_label", "nw_tos", "nw_ttl", "tcp_src", "tcp_dst", "tcp_flags"}},
    {"udp,nw_frag=first", {"nw_src", "nw_dst", "nw_tos", "nw_ecn", "nw_ttl", "udp_src", "udp_dst"}},
    {"udp6,nw_frag=first", {"ipv6_src", "ipv6_dst", "ipv6_label", "nw_tos", "nw_ecn", "udp_src", "udp_dst"}},
    {"sctp6", {"ipv6_src", "ipv6_dst", "sctp_src", "sctp_dst"}},
    {"ip,nw_proto=6,nw_frag=later", {"nw_src", "nw_dst", "nw_tos", "nw_ecn", "nw_ttl"}},
    {"icmp", {"nw_src", "nw_dst", "icmp_type", "icmp_code"}},
    {"icmp6,icmpv6_type=1", {"ipv6_src", "ipv6_dst", "icmpv6_code"}},
    {"icmp6,icmpv6_type=135,icmpv6_code=0", {"ipv6_src", "nd_target", "nd_sll", "nd_tll", "nd_reserved"}},
    {"icmp6,icmpv6_type=136,icmpv6_code=0", {"ipv6_dst", "nd_target", "nd_tll"}},
    {"arp", {"arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha"}},
    {"rarp", {"arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha"}},
    {"mpls", {"mpls_label", "mpls_tc", "mpls_bos", "mpls_ttl"}},
    {"mplsm", {"mpls_label", "mpls_tc", "mpls_bos", "mpls_ttl"}},
    {"dl_type=0x88e7", {"pbb_isid", "pbb_uca"}},
    {"dl_type=0x88cc", {}},
};

TEST(Compose, WhatIsReadAgainIsWhatWasAsked) {
  std::mt19937_64 random(20260101);
  for (int round = 0; round < 300; ++round) {
    for (const Kind& kind : kinds) {
      Match asked = match(kind.text);
      const auto set = [&](const char* name) {
        const Field& f = *find_field(name);
        asked.set(f, FieldValue{random(), random()} & all_bits(f));
      };
      set("eth_src");
      set("eth_dst");
      if (random() % 2 == 0) {
        asked.set(FieldId::vlan_tci, 0x1000 | (random() & 0xefff));
      }
      for (const char* name : kind.fields) {
        if (random() % 4 != 0) {
          set(name);
          // The DSCP's byte has no place for the ECN bits beside it.
          asked.set(FieldId::nw_tos, asked.value(FieldId::nw_tos).lo & 0xfc);
        }
      }
      if (!asked.meets_prerequisite(field(FieldId::nw_tos))) {
        asked.clear(field(FieldId::nw_tos));
      }
      const std::vector<uint8_t> payload(random() % 100, 0xa5);
      // Behind neighbour discovery it would be an option.
      const bool has_payload = !std::string_view(kind.text).starts_with("icmp6,icmpv6_type=13") && random() % 2 == 0;
      const auto bytes = has_payload ? compose_frame(asked, payload) : compose_frame(asked);
      ASSERT_EQ(find_unsaid(asked, bytes), Match()) << format_match(asked) << "\n" << hex(bytes, 200);
    }
  }
}

}  // namespace
}  // namespace weft
