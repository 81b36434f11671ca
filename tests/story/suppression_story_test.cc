// ARP and neighbour discovery suppressed in segments: what is learned, what is answered with which bytes, what is left to
// the one who was asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/icmp.h"
#include "tests/support/segment_frames.h"
#include "tests/support/test_switch.h"

namespace weft::suppression_story {
namespace {

using ofproto::Segment;
using ofproto::SegmentMode;
using ofproto::VlanConfig;
using segment_frames::from_remote;
using segment_frames::ip;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* a = "02:00:00:00:00:0a";
constexpr const char* b = "02:00:00:00:00:0b";
constexpr const char* c = "02:00:00:00:00:0c";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";
constexpr const char* nobody = "00:00:00:00:00:00";
constexpr const char* a4 = "10.0.0.1";
constexpr const char* b4 = "10.0.0.2";
constexpr const char* a6 = "fd00::a";
constexpr const char* b6 = "fd00::1:b";
constexpr const char* b6_group = "ff02::1:ff01:b";
constexpr const char* b6_group_mac = "33:33:ff:01:00:0b";

constexpr uint32_t as_router = 0xe0000000;
constexpr uint32_t as_host = 0x60000000;
constexpr uint32_t proxied = 0x40000000;

VlanConfig in(const char* segment) { return {.segment = segment}; }

Segment suppressing(const char* name, uint32_t vni, bool suppresses = true) {
  return {
      .name = name, .vni = vni, .mode = SegmentMode::replicate, .vteps = {ip("192.0.2.2")}, .suppress_arp = suppresses};
}

Frame announcement(const char* mac, const char* address) {
  return frame().eth(mac, broadcast).arp(1, mac, address, nobody, address);
}
Frame request(const char* mac, const char* asker, const char* asked) {
  return frame().eth(mac, broadcast).arp(1, mac, asker, nobody, asked);
}
Frame reply(const char* mac, const char* address, const char* to_mac, const char* to) {
  return frame().eth(mac, to_mac).arp(2, mac, address, to_mac, to);
}
Frame solicitation() { return frame().eth(a, b6_group_mac).ipv6(a6, b6_group).nd_ns(b6, a); }
Frame advertisement(uint32_t flags, const char* mac = b) {
  return frame().eth(mac, a).ipv6(b6, a6).nd_na(b6, mac, flags);
}

// `red` has two ports here and one other host, and is the one that suppresses. `blue` does so too.
class SuppressionStory : public ::testing::Test {
 protected:
  SuppressionStory() {
    sw.add_flow("actions=NORMAL");
    sw.add_tunnel("vx0");
    sw.add_port("r1", in("red"));
    sw.add_port("r2", in("red"));
    sw.add_port("b1", in("blue"));
    sw.set_segments({suppressing("red", 5001), suppressing("blue", 5002)});
    introduce("r1");
  }

  // Others know the guest on this port, whose requests need not be heard for that.
  void introduce(const char* port) {
    sw.receive(port, announcement(a, a4));
    forget();
  }

  void remote(const Frame& frame, uint64_t vni = 5001) {
    sw.receive("vx0", frame, from_remote("192.0.2.2", vni));
    forget();
  }
  void forget() {
    for (const char* port : {"r1", "r2", "b1", "vx0"}) {
      sw.sent(port);
    }
  }
  // Where it went: answered on r1, flooded, or neither.
  void expect_answer(const Frame& question, const Frame& answer) {
    sw.receive("r1", question);
    EXPECT_THAT(sw.sent("r1"), ElementsAre(answer));
    EXPECT_THAT(sw.sent("r2"), IsEmpty());
    EXPECT_THAT(sw.sent("vx0"), IsEmpty());
  }
  void expect_flood(const Frame& question) {
    sw.receive("r1", question);
    EXPECT_THAT(sw.sent("r1"), IsEmpty());
    EXPECT_THAT(sw.sent("r2"), ElementsAre(question));
    EXPECT_THAT(sw.sent("vx0"), SizeIs(1));
  }
  std::string neighbours(const char* segment = "") { return sw.bridge().neighbours_show(segment).value(); }
  auto counts(const char* segment = "red") {
    sw.collect();
    return sw.bridge().segment_info(segment)->neighbours;
  }

  TestSwitch sw{};
};

TEST_F(SuppressionStory, RequestForARemoteAddressIsAnsweredHere) {
  remote(announcement(b, b4));

  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));

  EXPECT_EQ(sw.misses(), 3U);
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  EXPECT_EQ(sw.misses(), 3U) << "the second one is a cached decision's";
  EXPECT_EQ(counts().answers, 2U);
  EXPECT_EQ(counts().entries, 2U);
  EXPECT_THAT(neighbours(), HasSubstr("02:00:00:00:00:0b       0  192.0.2.2\n"));
  EXPECT_THAT(neighbours(), HasSubstr("02:00:00:00:00:0a       0  r1\n"));
}

TEST_F(SuppressionStory, SoIsOneForAnAddressOnAnotherPort) {
  sw.receive("r2", announcement(b, b4));
  forget();
  expect_answer(request(a, a4, b4).padded(), reply(b, b4, a, a4).padded());
}

TEST_F(SuppressionStory, AnswersTeachToo) {
  sw.receive("r1", announcement(a, a4));
  forget();
  sw.receive("vx0", reply(b, b4, a, a4), from_remote("192.0.2.2"));
  EXPECT_THAT(sw.sent("r1"), ElementsAre(reply(b, b4, a, a4))) << "goes on as ever";
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
}

TEST_F(SuppressionStory, WhatIsNotKnownIsFlooded) {
  expect_flood(request(a, a4, b4));
  expect_flood(request(a, a4, b4));
  EXPECT_EQ(counts().answers, 0U);
}

TEST_F(SuppressionStory, OnlySegmentsThatWantIt) {
  sw.set_segments({suppressing("red", 5001, false)});
  remote(announcement(b, b4));
  expect_flood(request(a, a4, b4));
  EXPECT_EQ(counts().entries, 0U);

  sw.set_segments({suppressing("red", 5001)});
  introduce("r1");
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  sw.set_segments({suppressing("red", 5001, false)});
  EXPECT_EQ(counts().entries, 0U) << "nobody listens to those who move";
  expect_flood(request(a, a4, b4));
}

// Probes (RFC 5227), announcements and unicast requests ask the owner himself.
TEST_F(SuppressionStory, WhatOnlyTheOwnerCanSayIsForwarded) {
  sw.receive("r2", announcement(b, b4));
  forget();
  expect_flood(frame().eth(a, broadcast).arp(1, a, "0.0.0.0", nobody, b4));

  sw.receive("r1", frame().eth(a, b).arp(1, a, a4, b, b4));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(sw.sent("r2"), SizeIs(1));
  // An announcement of the asked address itself, by another: it is a claim.
  expect_flood(announcement(a, b4));
  EXPECT_THAT(neighbours(), HasSubstr("10.0.0.2                   02:00:00:00:00:0a"));
}

TEST_F(SuppressionStory, NobodyIsAnsweredForWhoIsOnTheSamePort) {
  sw.receive("r1", announcement(b, b4));
  forget();
  expect_flood(request(a, a4, b4));
}

TEST_F(SuppressionStory, RequestsFromTunnelsAreNotAnswered) {
  sw.receive("r1", announcement(a, a4));
  forget();
  sw.receive("vx0", request(b, b4, a4), from_remote("192.0.2.2"));
  EXPECT_THAT(sw.sent("vx0"), IsEmpty());
  EXPECT_THAT(sw.sent("r1"), ElementsAre(request(b, b4, a4)));
}

TEST_F(SuppressionStory, ProtectedPortsLearnNothingOfEachOther) {
  for (const char* port : {"r1", "r2"}) {
    sw.bridge().set_vlan(port, {.segment = "red", .is_protected = true});
  }
  sw.settle();
  sw.receive("r2", announcement(b, b4));
  forget();
  sw.receive("r1", request(a, a4, b4));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
  EXPECT_THAT(sw.sent("vx0"), SizeIs(1));
}

TEST_F(SuppressionStory, IsolatedPortsLearnNothingOfEachOther) {
  Segment red = suppressing("red", 5001);
  red.isolates_ports = true;
  sw.set_segments({red});
  sw.receive("r2", announcement(b, b4));
  remote(announcement(c, "10.0.0.3"));
  forget();
  sw.receive("r1", request(a, a4, b4));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(sw.sent("vx0"), SizeIs(1));
  expect_answer(request(a, a4, "10.0.0.3"), reply(c, "10.0.0.3", a, a4));
}

TEST_F(SuppressionStory, WhoSpeaksForOthersIsNotBelieved) {
  remote(frame().eth(b, broadcast).arp(1, c, b4, nobody, "10.0.0.9"));
  remote(announcement(b, "0.0.0.0"));
  remote(announcement(b, "224.0.0.9"));
  remote(announcement(b, "255.255.255.255"));
  remote(announcement(b, "127.0.0.1"));
  remote(frame().eth(b, broadcast).rarp(3, b, b4, b, b4));
  remote(frame().eth(b, broadcast).arp(3, b, b4, b, b4));
  EXPECT_EQ(counts().entries, 1U) << "of who was there before";
  // Nor is he answered.
  remote(announcement(b, b4));
  expect_flood(frame().eth(c, broadcast).arp(1, a, a4, nobody, b4));
}

TEST_F(SuppressionStory, EqualAddressesInTwoSegmentsAreTwoGuests) {
  remote(announcement(b, b4), 5001);
  remote(announcement(c, b4), 5002);
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  introduce("b1");
  sw.receive("b1", request(a, a4, b4));
  EXPECT_THAT(sw.sent("b1"), ElementsAre(reply(c, b4, a, a4)));
  EXPECT_THAT(neighbours("blue"), Not(HasSubstr("red")));
}

TEST_F(SuppressionStory, AnAddressMovesToAnotherHost) {
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  remote(announcement(c, b4));
  EXPECT_THAT(neighbours(), HasSubstr("02:00:00:00:00:0c       0  192.0.2.2, moved\n"));
  // Until the new owner has said so for a while he is asked himself.
  expect_flood(request(a, a4, b4));
  sw.advance(9);
  remote(announcement(c, b4));
  expect_flood(request(a, a4, b4));
  sw.advance(1);
  remote(announcement(c, b4));
  expect_answer(request(a, a4, b4), reply(c, b4, a, a4));
}

// Who asks with another MAC than before is heard by other hosts, which would answer with the old one for as long as they
// know it.
TEST_F(SuppressionStory, AnAskerWithAnotherMacIsHeard) {
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));

  expect_flood(request(c, a4, b4));
  sw.advance(10);
  expect_flood(request(c, a4, b4));
  expect_answer(request(c, a4, b4), reply(b, b4, c, a4));
}

TEST_F(SuppressionStory, AnAskerNobodyKnowsIsHeardOnce) {
  remote(announcement(b, b4));

  expect_flood(request(c, "10.0.0.3", b4));
  expect_answer(request(c, "10.0.0.3", b4), reply(b, b4, c, "10.0.0.3"));
}

// A guest claims another's address once. Who was robbed still hears requests, and takes it back by answering.
TEST_F(SuppressionStory, ARobbedAddressComesBack) {
  remote(announcement(b, b4));
  sw.receive("r2", announcement(c, b4));
  forget();
  for (int i = 0; i < 2; ++i) {
    expect_flood(request(a, a4, b4));
    sw.receive("vx0", reply(b, b4, a, a4), from_remote("192.0.2.2"));
    EXPECT_THAT(sw.sent("r1"), ElementsAre(reply(b, b4, a, a4)));
    sw.advance(11);
  }
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
}

TEST_F(SuppressionStory, AGuestMovesHereWithItsAddress) {
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  sw.receive("r1", announcement(b, b4));
  forget();
  expect_flood(request(a, a4, b4));
  sw.receive("r2", announcement(b, b4));
  forget();
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
}

// Two that fight for an address: nobody is answered for it, until they have been quiet.
TEST_F(SuppressionStory, ADisputedAddressIsLeftToThoseWhoClaimIt) {
  for (int i = 0; i < 3; ++i) {
    remote(announcement(b, b4));
    remote(announcement(c, b4));
  }
  EXPECT_EQ(counts().disputed, 1U);
  EXPECT_THAT(neighbours(), HasSubstr("disputed"));
  expect_flood(request(a, a4, b4));
  remote(announcement(b, b4));
  expect_flood(request(a, a4, b4));

  sw.advance(181);
  remote(announcement(b, b4));
  EXPECT_EQ(counts().disputed, 0U);
  sw.advance(10);
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
}

TEST_F(SuppressionStory, WhoseMacHasAgedIsNotAnsweredFor) {
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  // Being asked for does not keep it alive.
  for (int i = 0; i < 4; ++i) {
    sw.advance(70);
    expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  }
  sw.advance(25);
  expect_flood(request(a, a4, b4));
  EXPECT_THAT(neighbours(), Not(HasSubstr(b4))) << "what is left behind is swept";
  EXPECT_THAT(neighbours(), HasSubstr(a4));
}

TEST_F(SuppressionStory, AVtepThatIsFlushedTakesItsGuestsAlong) {
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
  EXPECT_EQ(sw.bridge().fdb_flush(ip("192.0.2.2")), 1U);
  sw.settle();
  expect_flood(request(a, a4, b4));
  EXPECT_EQ(counts().entries, 1U);
}

TEST_F(SuppressionStory, ASegmentThatGoesForgetsAll) {
  remote(announcement(b, b4));
  ASSERT_TRUE(sw.bridge().neighbour_add("red", ip("10.0.0.7"), *MacAddress::parse(c), false));
  sw.bridge().update_segments({.set = {}, .removed = {"red"}});
  sw.set_segments({suppressing("red", 5001)});
  EXPECT_EQ(counts().entries, 0U);
  EXPECT_THAT(neighbours("red"), Not(HasSubstr("static")));
}

// --- what an operator or a central controller says

TEST_F(SuppressionStory, AFixedPairIsAnsweredAndKept) {
  ASSERT_TRUE(sw.bridge().neighbour_add("red", ip(b4), *MacAddress::parse(b), false));
  sw.settle();
  EXPECT_THAT(neighbours(), HasSubstr("static  nowhere\n"));
  expect_flood(request(a, a4, b4));

  ASSERT_TRUE(sw.bridge().fdb_add("vx0", "red", *MacAddress::parse(b), ip("192.0.2.2")));
  sw.settle();
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));

  sw.receive("r2", announcement(c, b4));
  forget();
  sw.advance(1000);
  introduce("r1");  // he has aged
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));

  ASSERT_TRUE(sw.bridge().neighbour_remove("red", ip(b4)));
  sw.settle();
  expect_flood(request(a, a4, b4));
  EXPECT_FALSE(sw.bridge().neighbour_remove("red", ip(b4)));
  EXPECT_FALSE(sw.bridge().neighbour_add("rad", ip(b4), *MacAddress::parse(b), false));
}

// Of what is behind tunnels it is the controller that tells.
TEST_F(SuppressionStory, WithAControllerTunnelsTeachNothing) {
  Segment red = suppressing("red", 5001);
  red.mode = SegmentMode::controller;
  red.vteps.clear();
  sw.set_segments({red});
  remote(announcement(b, b4));
  EXPECT_EQ(counts().entries, 1U) << "a port of this host still tells";
  ASSERT_TRUE(sw.bridge().fdb_add("vx0", "red", *MacAddress::parse(b), ip("192.0.2.2")));
  ASSERT_TRUE(sw.bridge().neighbour_add("red", ip(b4), *MacAddress::parse(b), false));
  sw.settle();
  // No other host learns from what it hears, so that there is nobody to tell who asks.
  expect_answer(request(c, "10.0.0.3", b4), reply(b, b4, c, "10.0.0.3"));
}

// --- neighbour discovery

TEST_F(SuppressionStory, ASolicitationIsAnsweredInTheOwnersStead) {
  remote(advertisement(as_host));
  expect_answer(solicitation(), advertisement(proxied));
  expect_answer(solicitation(), advertisement(proxied));
  EXPECT_EQ(counts().answers, 2U);
}

// Hosts take one that no longer says so for no router.
TEST_F(SuppressionStory, ARouterIsSaidToBeOne) {
  remote(advertisement(as_router));
  expect_answer(solicitation(), advertisement(0xc0000000));
  EXPECT_THAT(neighbours(), HasSubstr("192.0.2.2, router\n"));
  remote(advertisement(as_host));
  expect_answer(solicitation(), advertisement(proxied));
}

TEST_F(SuppressionStory, OnlyAdvertisementsThatOverrideAreBelieved) {
  remote(advertisement(proxied));
  remote(frame().eth(c, a).ipv6(b6, a6).nd_na(b6, b, as_host));           // the option is not the sender's
  remote(advertisement(as_host).bad_checksum());                          // counts as it stands
  remote(frame().eth(b, a).ipv6(b6, a6).nd_na(b6, b, as_host).ttl(254));  // may have been routed
  remote(frame().eth(b, a).ipv6(b6, a6).extension(0).nd_na(b6, b, as_host));
  remote(frame().eth(b, b6_group_mac).ipv6(b6, b6_group).nd_ns(a6, b));
  remote(frame().eth(b, a).ipv6(b6, a6).nd_na("ff02::1", b, as_host));
  EXPECT_EQ(counts().entries, 2U) << "one of them, and who was there before";
}

TEST_F(SuppressionStory, SolicitationsThatOnlyTheOwnerCanAnswerAreForwarded) {
  remote(advertisement(as_host));
  const auto v6 = frame().eth(a, b6_group_mac);
  // Is the address taken (RFC 4862)? With a nonce (RFC 3971), another's option, without one, routed, with a header between.
  expect_flood(v6.ipv6("::", b6_group).nd_ns(b6, a));
  const auto target = Ipv6Address::parse(b6)->bytes;
  expect_flood(v6.ipv6(a6, b6_group).ttl(255).icmpv6(135).raw(Bytes(target.begin(), target.end())));
  expect_flood(v6.ipv6(a6, b6_group).nd_ns(b6, a).raw({14, 1, 1, 2, 3, 4, 5, 6}));
  expect_flood(v6.ipv6(a6, b6_group).nd_ns(b6, a).raw({0, 0, 0, 0}));
  expect_flood(v6.ipv6(a6, b6_group).nd_ns(b6, c));
  expect_flood(v6.ipv6(a6, b6_group).nd_ns(b6, a).ttl(254));
  expect_flood(v6.ipv6(a6, b6_group).extension(0).nd_ns(b6, a));
  expect_flood(v6.ipv6(a6, "ff02::1").nd_ns(b6, a));
  expect_flood(v6.ipv6(a6, b6_group).nd_ns("fd00::9:b", a));
  expect_answer(solicitation(), advertisement(proxied));
}

TEST_F(SuppressionStory, AUnicastSolicitationGoesToWhoIsAsked) {
  remote(advertisement(as_host));
  sw.receive("r1", frame().eth(a, b).ipv6(a6, b6).nd_ns(b6, a));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(sw.sent("vx0"), SizeIs(1));
}

// The sum stays wrong: nobody believes the answer to what nobody could have believed.
TEST_F(SuppressionStory, AWrongChecksumStaysWrong) {
  remote(advertisement(as_host));
  sw.receive("r1", solicitation().bad_checksum());
  const auto sent = sw.sent("r1");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_NE(sent[0], advertisement(proxied));
  expect_answer(solicitation(), advertisement(proxied));
}

// --- together with the rest of the switch

TEST_F(SuppressionStory, AGatewaysGuestIsAnsweredInItsVlan) {
  sw.add_port("gw", {.segment_vlans = {{10, "red"}}});
  remote(announcement(b, b4));
  sw.sent("gw");
  sw.receive("gw", frame().eth(a, broadcast).vlan(10).arp(1, a, a4, nobody, b4));
  EXPECT_THAT(sw.sent("gw"), ElementsAre(frame().eth(b, a).vlan(10).arp(2, b, b4, a, a4)));
  // Of a network within that VLAN it knows nothing.
  const Frame inside = frame().eth(a, broadcast).vlan(10, 0, 0x88a8).vlan(5).arp(1, a, a4, nobody, b4);
  sw.receive("gw", inside);
  EXPECT_THAT(sw.sent("gw"), IsEmpty());
}

TEST_F(SuppressionStory, WhatFollowsNormalHasTheRequest) {
  sw.del_flows();
  sw.add_flow("actions=NORMAL,output:b1");
  remote(announcement(b, b4));
  remote(advertisement(as_host));
  sw.receive("r1", request(a, a4, b4));
  sw.receive("r1", solicitation());
  EXPECT_THAT(sw.sent("r1"), ElementsAre(reply(b, b4, a, a4), advertisement(proxied)));
  EXPECT_THAT(sw.sent("b1"), ElementsAre(request(a, a4, b4), solicitation()));
}

// Tables that the answer meets on its way out see what it is.
TEST_F(SuppressionStory, EgressTablesSeeTheAnswer) {
  sw.set_first_egress(10);
  sw.add_flow("table=10,icmp6,icmp_type=136,nd_tll=02:00:00:00:00:0b,actions=set_field:02:00:00:00:00:0c->nd_tll");
  sw.add_flow("table=10,arp,arp_op=2,actions=set_field:02:00:00:00:00:0c->arp_sha");
  remote(announcement(b, b4));
  remote(advertisement(as_host));
  sw.receive("r1", solicitation());
  sw.receive("r1", request(a, a4, b4));
  EXPECT_THAT(sw.sent("r1"), ElementsAre(frame().eth(b, a).ipv6(b6, a6).nd_na(b6, c, proxied),
                                         frame().eth(b, a).arp(2, c, b4, a, a4)));
}

TEST_F(SuppressionStory, TheTraceSaysWhy) {
  const char* question =
      "in_port=r1,dl_src=02:00:00:00:00:0a,dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_spa=10.0.0.1,"
      "arp_tpa=10.0.0.2,arp_sha=02:00:00:00:00:0a";
  EXPECT_THAT(sw.trace(question), HasSubstr("nobody is known to have 10.0.0.2"));
  remote(announcement(b, b4));
  EXPECT_THAT(sw.trace(question), HasSubstr("answered for 10.0.0.2 by suppression"));
  const char* stranger =
      "in_port=r1,dl_src=02:00:00:00:00:0c,dl_dst=ff:ff:ff:ff:ff:ff,arp,arp_op=1,arp_spa=10.0.0.3,"
      "arp_tpa=10.0.0.2,arp_sha=02:00:00:00:00:0c";
  EXPECT_THAT(sw.trace(stranger), HasSubstr("others have to hear who asks"));
  EXPECT_EQ(counts().entries, 2U) << "a trace teaches nothing";
}

// A guest that claims one address after the other gets an eighth of the table, and takes nothing from others.
TEST_F(SuppressionStory, OneGuestDoesNotFillTheTable) {
  for (uint32_t n = 0; n < 1100; ++n) {
    const Ipv4Address address = Ipv4Address::from_host(0x0a010000 + n);
    sw.receive("r2", frame().eth(c, broadcast).arp(1, c, address, nobody, address));
  }
  forget();
  EXPECT_EQ(counts().entries, 1024U + 1);
  EXPECT_EQ(counts().refused, 76U);
  remote(announcement(b, b4));
  expect_answer(request(a, a4, b4), reply(b, b4, a, a4));
}

}  // namespace
}  // namespace weft::suppression_story
