// Guests that storm: how much a port floods into a segment or VLAN, and what is never limited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/segment_frames.h"
#include "tests/support/test_switch.h"

namespace weft::storm_story {
namespace {

using ofproto::Segment;
using ofproto::VlanConfig;
using segment_frames::from_remote;
using segment_frames::from_to;
using segment_frames::ip;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* a = "02:00:00:00:00:0a";
constexpr const char* b = "02:00:00:00:00:0b";
constexpr const char* unknown = "02:00:00:00:00:99";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";

Segment segment(const char* name, uint32_t vni, std::optional<uint32_t> limit) {
  return {.name = name, .vni = vni, .vteps = {ip("192.0.2.2")}, .storm_limit = limit};
}

// r1 and r2 in `red`, which is limited to 5 a second, b1 and b2 in `blue`, which is not; v1 and v2 in VLAN 0.
class StormStory : public ::testing::Test {
 protected:
  StormStory() {
    sw.add_flow("actions=NORMAL");
    sw.add_tunnel("vx0");
    for (const char* port : {"r1", "r2"}) {
      sw.add_port(port, {.segment = "red"});
    }
    for (const char* port : {"b1", "b2"}) {
      sw.add_port(port, {.segment = "blue"});
    }
    sw.add_port("v1");
    sw.add_port("v2");
    sw.set_segments({segment("red", 5001, 5), segment("blue", 5002, std::nullopt)});
  }
  void receive(int count, const char* port, const Frame& frame, const PacketTunnel& tunnel = {}) {
    for (int i = 0; i < count; ++i) {
      sw.receive(port, frame, tunnel);
    }
  }

  TestSwitch sw{};
};

TEST_F(StormStory, BroadcastsAboveTheLimitGoNowhereAndAreCounted) {
  receive(8, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(5));
  EXPECT_THAT(sw.sent_with_metadata("vx0"), SizeIs(5));
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 3U);
  EXPECT_EQ(sw.drops(DropReason::meter_exceeded), 0U);
  sw.advance(0.4);
  receive(8, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(2));
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 9U);
}

TEST_F(StormStory, UnknownUnicastsAndMulticastsShareTheLimit) {
  receive(3, "r1", from_to(a, unknown));
  receive(3, "r1", from_to(a, "01:00:5e:00:00:01"));
  receive(3, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(5));
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 4U);
}

TEST_F(StormStory, LearnedAddressesAreNeverLimited) {
  sw.receive("r2", from_to(b, a));
  receive(9, "r1", from_to(a, broadcast));
  sw.sent("r2");
  receive(20, "r1", from_to(a, b));
  EXPECT_THAT(sw.sent("r2"), SizeIs(20));
}

TEST_F(StormStory, EachPortHasItsOwn) {
  receive(8, "r1", from_to(a, broadcast));
  receive(8, "r2", from_to(b, broadcast));
  EXPECT_THAT(sw.sent("r1"), SizeIs(5));
  EXPECT_THAT(sw.sent("r2"), SizeIs(5));
  receive(8, "b1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("b2"), SizeIs(8)) << "a segment without a limit";
}

TEST_F(StormStory, WhatComesFromOtherHostsWasLimitedThere) {
  receive(20, "vx0", from_to(b, broadcast), from_remote("192.0.2.2", 5001));
  EXPECT_THAT(sw.sent("r1"), SizeIs(20));
}

TEST_F(StormStory, APortsOwnLimitGoesFirst) {
  sw.bridge().set_vlan("r1", {.segment = "red", .storm_limit = 2});
  sw.bridge().set_vlan("r2", {.segment = "red", .storm_limit = 0});
  sw.bridge().set_vlan("v1", {.storm_limit = 3});
  sw.settle();
  receive(8, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(2));
  receive(8, "r2", from_to(b, broadcast));
  EXPECT_THAT(sw.sent("r1"), SizeIs(8)) << "0: no limit";
  receive(8, "v1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("v2"), SizeIs(3)) << "VLANs too";
  sw.receive("v2", from_to(b, broadcast));
  receive(8, "v1", from_to(a, b));
  EXPECT_THAT(sw.sent("v2"), SizeIs(8));
}

// A port's setting says nothing about where addresses are.
TEST_F(StormStory, ALimitThatChangesForgetsNoAddress) {
  sw.receive("r2", from_to(b, broadcast));
  sw.bridge().set_vlan("r2", {.segment = "red", .storm_limit = 2});
  sw.settle();
  EXPECT_THAT(sw.bridge().fdb_show(), HasSubstr(b));
}

TEST_F(StormStory, AGatewayHasALimitForEachSegment) {
  sw.add_port("g1", {.segment_vlans = {{10, "red"}, {20, "blue"}}});
  const auto tagged = [](uint16_t vlan) {
    return frame().eth(a, broadcast).vlan(vlan).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
  };
  receive(8, "g1", tagged(10));
  receive(8, "g1", tagged(20));
  EXPECT_THAT(sw.sent("r1"), SizeIs(5));
  EXPECT_THAT(sw.sent("b1"), SizeIs(8));
}

// The limit ends the flood, not the rule: what stands before and behind NORMAL happens to every packet.
TEST_F(StormStory, OtherActionsOfTheRuleAreNotCutOff) {
  sw.add_port("tap");
  sw.add_port("tap2");
  sw.add_flow("priority=40000,ip,in_port=r1,actions=output:tap,NORMAL,mod_nw_tos:4,output:tap2");
  receive(8, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("tap"), SizeIs(8));
  EXPECT_THAT(sw.sent("tap2"), SizeIs(8));
  EXPECT_THAT(sw.sent("r2"), SizeIs(5));
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 3U);
}

TEST_F(StormStory, TheSwitchsOwnAndTheControllersFloodsAreNotThePorts) {
  receive(8, "r1", from_to(a, broadcast));
  sw.sent("r2");
  sw.packet_out("r1", "NORMAL", from_to(a, broadcast));
  sw.packet_out("r1", "output:TABLE", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(2));
}

// Publishing something else gives no new credit, and what is set anew is in force at once.
TEST_F(StormStory, TheMeterLivesAsLongAsTheSetting) {
  receive(5, "r1", from_to(a, broadcast));
  sw.sent("r2");
  sw.add_port("late", {.segment = "red"});
  sw.set_segments({segment("green", 5003, 7)});
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
  sw.set_segments({segment("red", 5001, 9)});
  receive(12, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(9));
  sw.set_segments({segment("red", 5001, std::nullopt)});
  receive(12, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), SizeIs(12));
}

TEST_F(StormStory, ALargeFrameCountsAsWhatItIsCutInto) {
  sw.receive("r1", frame().eth(a, unknown).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(4000).gso(1000));
  receive(3, "r1", from_to(a, broadcast));
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 2U);
}

TEST_F(StormStory, NobodyWhoHearsItNothingIsCharged) {
  sw.set_segments({{.name = "alone", .vni = 7, .storm_limit = 2}});
  sw.add_port("x1", {.segment = "alone"});
  receive(5, "x1", from_to(a, broadcast));
  EXPECT_EQ(sw.drops(DropReason::no_output), 5U);
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 0U);
}

TEST_F(StormStory, ItIsSeenInTracesAndDumpsAndIsNoMeterOfOpenFlow) {
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(sw.megaflows(), HasSubstr("actions=storm_limit(5),"));
  EXPECT_THAT(sw.trace("in_port=r1,dl_dst=ff:ff:ff:ff:ff:ff"),
              HasSubstr("the port may flood 5 frames a second (storm_limit)"));
  EXPECT_THAT(sw.bridge().meter_numbers(), IsEmpty());
  sw.receive("r2", from_to(b, a));
  EXPECT_THAT(sw.trace("in_port=r2,dl_src=02:00:00:00:00:0b,dl_dst=02:00:00:00:00:0a"), Not(HasSubstr("storm_limit")));
}

// A list that decisions share stays one.
TEST_F(StormStory, ManyRemotes) {
  Segment red = segment("red", 5001, 3);
  red.vteps.clear();
  for (uint32_t i = 0; i < 200; ++i) {
    red.vteps.emplace_back(Ipv4Address::from_host(0xc0000300 + i));
  }
  sw.set_segments({red});
  receive(5, "r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent_with_metadata("vx0"), SizeIs(600));
  EXPECT_THAT(sw.sent("r2"), SizeIs(3));
  EXPECT_EQ(sw.drops(DropReason::storm_limit), 2U);
  const auto balance = sw.datapath().balance();
  EXPECT_EQ(balance.received + balance.originated, balance.sent + balance.dropped + balance.absorbed);
}

// --- isolated ports

TEST_F(StormStory, IsolatedPortsHearGatewaysAndTunnelsAlone) {
  Segment red = segment("red", 5001, std::nullopt);
  red.isolates_ports = true;
  sw.set_segments({red});
  sw.add_port("g1", {.segment_vlans = {{10, "red"}}});

  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
  EXPECT_THAT(sw.sent("g1"), SizeIs(1));
  EXPECT_THAT(sw.sent_with_metadata("vx0"), SizeIs(1));
  sw.receive("r2", from_to(b, a));
  EXPECT_THAT(sw.sent("r1"), IsEmpty()) << "nor what is known";
  sw.receive("vx0", from_to(unknown, a), from_remote("192.0.2.2", 5001));
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  sw.receive("g1", frame().eth("02:00:00:00:00:77", b).vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));
  EXPECT_THAT(sw.sent("r2"), SizeIs(1));
  sw.receive("b1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("b2"), SizeIs(1)) << "another segment";

  red.isolates_ports = false;
  sw.set_segments({red});
  sw.receive("r2", from_to(b, a));
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
}

}  // namespace
}  // namespace weft::storm_story
