// Tables, instructions, groups, patch ports: the order of things.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Frame ip_frame = frame().ipv4("10.0.0.1", "10.0.0.2");

TEST(PipelineStory, GotoLeadsThroughTablesAndEachRuleCounts) {
  TestSwitch sw{"p1", "p10"};
  sw.add_flow("table=0,actions=goto_table:1");
  sw.add_flow("table=1,udp,actions=goto_table:7");
  sw.add_flow("table=7,actions=output:p10");

  sw.receive("p1", small_udp());
  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.sent("p10").size(), 2U);
  EXPECT_EQ(sw.packets("table=0"), 2U);
  EXPECT_EQ(sw.packets("table=1"), 2U);
  EXPECT_EQ(sw.packets("table=7"), 2U);
}

TEST(PipelineStory, HigherPriorityDecidesAndItsBitsMatter) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("priority=10,actions=output:p2");
  sw.add_flow("priority=20,udp,tp_dst=53,actions=output:p3");

  sw.receive("p1", ip_frame.udp(1, 53));
  sw.receive("p1", ip_frame.udp(1, 54));
  sw.receive("p1", ip_frame.tcp(1, 53));

  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_EQ(sw.sent("p2").size(), 2U);
}

TEST(PipelineStory, MetadataIsCarriedAndMatched) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=0,in_port=p1,actions=write_metadata:0x12/0xff,goto_table:1");
  sw.add_flow("table=1,metadata=0x12,actions=output:p2");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n");
}

// The action set runs in its own order: push, set, output, however it was written. The later output counts.
TEST(PipelineStory, ActionSetRunsAtTheEndInItsOrder) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,udp,actions=write_actions(output:p3,set_field:9->udp_src),goto_table:1");
  sw.add_flow("table=1,actions=output:p3,write_actions(output:p2,push_vlan:0x8100)");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p3"), ElementsAre(small_udp()));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().vlan(0).ipv4("10.0.0.1", "10.0.0.2").udp(9, 53).payload("hi")));
}

TEST(PipelineStory, ClearActionsForgetsWhatWasWritten) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,actions=write_actions(output:p2),goto_table:1");
  sw.add_flow("table=1,actions=clear_actions,write_actions(output:p3)");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(sw.sent("p3").size(), 1U);
}

TEST(PipelineStory, MissInALaterTableDropsAndDoesNotRunTheActionSet) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=0,actions=write_actions(output:p2),goto_table:1");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);
}

TEST(PipelineStory, TableMissFlowSendsToTheController) {
  TestSwitch sw{"p1"};
  sw.add_flow("priority=0,actions=CONTROLLER:128");

  sw.receive("p1", small_udp());

  const auto events = sw.packet_ins();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].message.reason, openflow::PacketInReason::no_match);
  EXPECT_EQ(events[0].message.data, small_udp().bytes());
  EXPECT_EQ(events[0].max_len, 128);
  EXPECT_EQ(events[0].message.match.value(field(FieldId::in_port)).lo, 1U);
}

// OpenFlow 1.0 has no table-miss flow: its controllers are sent what no rule matches, others are not.
TEST(PipelineStory, AMissIsForControllersOfOpenFlow10) {
  TestSwitch sw{"p1"};
  sw.receive("p1", small_udp());
  EXPECT_EQ(sw.packet_ins().size(), 0U);
  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);

  sw.bridge().set_miss_to_controller(true);
  sw.settle();
  sw.receive("p1", small_udp());
  auto events = sw.packet_ins();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].is_implicit);
  EXPECT_EQ(events[0].message.reason, openflow::PacketInReason::no_match);
  EXPECT_EQ(events[0].message.data, small_udp().bytes());
  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);

  sw.bridge().set_miss_to_controller(false);
  sw.settle();
  sw.receive("p1", small_udp());
  EXPECT_EQ(sw.packet_ins().size(), 0U);
  EXPECT_EQ(sw.drops(DropReason::table_miss), 2U);

  sw.add_flow("priority=0,actions=CONTROLLER");
  sw.receive("p1", small_udp());
  events = sw.packet_ins();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_FALSE(events[0].is_implicit);
}

TEST(PipelineStory, ControllerGetsThePacketAsItIsAtThatPoint) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,cookie=0xabc,udp,actions=set_field:1->udp_src,CONTROLLER,set_field:2->udp_src,output:p2");

  sw.receive("p1", small_udp());

  const auto events = sw.packet_ins();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(Frame(events[0].message.data), ip_frame.udp(1, 53).payload("hi"));
  EXPECT_EQ(events[0].message.cookie, 0xabcU);
  EXPECT_EQ(events[0].message.reason, openflow::PacketInReason::action);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(ip_frame.udp(2, 53).payload("hi")));
}

TEST(PipelineStory, TablesCountWhatTheyWereAsked) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=0,actions=goto_table:1");
  sw.add_flow("table=1,in_port=p1,actions=output:p2");

  sw.receive("p1", small_udp());
  sw.receive("p2", small_udp());
  sw.receive("p2", small_udp());
  sw.collect();

  const auto stats = sw.bridge().table_stats();
  EXPECT_EQ(stats[0].lookup_count, 3U);
  EXPECT_EQ(stats[0].matched_count, 3U);
  EXPECT_EQ(stats[1].lookup_count, 3U);
  EXPECT_EQ(stats[1].matched_count, 1U);
}

// --- resubmit

TEST(ResubmitStory, FoundActionsRunInPlaceAndTheRestGoesOn) {
  TestSwitch sw{"p1", "p10", "p11", "p12"};
  sw.add_flow("table=0,actions=output:p10,resubmit(,1),output:p12");
  sw.add_flow("table=1,actions=output:p11");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p10,output:p11,output:p12\n");
}

TEST(ResubmitStory, OtherInPortIsForTheLookupAlone) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,in_port=p1,actions=resubmit(p3,1)");
  sw.add_flow("table=1,in_port=p3,actions=output:p3,in_port");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_EQ(sw.sent("p1").size(), 1U);
}

TEST(ResubmitStory, EndlessRecursionIsCutOffAndCounted) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=output:p2,resubmit(,0)");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::recursion_limit), 1U);
}

TEST(ResubmitStory, ExplodingRecursionIsCutOffAndCounted) {
  TestSwitch sw{"p1"};
  for (int table = 0; table < 20; ++table) {
    const std::string next = std::to_string(table + 1);
    sw.add_flow("table=" + std::to_string(table) + ",actions=resubmit(," + next + "),resubmit(," + next + ")");
  }

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.drops(DropReason::recursion_limit), 1U);
}

TEST(GroupStory, GroupsThatNameEachOtherTwiceAreCutOffAndCounted) {
  TestSwitch sw{"p1"};
  sw.add_group("group_id=40,type=all");
  for (int id = 39; id > 0; --id) {
    const std::string next = "group:" + std::to_string(id + 1);
    sw.add_group("group_id=" + std::to_string(id) + ",type=all,bucket=" + next + ",bucket=" + next);
  }
  sw.add_flow("actions=group:1");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.drops(DropReason::recursion_limit), 1U);
}

// Each level resubmits to the next table up, the last one back to the first: as deep as it gets.
TEST(ResubmitStory, DeepestAllowedRecursionFitsTheStack) {
  TestSwitch sw{"p1"};
  for (int table = 0; table < 253; ++table) {
    sw.add_flow("table=" + std::to_string(table) + ",actions=resubmit(," + std::to_string(table + 1) + ")");
  }
  sw.add_flow("table=253,actions=resubmit(,0)");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.drops(DropReason::recursion_limit), 1U);
}

TEST(ResubmitStory, ExitEndsEverythingButTheActionSet) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_flow("table=0,actions=resubmit(,1),output:p3,write_actions(output:p4)");
  sw.add_flow("table=1,actions=output:p2,exit,output:p3");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

// --- groups

TEST(GroupStory, AllGivesEachBucketItsOwnCopy) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_group("group_id=1,type=all,bucket=actions=set_field:1->udp_src,output:p2,bucket=actions=output:p3");
  sw.add_flow("udp,actions=group:1,output:p4");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(ip_frame.udp(1, 53).payload("hi")));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(small_udp()));
  EXPECT_THAT(sw.sent("p4"), ElementsAre(small_udp()));
}

TEST(GroupStory, BucketsAndGroupCountTheirPackets) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=5,type=all,bucket=actions=output:p2,bucket=actions=output:p3");
  sw.add_flow("actions=group:5");

  sw.receive("p1", small_udp());
  sw.receive("p1", small_udp());
  sw.collect();

  const auto stats = sw.bridge().group_stats(5);
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->packet_count, 2U);
  EXPECT_EQ(stats->byte_count, 2 * small_udp().size());
  ASSERT_EQ(stats->buckets.size(), 2U);
  EXPECT_EQ(stats->buckets[1].packet_count, 2U);
}

TEST(GroupStory, IndirectFollowsItsGroupWhenThatIsModified) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=indirect,bucket=actions=output:p2");
  sw.add_flow("actions=group:1");
  sw.receive("p1", small_udp());

  sw.mod_group("group_id=1,type=indirect,bucket=actions=output:p3");
  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.sent("p3").size(), 1U);
}

TEST(GroupStory, GroupsMayLeadToGroups) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=all,bucket=actions=output:p2,bucket=actions=output:p3");
  sw.add_group("group_id=2,type=indirect,bucket=actions=set_field:9->udp_dst,group:1");
  sw.add_flow("udp,actions=group:2");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(ip_frame.udp(4000, 9).payload("hi")));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(ip_frame.udp(4000, 9).payload("hi")));
}

// --- patch ports

TEST(PatchStory, PacketCrossesToTheOtherBridge) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("in_port=p1,actions=output:to1");
  sw.add_flow("in_port=to0,actions=output:q1", "br1");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("q1"), ElementsAre(small_udp()));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:q1\n");
  EXPECT_EQ(sw.packets("", "br1"), 1U);
  EXPECT_EQ(sw.bridge("br1").port_stats(sw.bridge("br1").port("to0")->of_port)->rx_packets, 1U);
  EXPECT_EQ(sw.bridge().port_stats(sw.bridge().port("to1")->of_port)->tx_bytes, small_udp().size());
}

TEST(PatchStory, FarSideStartsAfreshAndItsChangesStayThere) {
  TestSwitch sw{"p1", "p2"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("in_port=p1,udp,actions=load:5->NXM_NX_REG0[],output:to1,output:p2");
  sw.add_flow("reg0=0,udp,actions=set_field:7->udp_src,output:q1", "br1");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("q1"), ElementsAre(ip_frame.udp(7, 53).payload("hi")));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(small_udp()));
}

TEST(PatchStory, LoopOfPatchPortsEnds) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("in_port=p1,actions=output:to1");
  sw.add_flow("in_port=to1,actions=in_port");
  sw.add_flow("actions=in_port", "br1");

  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.drops(DropReason::recursion_limit), 1U);
}

TEST(PatchStory, PeerThatAppearsIsUsed) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  sw.add_port("q1", {}, "br1");
  sw.add_flow("actions=flood", "br1");
  ASSERT_TRUE(sw.bridge().add_port({"to1", ofproto::PatchSpec{"to0"}, std::nullopt, {}}));
  sw.add_flow("in_port=p1,actions=output:to1");
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("q1"), IsEmpty());

  ASSERT_TRUE(sw.bridge("br1").add_port({"to0", ofproto::PatchSpec{"to1"}, std::nullopt, {}}));
  sw.settle();
  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.sent("q1").size(), 1U);
}

}  // namespace
}  // namespace weft
