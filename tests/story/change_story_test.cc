// Changing packets: VLAN tags, labels, fields, TTL; and which bits a decision depends on because of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Frame padded_udp(Frame from = frame()) {
  return from.ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi, as long as a wire wants");
}

// --- tags

// An access port's tag is taken off, and only the fields looked at are remembered.
TEST(VlanStory, TagIsRemovedTowardsAnAccessPort) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,dl_vlan=10,actions=pop_vlan,output:p2");

  sw.receive("p1", padded_udp(frame().vlan(10)));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp()));
  EXPECT_EQ(sw.megaflows(), "in_port=p1,dl_vlan=10 actions=pop_vlan,output:p2\n");
}

TEST(VlanStory, MegaflowOfATagCoversItsPrioritiesAndNoOtherTag) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,dl_vlan=10,actions=pop_vlan,output:p2");
  sw.receive("p1", padded_udp(frame().vlan(10)));

  sw.receive("p1", padded_udp(frame().vlan(10, 5)));
  EXPECT_EQ(sw.misses(), 1U);

  sw.receive("p1", padded_udp(frame().vlan(11)));
  EXPECT_EQ(sw.misses(), 2U);
  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);
}

TEST(VlanStory, TagIsPushedAndFilledIn) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=push_vlan:0x8100,set_field:4106->vlan_vid,set_field:3->vlan_pcp,output:p2");

  sw.receive("p1", padded_udp());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp(frame().vlan(10, 3))));
  EXPECT_THAT(sw.megaflows(), HasSubstr("actions=push_vlan(vid=10,pcp=3),output:p2"));
}

TEST(VlanStory, TagThatIsPushedAndPoppedCostsNothing) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=push_vlan:0x8100,pop_vlan,output:p2");

  sw.receive("p1", padded_udp());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp()));
  EXPECT_THAT(sw.megaflows(), HasSubstr("actions=output:p2"));
}

// The key knows two tags; the packet is changed behind three of them all the same.
TEST(VlanStory, WhatLiesBehindAThirdTagIsReached) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow(
      "priority=2,in_port=p1,ip,actions=push_vlan:0x88a8,set_field:4116->vlan_vid,set_field:10.0.0.9->ip_dst,"
      "output:p2");
  sw.add_flow(
      "priority=2,in_port=p3,ip,actions=push_mpls:0x8847,set_field:77->mpls_label,push_vlan:0x88a8,"
      "set_field:4116->vlan_vid,output:p2");
  const Frame twice = frame().vlan(10, 0, 0x88a8).vlan(20);
  const Frame thrice = frame().vlan(20, 0, 0x88a8).vlan(10, 0, 0x88a8).vlan(20);

  sw.receive("p1", twice.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi, as long as a wire wants"));
  sw.receive("p3", twice.ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi, as long as a wire wants"));

  EXPECT_THAT(
      sw.sent("p2"),
      ElementsAre(thrice.ipv4("10.0.0.1", "10.0.0.9").udp(1, 2).payload("hi, as long as a wire wants"),
                  thrice.mpls(77).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi, as long as a wire wants")));
}

TEST(VlanStory, SecondTagGoesAroundTheFirst) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,dl_vlan=10,actions=push_vlan:0x88a8,set_field:4116->vlan_vid,output:p2");

  sw.receive("p1", padded_udp(frame().vlan(10)));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp(frame().vlan(20, 0, 0x88a8).vlan(10))));
}

TEST(VlanStory, TagThatWasSetBeforeAnotherIsPushedKeepsItsValue) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "in_port=p1,dl_vlan=10,actions=set_field:4107->vlan_vid,push_vlan:0x8100,set_field:4116->vlan_vid,output:p2");

  sw.receive("p1", padded_udp(frame().vlan(10, 2)));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp(frame().vlan(20, 2).vlan(11, 2))));
}

// What is behind the popped tag came from the packet: it matters now.
TEST(VlanStory, InnerTagMattersOnceItIsMatched) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,dl_vlan=10,actions=pop_vlan,resubmit(,1)");
  sw.add_flow("table=1,dl_vlan=20,actions=output:p2");
  sw.add_flow("table=1,dl_vlan=21,actions=output:p3");

  sw.receive("p1", padded_udp(frame().vlan(10).vlan(20)));
  sw.receive("p1", padded_udp(frame().vlan(10).vlan(21)));
  sw.receive("p1", padded_udp(frame().vlan(10).vlan(20)));

  EXPECT_EQ(sw.sent("p2").size(), 2U);
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_EQ(sw.misses(), 2U);
}

TEST(VlanStory, OldActionTagsAPacketThatHasNone) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=mod_vlan_vid:7,output:p2");

  sw.receive("p1", padded_udp());
  sw.receive("p1", padded_udp(frame().vlan(5, 4)));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp(frame().vlan(7)), padded_udp(frame().vlan(7, 4))));
}

// --- labels

TEST(MplsStory, LabelIsPushedWithThePacketsTtl) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,ip,actions=push_mpls:0x8847,set_field:100->mpls_label,output:p2");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(17).udp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(18).udp(1, 2));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().mpls(100, 0, 17).ipv4("10.0.0.1", "10.0.0.2").ttl(17).udp(1, 2),
                                         frame().mpls(100, 0, 18).ipv4("10.0.0.1", "10.0.0.2").ttl(18).udp(1, 2)));
  EXPECT_EQ(sw.misses(), 2U);
}

TEST(MplsStory, LastLabelIsPopped) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_label=100,actions=pop_mpls:0x0800,output:p2");

  sw.receive("p1", padded_udp(frame().mpls(100)));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp()));
}

TEST(MplsStory, LabelBehindThePoppedOneIsMatched) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,mpls,mpls_label=100,actions=pop_mpls:0x8847,resubmit(,1)");
  sw.add_flow("table=1,mpls,mpls_label=200,actions=output:p2");
  sw.add_flow("table=1,mpls,mpls_label=201,actions=output:p3");

  sw.receive("p1", padded_udp(frame().mpls(100).mpls(200)));
  sw.receive("p1", padded_udp(frame().mpls(100).mpls(201)));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp(frame().mpls(200))));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(padded_udp(frame().mpls(201))));
}

// --- fields

TEST(SetFieldStory, FieldsAreRewrittenAndChecksumsFollow) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "in_port=p1,udp,actions=set_field:02:00:00:00:00:99->eth_dst,set_field:192.0.2.1->ip_src,"
      "set_field:1234->udp_dst,output:p2");

  sw.receive("p1", padded_udp());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame()
                                             .eth("02:00:00:00:00:01", "02:00:00:00:00:99")
                                             .ipv4("192.0.2.1", "10.0.0.2")
                                             .udp(4000, 1234)
                                             .payload("hi, as long as a wire wants")));
}

// The value that was overwritten says nothing about the decision.
TEST(SetFieldStory, MatchOnAWrittenFieldDoesNotNarrowTheMegaflow) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=0,ip,actions=set_field:192.0.2.9->ip_dst,resubmit(,1)");
  sw.add_flow("table=1,ip,nw_dst=192.0.2.9,actions=output:p2");

  sw.receive("p1", padded_udp());
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.7.7.7").udp(9, 9));

  EXPECT_EQ(sw.sent("p2").size(), 2U);
  EXPECT_EQ(sw.misses(), 1U);
  EXPECT_THAT(sw.megaflows(), Not(HasSubstr("nw_dst")));
}

TEST(SetFieldStory, SameValueAsThePacketsIsNotSetWhenItIsKnown) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("ip,nw_dst=10.0.0.2,actions=set_field:10.0.0.2->ip_dst,output:p2");

  sw.receive("p1", padded_udp());

  EXPECT_THAT(sw.megaflows(), Not(HasSubstr("set_field")));
}

// What the field held was never looked at, so the packet of next time may hold something else.
TEST(SetFieldStory, SameValueAsThePacketsIsSetWhenItIsNotKnown) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=set_field:02:00:00:00:00:02->eth_dst,output:p2");

  sw.receive("p1", padded_udp());
  sw.receive("p1", padded_udp(frame().eth("02:00:00:00:00:01", "02:00:00:00:00:77")));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(padded_udp(), padded_udp()));
  EXPECT_EQ(sw.misses(), 1U);
}

TEST(SetFieldStory, OutputsSeeThePacketAsItWasThen) {
  TestSwitch sw{"p1", "p10", "p11", "p12"};
  sw.add_flow("in_port=p1,udp,actions=output:p10,set_field:1->udp_src,output:p11,set_field:2->udp_src,output:p12");

  sw.receive("p1", padded_udp());

  const Frame ip = frame().ipv4("10.0.0.1", "10.0.0.2");
  EXPECT_THAT(sw.sent("p10"), ElementsAre(ip.udp(4000, 53).payload("hi, as long as a wire wants")));
  EXPECT_THAT(sw.sent("p11"), ElementsAre(ip.udp(1, 53).payload("hi, as long as a wire wants")));
  EXPECT_THAT(sw.sent("p12"), ElementsAre(ip.udp(2, 53).payload("hi, as long as a wire wants")));
}

TEST(SetFieldStory, FieldThatThePacketDoesNotHaveIsLeftAlone) {
  TestSwitch sw{"p1", "p2"};
  sw.add_group("group_id=1,type=indirect,bucket=actions=set_field:1->udp_src,output:p2");
  sw.add_flow("actions=group:1");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").tcp(5, 6));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").udp(5, 6));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").tcp(5, 6),
                                         frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 6)));
}

TEST(SetFieldStory, RegistersCarryValuesBetweenTables) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=0,actions=load:0x5->NXM_NX_REG0[],move:NXM_NX_REG0[0..3]->NXM_NX_REG1[4..7],resubmit(,1)");
  sw.add_flow("table=1,reg1=0x50,actions=output:p2");

  sw.receive("p1", padded_udp());

  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n");
}

TEST(SetFieldStory, MovedBitsMatter) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,udp,actions=move:NXM_OF_UDP_DST[0..7]->NXM_NX_REG0[0..7],resubmit(,1)");
  sw.add_flow("table=1,reg0=53,actions=output:p2");
  sw.add_flow("table=1,reg0=54,actions=output:p3");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 53));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 54));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").udp(2, 0x135));

  EXPECT_EQ(sw.sent("p2").size(), 2U);
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_EQ(sw.misses(), 2U);
}

// --- TTL

TEST(TtlStory, TtlIsDecrementedForManyValuesByOneMegaflow) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("ip,actions=dec_ttl,output:p2");

  for (const uint8_t ttl : {64, 65, 100, 127}) {
    sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(ttl).udp(1, 2));
  }

  EXPECT_EQ(sw.misses(), 1U);
  EXPECT_EQ(sw.sent("p2").back(), frame().ipv4("10.0.0.1", "10.0.0.2").ttl(126).udp(1, 2));
}

TEST(TtlStory, PacketWhoseTtlRunsOutIsDroppedAndCounted) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("ip,actions=dec_ttl,output:p2");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(64).udp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(1).udp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(0).udp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(2).udp(1, 2));

  EXPECT_EQ(sw.sent("p2").size(), 2U);
  EXPECT_EQ(sw.drops(DropReason::ttl_exceeded), 2U);
}

TEST(TtlStory, ControllerIsToldOfARunOutTtlWhenItWantsTo) {
  TestSwitch sw{"p1", "p2"};
  sw.bridge().set_invalid_ttl_to_controller(true);
  sw.add_flow("ip,cookie=0x7,actions=dec_ttl,output:p2");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(1).udp(1, 2));

  const auto events = sw.packet_ins();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].message.reason, openflow::PacketInReason::invalid_ttl);
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
}

TEST(TtlStory, MatchOnADecrementedTtlSeesTheNewValue) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,ip,actions=dec_ttl,resubmit(,1)");
  sw.add_flow("table=1,ip,nw_ttl=63,actions=output:p2");
  sw.add_flow("table=1,priority=1,actions=output:p3");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(64).udp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(65).udp(1, 2));

  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.sent("p3").size(), 1U);
}

TEST(TtlStory, HopLimitIsATtl) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("ipv6,actions=dec_ttl,dec_ttl,output:p2");

  sw.receive("p1", frame().ipv6("fd00::1", "fd00::2").ttl(9).udp(1, 2));
  sw.receive("p1", frame().ipv6("fd00::1", "fd00::2").ttl(2).udp(1, 2));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv6("fd00::1", "fd00::2").ttl(7).udp(1, 2)));
  EXPECT_EQ(sw.drops(DropReason::ttl_exceeded), 1U);
}

}  // namespace
}  // namespace weft
