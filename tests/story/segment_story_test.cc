// NORMAL in segments: local ports, replication, split horizon, learning from tunnels, migration, what is kept apart.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/segment_frames.h"
#include "tests/support/test_switch.h"

namespace weft::segment_story {
namespace {

using ofproto::Segment;
using ofproto::SegmentMode;
using ofproto::VlanConfig;
using segment_frames::from_remote;
using segment_frames::from_to;
using segment_frames::ip;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr const char* a = "02:00:00:00:00:0a";
constexpr const char* b = "02:00:00:00:00:0b";
constexpr const char* c = "02:00:00:00:00:0c";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";

VlanConfig in(const char* segment) { return {.segment = segment}; }

Segment replicated(const char* name, uint32_t vni, std::vector<IpAddress> vteps) {
  std::ranges::sort(vteps);
  return {.name = name, .vni = vni, .mode = SegmentMode::replicate, .vteps = std::move(vteps)};
}

// Where copies went through the tunnel port: "VNI>VTEP".
std::vector<std::string> copies(TestSwitch& sw, const char* port = "vx0") {
  std::vector<std::string> copies;
  for (const datapath::MemoryFrame& sent : sw.sent_with_metadata(port)) {
    copies.push_back(std::to_string(sent.tunnel.id) + ">" + sent.tunnel.destination().to_string());
  }
  return copies;
}

// Two ports in `red` (VNI 5001), which two other hosts are in, one in `blue` (5002), one in VLAN 0.
class SegmentStory : public ::testing::Test {
 protected:
  SegmentStory() {
    sw.add_flow("actions=NORMAL");
    sw.add_tunnel("vx0");
    sw.add_port("r1", in("red"));
    sw.add_port("r2", in("red"));
    sw.add_port("b1", in("blue"));
    sw.add_port("v1");
    sw.set_segments(
        {replicated("red", 5001, {ip("192.0.2.2"), ip("192.0.2.3")}), replicated("blue", 5002, {ip("192.0.2.2")})});
  }

  TestSwitch sw{};
};

TEST_F(SegmentStory, BroadcastGoesToLocalPortsAndToEachVtep) {
  sw.receive("r1", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("r2"), ElementsAre(from_to(a, broadcast)));
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.2", "5001>192.0.2.3"));
  EXPECT_THAT(sw.sent("b1"), IsEmpty());
  EXPECT_THAT(sw.sent("v1"), IsEmpty());
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
}

TEST_F(SegmentStory, WhatCameFromATunnelGoesToLocalPortsAlone) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5001));

  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  EXPECT_THAT(sw.sent("r2"), SizeIs(1));
  EXPECT_THAT(copies(sw), IsEmpty());
}

TEST_F(SegmentStory, LearnedFromATunnelIsAnsweredStraight) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.sent("r2");

  sw.receive("r1", from_to(a, b));

  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.3"));
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
  EXPECT_THAT(sw.bridge().fdb_show(), HasSubstr("    1   red  02:00:00:00:00:0b    0  192.0.2.3\n"));
}

// Two addresses behind one remote, and one address behind two remotes after the other.
TEST_F(SegmentStory, EachPacketFromATunnelTeachesItsOwnRemote) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5001));
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.3"));

  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5001));
  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.2"));
}

TEST_F(SegmentStory, KnownBeyondATunnelDoesNotReturnToATunnel) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.sent("r1");

  sw.receive("vx0", from_to(c, b), from_remote("192.0.2.2", 5001));

  EXPECT_THAT(copies(sw), IsEmpty());
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::no_output), 1U);
}

TEST_F(SegmentStory, EqualAddressesInTwoSegmentsAreTwoGuests) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5002));
  sw.sent("b1");

  sw.receive("r1", from_to(a, b));
  sw.receive("b1", from_to(a, b));

  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.3", "5002>192.0.2.2"));
}

TEST_F(SegmentStory, UnknownTunnelIdIsDroppedAndCounted) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5003));
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", (uint64_t{1} << 32) + 5001));

  EXPECT_EQ(sw.drops(DropReason::unknown_segment), 2U);
  EXPECT_THAT(sw.sent("v1"), IsEmpty());
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
}

// A guest in a VLAN of the bridge is not heard in segments, nor through their tunnel.
TEST_F(SegmentStory, VlansAndSegmentsDoNotMix) {
  sw.add_port("v2");
  sw.receive("v1", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("v2"), SizeIs(1));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(copies(sw), IsEmpty());
}

TEST_F(SegmentStory, TaggedFramesAreInNoSegment) {
  const Frame tagged = frame().eth(a, broadcast).vlan(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(18);
  sw.receive("r1", tagged);
  sw.receive("vx0", tagged, from_remote("192.0.2.2", 5001));

  EXPECT_EQ(sw.drops(DropReason::vlan_not_allowed), 2U);
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
}

TEST_F(SegmentStory, ListOfVtepsChangesWhileItRuns) {
  sw.receive("r1", from_to(a, broadcast));
  copies(sw);

  sw.set_segments({replicated("red", 5001, {ip("192.0.2.9")})});
  sw.receive("r1", from_to(a, broadcast));

  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.9"));
}

TEST_F(SegmentStory, SegmentsThatGoTakeTheirAddressesAlong) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.sent("r1");
  sw.bridge().update_segments({.set = {}, .removed = {"red"}});
  sw.settle();

  EXPECT_THAT(sw.bridge().fdb_show(), Not(HasSubstr(b)));
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_EQ(sw.drops(DropReason::unknown_segment), 1U);
  EXPECT_THAT(copies(sw), IsEmpty());

  sw.set_segments({replicated("red", 7, {ip("192.0.2.3")})});
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(copies(sw), ElementsAre("7>192.0.2.3"));
}

TEST_F(SegmentStory, PortGoesToAnotherSegment) {
  sw.receive("r1", from_to(a, broadcast));
  copies(sw);
  sw.bridge().set_vlan("r1", in("blue"));
  sw.settle();
  EXPECT_THAT(sw.bridge().fdb_show(), Not(HasSubstr(a)));

  sw.receive("r1", from_to(a, broadcast));

  EXPECT_THAT(copies(sw), ElementsAre("5002>192.0.2.2"));
  EXPECT_THAT(sw.sent("b1"), SizeIs(1));
}

TEST_F(SegmentStory, MulticastSegmentSendsOneCopyToItsGroup) {
  sw.set_segments({{.name = "red", .vni = 5001, .mode = SegmentMode::multicast, .group = ip("239.1.1.1")}});
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(copies(sw), ElementsAre("5001>239.1.1.1"));

  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.3"));
}

TEST_F(SegmentStory, ControllerSegmentFloodsToNoTunnel) {
  sw.set_segments({{.name = "red", .vni = 5001, .mode = SegmentMode::controller}});
  sw.receive("r1", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("r2"), SizeIs(1));
  EXPECT_THAT(copies(sw), IsEmpty());
}

TEST_F(SegmentStory, IPv6Underlay) {
  sw.set_segments({replicated("red", 5001, {ip("2001:db8::2"), ip("192.0.2.2")})});
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(copies(sw), UnorderedElementsAre("5001>192.0.2.2", "5001>2001:db8::2"));

  TunnelMetadata tunnel = from_remote("2001:db8::2", 5001);
  tunnel.set_destination(ip("2001:db8::1"));
  sw.receive("vx0", from_to(b, broadcast), tunnel);
  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(copies(sw), ElementsAre("5001>2001:db8::2"));
}

Frame tagged(const char* src, const char* dst, uint16_t vid) {
  return frame().eth(src, dst).vlan(vid).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(18);
}

TEST_F(SegmentStory, GatewayJoinsAVlanToASegment) {
  sw.add_port("g1", {.segment_vlans = {{10, "red"}, {20, "blue"}}});

  sw.receive("g1", tagged(a, broadcast, 10));
  EXPECT_THAT(sw.sent("r1"), ElementsAre(from_to(a, broadcast)));
  EXPECT_THAT(sw.sent("b1"), IsEmpty());
  EXPECT_THAT(sw.sent("v1"), IsEmpty());
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.2", "5001>192.0.2.3"));

  sw.receive("r1", from_to(b, a));
  EXPECT_THAT(sw.sent("g1"), ElementsAre(tagged(b, a, 10)));
  sw.receive("vx0", from_to(c, broadcast), from_remote("192.0.2.2", 5002));
  EXPECT_THAT(sw.sent("g1"), ElementsAre(tagged(c, broadcast, 20)));
  EXPECT_THAT(sw.sent("b1"), SizeIs(1));
}

// The rest of the trunk is the bridge's as before, and a VLAN that is a segment's is no VLAN of the bridge any more.
TEST_F(SegmentStory, OtherVlansOfAGatewayStayVlans) {
  sw.add_port("g1", {.segment_vlans = {{10, "red"}}});
  sw.add_port("t1", {.trunks = {10, 30}});

  sw.receive("g1", tagged(a, broadcast, 30));
  EXPECT_THAT(sw.sent("t1"), ElementsAre(tagged(a, broadcast, 30)));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  sw.receive("t1", tagged(b, broadcast, 10));
  EXPECT_THAT(sw.sent("g1"), IsEmpty());
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
}

TEST_F(SegmentStory, UntaggedFramesOfAGatewayMayBeASegments) {
  sw.add_port("g1", {.segment_vlans = {{0, "red"}}});
  sw.receive("g1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  EXPECT_THAT(sw.sent("v1"), IsEmpty());
  sw.receive("r1", from_to(b, a));
  EXPECT_THAT(sw.sent("g1"), ElementsAre(from_to(b, a)));
}

TEST_F(SegmentStory, GatewayOnStandbyForwardsNothing) {
  const VlanConfig standby{.segment_vlans = {{10, "red"}}, .is_standby = true};
  sw.add_port("g1", standby);
  sw.receive("g1", tagged(a, broadcast, 10));
  sw.receive("r1", from_to(b, broadcast));
  EXPECT_THAT(sw.sent("g1"), IsEmpty());
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::gateway_on_standby), 1U);

  VlanConfig active = standby;
  active.is_standby = false;
  sw.bridge().set_vlan("g1", active);
  sw.settle();
  sw.receive("r1", from_to(b, broadcast));
  EXPECT_THAT(sw.sent("g1"), SizeIs(1));
}

// What the other gateway was the way to is asked for anew by the one that takes over.
TEST_F(SegmentStory, GatewayThatTakesOverForgetsWhatWasBehindTheOther) {
  VlanConfig gateway{.segment_vlans = {{10, "red"}}, .is_standby = true};
  sw.add_port("g1", gateway);
  sw.receive("vx0", from_to(a, broadcast), from_remote("192.0.2.2", 5001));
  gateway.is_standby = false;
  sw.bridge().set_vlan("g1", gateway);
  sw.settle();

  sw.receive("vx0", from_to(c, a), from_remote("192.0.2.3", 5001));

  EXPECT_THAT(sw.sent("g1"), ElementsAre(tagged(c, a, 10)));
}

TEST_F(SegmentStory, GatewayToASegmentThatComesLater) {
  sw.add_port("g1", {.segment_vlans = {{10, "green"}}});
  sw.receive("g1", tagged(a, broadcast, 10));
  EXPECT_EQ(sw.drops(DropReason::unknown_segment), 1U);

  sw.set_segments({replicated("green", 5003, {ip("192.0.2.2")})});
  sw.receive("g1", tagged(a, broadcast, 10));
  EXPECT_THAT(copies(sw), ElementsAre("5003>192.0.2.2"));
}

TEST_F(SegmentStory, ProtectedPortsDoNotHearEachOther) {
  sw.bridge().set_vlan("r1", {.segment = "red", .is_protected = true});
  sw.bridge().set_vlan("r2", {.segment = "red", .is_protected = true});
  sw.add_port("r3", in("red"));

  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
  EXPECT_THAT(sw.sent("r3"), SizeIs(1));
  EXPECT_THAT(copies(sw), SizeIs(2));
  sw.receive("r2", from_to(b, a));
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  sw.receive("r3", from_to(c, a));
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
}

// A thousand remotes: each gets a copy, and decisions of many senders share the list.
TEST_F(SegmentStory, LongListsReachEveryVtepFromAccessPortsAndGateways) {
  std::vector<IpAddress> vteps;
  for (uint32_t i = 0; i < 1000; ++i) {
    vteps.emplace_back(Ipv4Address::from_host(0xc0000300 + i));
  }
  sw.set_segments({replicated("red", 5001, vteps)});
  sw.add_port("g1", {.segment_vlans = {{10, "red"}}});

  sw.receive("r1", from_to(a, broadcast));
  const std::vector<datapath::MemoryFrame> sent = sw.sent_with_metadata("vx0");
  ASSERT_THAT(sent, SizeIs(1000));
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(sent[i].tunnel.destination(), vteps[i]);
    EXPECT_EQ(Frame(sent[i].bytes), from_to(a, broadcast));
  }
  EXPECT_THAT(sw.sent("g1"), ElementsAre(tagged(a, broadcast, 10)));
  EXPECT_THAT(sw.sent("r2"), SizeIs(1));

  sw.receive("g1", tagged(b, broadcast, 10));
  const std::vector<datapath::MemoryFrame> again = sw.sent_with_metadata("vx0");
  ASSERT_THAT(again, SizeIs(1000));
  EXPECT_EQ(Frame(again.back().bytes), from_to(b, broadcast));
  EXPECT_THAT(sw.sent("r2"), ElementsAre(from_to(b, broadcast)));
}

// The guest's first frame after a migration goes to one other guest; all hosts must hear where it is now.
TEST_F(SegmentStory, GuestThatCameHereIsAnnounced) {
  sw.receive("vx0", from_to(a, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5001));
  sw.sent("r2");

  sw.receive("r1", from_to(a, b));

  Bytes announcement = frame().eth(a, broadcast).rarp(3, a, "0.0.0.0", a, "0.0.0.0").bytes();
  announcement.resize(60);
  EXPECT_THAT(copies(sw), UnorderedElementsAre("5001>192.0.2.2", "5001>192.0.2.2", "5001>192.0.2.3"));
  EXPECT_THAT(sw.sent("r2"), ElementsAre(Frame(announcement)));
  EXPECT_THAT(sw.sent("b1"), IsEmpty());

  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.2"));
}

TEST_F(SegmentStory, GuestThatAnnouncesItselfIsNotAnnouncedTwice) {
  sw.receive("vx0", from_to(a, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.2", "5001>192.0.2.3"));
}

TEST_F(SegmentStory, GuestThatLeftIsFollowedAtOnce) {
  sw.receive("r2", from_to(b, broadcast));
  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(sw.sent("r2"), SizeIs(1));
  copies(sw);

  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.sent("r2");
  sw.receive("r1", from_to(a, b));

  EXPECT_THAT(copies(sw), ElementsAre("5001>192.0.2.3"));
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
}

TEST_F(SegmentStory, WhatAVtepTaughtIsFlushedWhenAsked) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("vx0", from_to(c, broadcast), from_remote("192.0.2.2", 5001));

  EXPECT_EQ(sw.bridge().fdb_flush(ip("192.0.2.3")), 1U);
  sw.settle();
  sw.receive("r1", from_to(a, b));
  EXPECT_THAT(copies(sw), SizeIs(2));
  sw.receive("r1", from_to(a, c));
  EXPECT_THAT(copies(sw), SizeIs(1));
}

TEST_F(SegmentStory, AddressesBehindTunnelsAgeUnlessTheyAreUsed) {
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  sw.receive("vx0", from_to(c, broadcast), from_remote("192.0.2.3", 5001));
  for (int i = 0; i < 65; ++i) {
    sw.advance(5);
    sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.3", 5001));
  }
  EXPECT_THAT(sw.bridge().fdb_show(), HasSubstr(b));
  EXPECT_THAT(sw.bridge().fdb_show(), Not(HasSubstr(c)));
}

// A bridge whose segments have no tunnel port of their encapsulation still switches between local ports.
TEST_F(SegmentStory, SegmentWithoutATunnelPortIsLocal) {
  sw.set_segments({{.name = "green", .vni = 5003, .encap = ofproto::Encap::geneve, .vteps = {ip("192.0.2.2")}}});
  sw.add_port("g1", in("green"));
  sw.add_port("g2", in("green"));
  sw.receive("g1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("g2"), SizeIs(1));
  EXPECT_THAT(copies(sw), IsEmpty());

  // The id is green's, but this is no Geneve.
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5003));
  EXPECT_EQ(sw.drops(DropReason::unknown_segment), 1U);
}

// Flows may use the same tunnel port beside the segments.
TEST_F(SegmentStory, FlowTablesAndSegmentsShareATunnelPort) {
  sw.add_flow("priority=40000,in_port=v1,actions=set_field:77->tun_id,set_field:192.0.2.7->tun_dst,output:vx0");
  sw.add_flow("priority=40000,in_port=vx0,tun_id=77,actions=output:v1");

  sw.receive("v1", from_to(a, b));
  EXPECT_THAT(copies(sw), ElementsAre("77>192.0.2.7"));
  sw.receive("vx0", from_to(b, a), from_remote("192.0.2.7", 77));
  EXPECT_THAT(sw.sent("v1"), SizeIs(1));
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(copies(sw), SizeIs(2));
}

TEST_F(SegmentStory, TunnelPortThatGoesAndComesBack) {
  sw.receive("r1", from_to(a, broadcast));
  copies(sw);
  sw.remove_port("vx0");
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(2));

  sw.add_tunnel("vx0");
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(copies(sw), SizeIs(2));
}

TEST_F(SegmentStory, MegaflowOfAFloodNamesNoTunnelFields) {
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_EQ(sw.megaflows(),
            "in_port=r1,vlan_tci=0x0000/0x1fff,dl_src=02:00:00:00:00:0a,dl_dst=ff:ff:ff:ff:ff:ff "
            "actions=output:r2,set_tunnel(tun_id=0x1389,dst=192.0.2.2,ttl=64,df,csum),output:vx0,"
            "set_tunnel(tun_id=0x1389,dst=192.0.2.3,ttl=64,df,csum),output:vx0\n");
}

}  // namespace
}  // namespace weft::segment_story
