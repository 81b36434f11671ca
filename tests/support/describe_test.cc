// Frames in words, as a failing test prints them.

#include "tests/support/describe.h"

#include <sstream>

#include <gtest/gtest.h>

#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "tests/support/frame.h"

namespace weft {
namespace {

// Without the Ethernet header, which is the same in all of them.
std::string words(const Frame& frame) {
  const std::string all = describe(frame.bytes());
  const std::string eth = "eth 02:00:00:00:00:01 > 02:00:00:00:00:02, ";
  return all.starts_with(eth) ? all.substr(eth.size()) : all;
}

const Frame ipv4 = frame().ipv4("10.0.0.1", "10.0.0.2");
const Frame ipv6 = frame().ipv6("fd00::1", "fd00::2");

TEST(Describe, NamesEveryLayer) {
  EXPECT_EQ(words(frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi")),
            "vlan 10, ipv4 10.0.0.1 > 10.0.0.2 ttl 64, udp 4000 > 53, payload 2 \"hi\"");
  EXPECT_EQ(words(frame().vlan(100, 5, 0x88a8).vlan_tci(0x100a)), "vlan 100 pcp 5 tpid 0x88a8, vlan 10 dei, length 0");
  EXPECT_EQ(words(frame().mpls(16, 3, 9).mpls(17).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2, 0x12)),
            "mpls 16 tc 3 ttl 9, mpls 17 tc 0 ttl 64, ipv4 10.0.0.1 > 10.0.0.2 ttl 64, tcp 1 > 2 flags S.");
  EXPECT_EQ(words(ipv6.tos(8).flow_label(5).extension(ip_protocol::hop_by_hop).sctp(1, 2, 3).payload("chunk")),
            "ipv6 fd00::1 > fd00::2 ttl 64 tos 8 label 5, extension 0 size 8, sctp 1 > 2 tag 3, payload 5 \"chunk\"");
}

TEST(Describe, ReadsNeighbourDiscovery) {
  EXPECT_EQ(words(ipv6.nd_na("fd00::1", "02:00:00:00:00:09")),
            "ipv6 fd00::1 > fd00::2 ttl 255, icmpv6 type 136 code 0 rest 0x60000000 target fd00::1 tll "
            "02:00:00:00:00:09");
}

TEST(Describe, ReadsArp) {
  EXPECT_EQ(words(frame().arp(2, "02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2")),
            "arp op 2 02:00:00:00:00:01 10.0.0.1 > 02:00:00:00:00:02 10.0.0.2");
}

TEST(Describe, LooksIntoVxlan) {
  EXPECT_EQ(words(ipv4.udp(5000, 4789).zero_checksum().vxlan(7, frame().ipv4("1.1.1.1", "2.2.2.2").icmp(8))),
            "ipv4 10.0.0.1 > 10.0.0.2 ttl 64, udp 5000 > 4789 no checksum, vxlan 7, "
            "eth 02:00:00:00:00:01 > 02:00:00:00:00:02, ipv4 1.1.1.1 > 2.2.2.2 ttl 64, icmp type 8 code 0");
}

TEST(Describe, SaysWhatIsWrong) {
  EXPECT_EQ(words(ipv4.ip_length(30).udp(1, 2)), "ipv4 10.0.0.1 > 10.0.0.2 ttl 64 length lies by 2, udp 1 > 2");
  EXPECT_EQ(words(ipv4.udp(1, 2).padded()), "ipv4 10.0.0.1 > 10.0.0.2 ttl 64 padding 18, udp 1 > 2");
  EXPECT_EQ(words(ipv4.tcp(1, 2).truncated(40)),
            "ipv4 10.0.0.1 > 10.0.0.2 ttl 64 length lies by 14, tcp cut short: 00 01 00 02 00 00");
  EXPECT_NE(words(ipv4.tcp(1, 2).bad_checksum()).find("bad checksum"), std::string::npos);
  EXPECT_NE(words(ipv4.bad_ip_checksum().tcp(1, 2)).find("bad checksum"), std::string::npos);
  EXPECT_NE(words(ipv4.sctp(1, 2).bad_checksum()).find("bad checksum"), std::string::npos);
  EXPECT_NE(words(ipv4.tcp(1, 2).partial_checksum()).find("partial checksum"), std::string::npos);
}

TEST(Describe, RightChecksumsPassUnmentioned) {
  for (const Frame& right : {ipv4.tcp(1, 2).payload("odd"), ipv4.udp(1, 2).payload("odd"), ipv4.icmp(8).payload("odd"),
                             ipv6.tcp(1, 2).payload("odd"), ipv6.udp(1, 2).payload("odd"), ipv6.icmpv6(128),
                             ipv4.sctp(1, 2).payload("odd")}) {
    EXPECT_EQ(words(right).find("checksum"), std::string::npos) << right;
  }
}

TEST(Describe, FragmentsAreNotBlamedForTheirChecksum) {
  EXPECT_EQ(words(ipv4.fragment(8, false, 4).protocol(ip_protocol::udp).payload("rest")),
            "ipv4 10.0.0.1 > 10.0.0.2 ttl 64 id 4 fragment 8, protocol 17, payload 4 \"rest\"");
  EXPECT_EQ(words(ipv6.fragment(0, true, 4).udp(1, 2).payload("first").bad_checksum()),
            "ipv6 fd00::1 > fd00::2 ttl 64, fragment 0+ id 4, udp 1 > 2, payload 5 \"first\"");
}

TEST(Describe, EveryPrefixOfAFrameCanBeDescribed) {
  for (const Frame& whole :
       {ipv6.extension(ip_protocol::routing).fragment(0, true).udp(1, 4789).vxlan(1, ipv4.tcp(1, 2)),
        frame().vlan(1).mpls(5).ipv4("1.1.1.1", "2.2.2.2").ip_options({1}).sctp(1, 2),
        ipv6.nd_ns("fd00::1", "02:00:00:00:00:01")}) {
    const Bytes bytes = whole;
    for (size_t size = 0; size <= bytes.size(); ++size) {
      // A copy of exactly this size, so that the address sanitizer sees a read beyond it.
      const Bytes prefix(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_FALSE(describe(prefix).empty());
    }
  }
}

TEST(Describe, FramesPrintAsWords) {
  std::ostringstream out;
  out << ipv4.udp(1, 2);
  EXPECT_EQ(out.str(), describe(ipv4.udp(1, 2).bytes()));
}

TEST(Describe, LongBytesAreCut) { EXPECT_EQ(hex(Bytes{1, 2, 0xff}, 2), "01 02 ..."); }

}  // namespace
}  // namespace weft
