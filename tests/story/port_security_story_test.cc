// Guests that say they are somebody else: what a port with port_security lets in, and what its decisions look at.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/icmp.h"
#include "tests/reference/port_security.h"
#include "tests/support/test_switch.h"

namespace weft::port_security_story {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* own = "02:00:00:00:00:01";
constexpr const char* other = "02:00:00:00:00:02";
constexpr const char* own_link_local = "fe80::ff:fe00:1";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";
constexpr const char* all_nodes = "33:33:00:00:00:01";

std::vector<HostAddresses> hosts(std::initializer_list<const char*> texts) {
  std::vector<HostAddresses> hosts;
  for (const char* text : texts) {
    const auto host = HostAddresses::parse(text);
    EXPECT_TRUE(host) << text;
    hosts.push_back(*host);
  }
  return hosts;
}

Frame from(const char* mac) { return frame().eth(mac, other); }
Frame v4(const char* src, const char* mac = own) { return from(mac).ipv4(src, "10.0.0.9").udp(1, 2).payload("x"); }
Frame v6(const char* src, const char* mac = own) { return from(mac).ipv6(src, "fd00::9").udp(1, 2).payload("x"); }
Frame arp(const char* sha, const char* spa) {
  return frame().eth(own, broadcast).arp(1, sha, spa, "00:00:00:00:00:00", "10.0.0.9");
}
Bytes target(const char* address) {
  const Ipv6Address v6 = *Ipv6Address::parse(address);
  return {v6.bytes.begin(), v6.bytes.end()};
}

class PortSecurityStory : public ::testing::Test {
 protected:
  PortSecurityStory() { sw.add_flow("actions=output:p2"); }

  void secure(std::initializer_list<const char*> texts, const char* port = "p1") {
    sw.bridge().set_port_security(port, hosts(texts));
    sw.settle();
  }
  // Twice, so that the decision is also met.
  bool passes(const Frame& frame) {
    sw.receive("p1", frame);
    sw.receive("p1", frame);
    const uint64_t before = std::exchange(drops_, sw.drops(DropReason::spoofed_address));
    const size_t sent = sw.sent("p2").size();
    EXPECT_EQ(sent + (drops_ - before), 2U) << frame;
    return sent == 2;
  }

  TestSwitch sw{"p1", "p2"};
  uint64_t drops_ = 0;
};

TEST_F(PortSecurityStory, WithoutItAnythingPasses) {
  EXPECT_TRUE(passes(v4("192.0.2.77", other)));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n");
}

TEST_F(PortSecurityStory, TheEthernetSourceIsOneOfTheList) {
  secure({own, "02:00:00:00:00:07"});
  EXPECT_TRUE(passes(v4("192.0.2.1")));
  EXPECT_TRUE(passes(v6("2001:db8::1", "02:00:00:00:00:07")));
  EXPECT_FALSE(passes(v4("192.0.2.1", other)));
  EXPECT_FALSE(passes(v4("192.0.2.1", broadcast)));
}

TEST_F(PortSecurityStory, AnEmptyListAllowsNothingAndNoListAnything) {
  secure({});
  EXPECT_FALSE(passes(v4("10.0.0.1")));
  sw.bridge().set_port_security("p1", std::nullopt);
  sw.settle();
  EXPECT_TRUE(passes(v4("10.0.0.1")));
}

TEST_F(PortSecurityStory, ArpSaysWhoSendsIt) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  EXPECT_TRUE(passes(arp(own, "10.0.0.1")));
  EXPECT_TRUE(passes(arp(own, "0.0.0.0"))) << "a probe";
  EXPECT_FALSE(passes(arp(own, "10.0.0.2")));
  EXPECT_FALSE(passes(arp(other, "10.0.0.1")));
  EXPECT_FALSE(passes(arp(own, "10.0.0.1").truncated(40)));
  EXPECT_TRUE(passes(frame().eth(own, broadcast).rarp(3, own, "0.0.0.0", own, "0.0.0.0")));
  EXPECT_FALSE(passes(frame().eth(own, broadcast).rarp(3, other, "0.0.0.0", other, "0.0.0.0")));
  secure({own});
  EXPECT_TRUE(passes(arp(own, "192.0.2.1")));
  EXPECT_FALSE(passes(arp(other, "192.0.2.1")));
}

TEST_F(PortSecurityStory, Ipv4SourcesAndFragmentsOfThem) {
  secure({"02:00:00:00:00:01 10.0.0.1/24 10.0.7.0/24"});
  EXPECT_TRUE(passes(v4("10.0.0.1")));
  EXPECT_FALSE(passes(v4("10.0.0.2"))) << "the length says how large the subnet is, not that all of it is allowed";
  EXPECT_TRUE(passes(v4("10.0.7.200")));
  EXPECT_FALSE(passes(v4("10.0.8.1")));
  EXPECT_TRUE(passes(from(own).ipv4("10.0.0.1", "10.0.0.9").fragment(8, false).protocol(17).payload("later")));
  EXPECT_FALSE(passes(from(own).ipv4("10.0.0.2", "10.0.0.9").fragment(8, false).protocol(17).payload("later")));
  EXPECT_FALSE(passes(v4("10.0.0.1").truncated(30)));
}

TEST_F(PortSecurityStory, AHostWithoutAnAddressAsksForOne) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  const auto dhcp = [](uint16_t src, uint16_t dst, const char* to) {
    return frame().eth(own, broadcast).ipv4("0.0.0.0", to).udp(src, dst).payload_size(240);
  };
  EXPECT_TRUE(passes(dhcp(68, 67, "255.255.255.255")));
  EXPECT_FALSE(passes(dhcp(67, 68, "255.255.255.255")));
  EXPECT_FALSE(passes(dhcp(68, 67, "10.0.0.9")));
  EXPECT_FALSE(passes(dhcp(68, 67, "255.255.255.255").truncated(40)));
  EXPECT_FALSE(passes(frame().eth(own, broadcast).ipv4("0.0.0.0", "255.255.255.255").tcp(68, 67)));
}

TEST_F(PortSecurityStory, AddressesOfOneFamilyExcludeTheOther) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  EXPECT_FALSE(passes(v6("fd00::1")));
  EXPECT_FALSE(passes(v6(own_link_local)));
  EXPECT_FALSE(passes(frame().eth(own, all_nodes).ipv6("::", "ff02::1:ff00:1").nd_ns("fd00::1", own)));
  secure({"02:00:00:00:00:01 fd00::1"});
  EXPECT_FALSE(passes(v4("10.0.0.1")));
  EXPECT_FALSE(passes(v4("0.0.0.0")));
  EXPECT_FALSE(passes(arp(own, "0.0.0.0")));
  EXPECT_TRUE(passes(from(own).eth_type(0x88b5).payload("something else")));
}

TEST_F(PortSecurityStory, Ipv6SourcesAndTheLinkLocalOfTheEthernetAddress) {
  secure({"02:00:00:00:00:01 fd00::1 fd00:7::/64"});
  EXPECT_TRUE(passes(v6("fd00::1")));
  EXPECT_TRUE(passes(v6("fd00:7::abcd")));
  EXPECT_TRUE(passes(v6(own_link_local)));
  EXPECT_FALSE(passes(v6("fe80::ff:fe00:2")));
  EXPECT_FALSE(passes(v6("fd00::2")));
  EXPECT_FALSE(passes(v6("::")));
  EXPECT_TRUE(passes(from(own).ipv6("fd00::1", "fd00::9").fragment(8, false).protocol(17).payload("later")));
  EXPECT_FALSE(passes(from(own).ipv6("fd00::2", "fd00::9").fragment(8, false).protocol(17).payload("later")));
  const auto to_link = [](const char* src) { return frame().eth(own, all_nodes).ipv6(src, "ff02::1:ff00:1"); };
  EXPECT_TRUE(passes(to_link("::").icmpv6(icmpv6_type::neighbor_solicitation).raw(target("fd00::1")))) << "DAD";
  EXPECT_TRUE(passes(to_link("::").extension(0).icmpv6(143).payload_size(20))) << "MLD report";
  EXPECT_FALSE(passes(to_link("::").icmpv6(icmpv6_type::echo_request)));
  EXPECT_FALSE(passes(from(own).ipv6("::", "fd00::9").icmpv6(143).payload_size(20))) << "leaves the link";
}

TEST_F(PortSecurityStory, NeighbourMessagesSayWhoseTheyAre) {
  for (const char* entry : {own, "02:00:00:00:00:01 fd00::1"}) {
    SCOPED_TRACE(entry);
    secure({entry});
    const bool has_ips = entry != own;
    const auto sent = [] { return from(own).ipv6("fd00::1", "fd00::9"); };
    EXPECT_TRUE(passes(sent().nd_ns("fd00::9", own)));
    EXPECT_FALSE(passes(sent().nd_ns("fd00::9", other)));
    EXPECT_TRUE(passes(sent().icmpv6(icmpv6_type::neighbor_solicitation).raw(target("fd00::9")))) << "no option";
    EXPECT_TRUE(passes(sent().nd_na("fd00::1", own)));
    EXPECT_FALSE(passes(sent().nd_na("fd00::1", other)));
    EXPECT_TRUE(passes(sent().nd_na(own_link_local, own)));
    EXPECT_EQ(passes(sent().nd_na("fd00::2", own)), !has_ips);
  }
}

// The reader of such a message may find in it what the switch did not.
TEST_F(PortSecurityStory, WhatCannotBeCheckedDoesNotPass) {
  secure({own});
  const Bytes own_option{2, 1, 2, 0, 0, 0, 0, 1};
  const Bytes other_option{2, 1, 2, 0, 0, 0, 0, 2};
  const auto advert = [](std::initializer_list<Bytes> options) {
    Bytes rest = target("fd00::1");
    for (const Bytes& option : options) {
      rest.insert(rest.end(), option.begin(), option.end());
    }
    return from(own).ipv6("fd00::1", "fd00::9").icmpv6(icmpv6_type::neighbor_advertisement).raw(rest);
  };
  EXPECT_TRUE(passes(advert({own_option})));
  EXPECT_FALSE(passes(advert({own_option, other_option})));
  EXPECT_FALSE(passes(advert({{14, 0, 0, 0, 0, 0, 0, 0}, other_option}))) << "an option of no length";
  EXPECT_FALSE(passes(from(own)
                          .ipv6("fd00::1", "fd00::9")
                          .fragment(0, true)
                          .icmpv6(icmpv6_type::neighbor_advertisement)
                          .raw(target("fd00::1"))));
  EXPECT_FALSE(passes(from(own).ipv6("fd00::1", "fd00::9").fragment(0, true).protocol(58).raw({136})));
  EXPECT_FALSE(passes(from(own).vlan(1).vlan(2).vlan(3).ipv6("fd00::1", "fd00::9").nd_na("fd00::1", other)));
}

TEST_F(PortSecurityStory, BehindTagsTheSameHolds) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  for (const Frame& link : {from(own).vlan(5), from(own).vlan(5, 0, 0x88a8).vlan(6)}) {
    EXPECT_TRUE(passes(link.ipv4("10.0.0.1", "10.0.0.9").udp(1, 2)));
    EXPECT_FALSE(passes(link.ipv4("10.0.0.2", "10.0.0.9").udp(1, 2)));
  }
}

TEST_F(PortSecurityStory, RecordsOfOneEthernetAddressCountTogether) {
  secure({"02:00:00:00:00:01 10.0.0.1", "02:00:00:00:00:01 10.0.0.2", "02:00:00:00:00:07 10.0.0.7", own});
  EXPECT_TRUE(passes(v4("10.0.0.1")));
  EXPECT_TRUE(passes(v4("10.0.0.2")));
  EXPECT_FALSE(passes(v4("10.0.0.7"))) << "another Ethernet address's";
  EXPECT_TRUE(passes(v4("10.0.0.7", "02:00:00:00:00:07")));
}

// Whatever the flows say, and also where another lookup is to come.
TEST_F(PortSecurityStory, ItIsAskedBeforeTheTables) {
  sw.add_flow("priority=40000,ip,in_port=p1,actions=mod_nw_src:10.0.0.1,mod_dl_src:02:00:00:00:00:01,output:p2");
  secure({"02:00:00:00:00:01 10.0.0.1"});
  EXPECT_FALSE(passes(v4("10.0.0.2")));
  EXPECT_TRUE(passes(v4("10.0.0.1")));
}

TEST_F(PortSecurityStory, ThePacketsOfOtherPortsAndPacketOutsAreNotThePorts) {
  sw.add_flow("priority=40000,in_port=p2,actions=output:p1");
  secure({"02:00:00:00:00:01 10.0.0.1"});
  sw.receive("p2", v4("192.0.2.1", other));
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  sw.packet_out("p1", "output:TABLE", v4("192.0.2.1", other));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST_F(PortSecurityStory, APatchPortHasNone) {
  sw.add_bridge("br1");
  sw.connect("br0", "x", "br1", "y");
  sw.add_port("far", {}, "br1");
  sw.add_flow("actions=output:far", "br1");
  sw.add_flow("priority=40000,in_port=p1,actions=output:x");
  sw.bridge("br1").set_port_security("y", hosts({own}));
  sw.settle();
  sw.receive("p1", v4("192.0.2.1", other));
  EXPECT_THAT(sw.sent("far"), SizeIs(1));
}

// --- decisions and what is said about them

TEST_F(PortSecurityStory, DecisionsLookAtNoMoreThanTheyMust) {
  secure({own});
  sw.receive("p1", v4("10.0.0.1"));
  EXPECT_EQ(sw.megaflows(), "ip,in_port=p1,dl_src=02:00:00:00:00:01 actions=output:p2\n");
  secure({"02:00:00:00:00:01 10.0.0.0/24"});
  sw.receive("p1", v4("10.0.0.1"));
  EXPECT_EQ(sw.megaflows(), "ip,in_port=p1,dl_src=02:00:00:00:00:01,nw_src=10.0.0.0/24 actions=output:p2\n");
}

TEST_F(PortSecurityStory, RandomSourcesMakeFewDecisions) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  std::mt19937 random(1);  // NOLINT: the same every time
  for (int i = 0; i < 2000; ++i) {
    const MacAddress mac = MacAddress::from_uint64((uint64_t{random()} << 16 ^ random()) & 0xfeffffffffff);
    sw.receive("p1", frame().eth(mac, other).ipv4("10.0.0.1", "10.0.0.9").udp(1, 2));
    const auto src = Ipv4Address::from_host(static_cast<uint32_t>(random()) | 1U << 31);
    sw.receive("p1", frame().eth(own, other).ipv4(src, "10.0.0.9").udp(1, 2));
  }
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::spoofed_address), 4000U);
  EXPECT_LE(sw.megaflow_count(), 48U + 32U);
}

TEST_F(PortSecurityStory, ChangesAreInForceAtOnce) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  EXPECT_TRUE(passes(v4("10.0.0.1")));
  EXPECT_FALSE(passes(v4("10.0.0.2")));
  secure({"02:00:00:00:00:01 10.0.0.2"});
  EXPECT_FALSE(passes(v4("10.0.0.1")));
  EXPECT_TRUE(passes(v4("10.0.0.2")));
}

TEST_F(PortSecurityStory, ATraceSaysWhatWasWrong) {
  secure({"02:00:00:00:00:01 10.0.0.1"});
  EXPECT_THAT(sw.trace("in_port=p1,dl_src=02:00:00:00:00:02,ip"),
              HasSubstr("port_security does not allow eth_src=02:00:00:00:00:02: drop"));
  const std::string trace = sw.trace("ip,in_port=p1,dl_src=02:00:00:00:00:01,nw_src=10.0.0.2");
  EXPECT_THAT(trace, HasSubstr("port_security does not allow ip_src=10.0.0.2: drop"));
  EXPECT_THAT(trace, HasSubstr("Datapath actions: drop(spoofed_address)"));
  EXPECT_THAT(sw.trace("in_port=p1,arp,dl_src=02:00:00:00:00:01,arp_sha=02:00:00:00:00:09,arp_spa=10.0.0.1"),
              HasSubstr("port_security does not allow arp_sha=02:00:00:00:00:09: drop"));
}

// --- against the twin

class RandomGuest {
 public:
  explicit RandomGuest(unsigned seed) : random_(seed) {}

  Frame frame() {
    Frame link = weft::frame().eth(mac(), one_in(3) ? MacAddress::broadcast() : mac());
    for (uint64_t tags = one_in(2) ? 0 : below(4); tags > 0; --tags) {
      link = link.vlan(static_cast<uint16_t>(below(4)), 0, one_in(3) ? 0x88a8 : 0x8100);
    }
    if (one_in(10)) {
      link = link.length_type().llc_snap();
    }
    Frame made = network(std::move(link));
    if (one_in(8)) {
      Bytes bytes = made.bytes();
      bytes[12 + below(bytes.size() - 12)] ^= static_cast<uint8_t>(1 << below(8));
      made = Frame(bytes);
    }
    return one_in(12) ? made.truncated(14 + below(made.size() - 13)) : made;
  }

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  MacAddress mac() { return MacAddress::from_uint64(0x020000000000 + (one_in(20) ? random_() : below(4))); }
  Ipv4Address ip4() {
    return one_in(4) ? Ipv4Address{}
                     : Ipv4Address::from_host(0x0a000000 + static_cast<uint32_t>(below(2) << 8 | below(4)));
  }
  Ipv6Address ip6() {
    if (one_in(5)) {
      return {};
    }
    Ipv6Address address = *Ipv6Address::parse(one_in(3) ? "fe80::ff:fe00:0" : one_in(2) ? "fd00::" : "fd00:7::");
    address.bytes[15] = static_cast<uint8_t>(below(4));
    return address;
  }
  Frame network(Frame link) {
    switch (below(7)) {
      case 0:
        return one_in(4) ? link.rarp(3, mac(), ip4(), mac(), ip4()) : link.arp(1, mac(), ip4(), mac(), ip4());
      case 1:
      case 2: {
        Frame ip = link.ipv4(ip4(), one_in(2) ? Ipv4Address::from_host(~0U) : ip4());
        ip = one_in(5) ? ip.fragment(8 * below(2), one_in(2)) : ip;
        return (one_in(3) ? ip.tcp(1, 2) : ip.udp(one_in(4) ? 67 : 68, one_in(4) ? 68 : 67)).payload("x");
      }
      case 3:
        return link.eth_type(0x88b5).payload("neither");
      default:
        return ipv6(std::move(link));
    }
  }
  Frame ipv6(Frame link) {
    Frame ip = link.ipv6(ip6(), one_in(2) ? *Ipv6Address::parse("ff02::1:ff00:1") : ip6());
    for (const uint8_t header : {0, 60, 43}) {
      ip = one_in(6) ? ip.extension(header, 8 * (1 + below(2))) : ip;
    }
    ip = one_in(6) ? ip.fragment(8 * below(2), one_in(2)) : ip;
    constexpr uint8_t types[] = {128, 131, 133, 134, 143, 135, 136};
    switch (below(5)) {
      case 0:
        return ip.nd_ns(ip6(), mac());
      case 1:
        return ip.nd_na(ip6(), mac());
      case 2:
        return ip.udp(546, 547).payload("x");
      default: {
        Frame icmp = ip.icmpv6(types[below(7)], one_in(10) ? 1 : 0).raw(address_bytes());
        for (uint64_t options = below(3); options > 0; --options) {
          icmp = icmp.raw(option());
        }
        return icmp;
      }
    }
  }
  Bytes address_bytes() {
    const Ipv6Address address = ip6();
    return {address.bytes.begin(), address.bytes.end()};
  }
  Bytes option() {
    const MacAddress link = mac();
    const auto size = static_cast<uint8_t>(one_in(10) ? below(3) : 1);
    Bytes bytes{static_cast<uint8_t>(1 + below(3)), size};
    bytes.insert(bytes.end(), link.bytes.begin(), link.bytes.end());
    return bytes;
  }

  std::mt19937_64 random_;
};

TEST_F(PortSecurityStory, RandomFramesPassWhereTheTwinSaysSo) {
  const std::initializer_list<const char*> lists[] = {
      {own},
      {"02:00:00:00:00:01 10.0.0.1", "02:00:00:00:00:02"},
      {"02:00:00:00:00:01 fd00::1 fd00:7::/64"},
      {"02:00:00:00:00:01 10.0.0.1 10.0.1.0/24 fd00::1", "02:00:00:00:00:02 10.0.0.2", "02:00:00:00:00:03 fd00::3"},
      {"02:00:00:00:00:01 0.0.0.0/0 ::/0", "02:00:00:00:00:02 10.0.0.0/31", "02:00:00:00:00:02 fd00::2"}};
  unsigned seed = 20;
  for (const auto& list : lists) {
    SCOPED_TRACE(++seed);
    secure(list);
    reference::SecurityTwin twin(hosts(list));
    RandomGuest guest(seed);
    std::array<int, 2> verdicts{};
    for (int i = 0; i < 6000 && !HasFailure(); ++i) {
      const Frame sent = guest.frame();
      const bool is_allowed = twin.allows(sent.bytes());
      ++verdicts[is_allowed ? 1 : 0];
      sw.receive("p1", sent);
      ASSERT_EQ(sw.sent("p2").size(), is_allowed ? 1U : 0U) << "frame " << i << ": " << sent;
    }
    EXPECT_GT(verdicts[0], 200);
    EXPECT_GT(verdicts[1], 200);
  }
}

}  // namespace
}  // namespace weft::port_security_story
