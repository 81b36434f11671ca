// Meters: who passes, what is counted, and what goes with a meter that is deleted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void receive(TestSwitch& sw, int count, const Frame& frame, const char* port = "p1") {
  for (int i = 0; i < count; ++i) {
    sw.receive(port, frame);
  }
}

TEST(MeterStory, PacketsOverTheRateAreDroppedUnderTheirOwnReason) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,burst,stats,band=type=drop,rate=10,burst_size=5");
  sw.add_flow("in_port=p1,actions=meter:1,output:p2");
  receive(sw, 8, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(5));
  EXPECT_EQ(sw.drops(DropReason::meter_exceeded), 3U);
  sw.advance(0.25);
  receive(sw, 8, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(2));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=meter(1),output:p2\n");

  const auto stats = sw.meter(1);
  EXPECT_EQ(stats.flow_count, 1U);
  EXPECT_EQ(stats.packet_count, 16U);
  EXPECT_EQ(stats.byte_count, 1600U);
  EXPECT_THAT(stats.bands, ElementsAre(openflow::MeterBandCounters{9, 900}));
  EXPECT_EQ(sw.packets("in_port=p1"), 16U) << "a rule counts what it handled";
}

TEST(MeterStory, KilobitsPerSecond) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,kbps,band=type=drop,rate=8");
  sw.add_flow("in_port=p1,actions=meter:1,output:p2");
  receive(sw, 15, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(10));
}

// One bucket, whatever rule and megaflow a packet comes by.
TEST(MeterStory, RulesShareTheirMeter) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=10");
  sw.add_flow("in_port=p1,actions=meter:1,output:p3");
  sw.add_flow("in_port=p2,actions=meter:1,output:p3");
  receive(sw, 7, udp_of_size(100), "p1");
  receive(sw, 7, udp_of_size(100), "p2");
  EXPECT_THAT(sw.sent("p3"), SizeIs(10));
  EXPECT_EQ(sw.meter(1).flow_count, 2U);
}

TEST(MeterStory, WorkersShareTheirMeter) {
  TestSwitch sw{{.worker_count = 2}, {"p1", "p2", "p3"}};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=10");
  sw.add_flow("actions=meter:1,output:p3");
  receive(sw, 7, udp_of_size(100), "p1");
  receive(sw, 7, udp_of_size(100), "p2");
  EXPECT_THAT(sw.sent("p3"), SizeIs(10));
  EXPECT_EQ(sw.meter(1).packet_count, 14U);
}

TEST(MeterStory, RemarkedPacketsGoOn) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=dscp_remark,rate=1,prec_level=1");
  sw.add_flow("in_port=p1,actions=meter:1,output:p2");
  const auto with_dscp = [](uint8_t dscp) {
    return frame().ipv4("10.0.0.1", "10.0.0.2").tos(static_cast<uint8_t>(dscp << 2)).udp(1, 2);
  };
  receive(sw, 2, with_dscp(10));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(with_dscp(10), with_dscp(12)));
}

// What a flow sets is so, whatever the meter made of it before.
TEST(MeterStory, SetFieldBehindAMeterIsToldAlways) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=dscp_remark,rate=1,prec_level=1");
  sw.add_flow("in_port=p1,ip,nw_tos=40,actions=meter:1,set_field:10->ip_dscp,output:p2");
  const Frame af11 = frame().ipv4("10.0.0.1", "10.0.0.2").tos(10 << 2).udp(1, 2);
  receive(sw, 2, af11);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(af11, af11));
}

TEST(MeterStory, MeterOfALaterTableIsChargedThere) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  sw.add_flow("in_port=p1,actions=output:p2,goto_table:1");
  sw.add_flow("table=1,actions=meter:1,output:p3");
  receive(sw, 3, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  EXPECT_EQ(sw.drops(DropReason::meter_exceeded), 2U);
}

TEST(MeterStory, PacketsThatAreDroppedAnywayAreMetered) {
  TestSwitch sw{"p1"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=2");
  sw.add_flow("in_port=p1,actions=meter:1");
  receive(sw, 5, udp_of_size(100));
  EXPECT_EQ(sw.meter(1).packet_count, 5U);
  EXPECT_EQ(sw.drops(DropReason::meter_exceeded), 3U);
  EXPECT_EQ(sw.drops(DropReason::action_drop), 2U);
}

TEST(MeterStory, ModifiedMeterIsMetByTheVeryNextPacket) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  sw.add_flow("in_port=p1,actions=meter:1,output:p2");
  receive(sw, 5, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  sw.mod_meter("meter=1,pktps,band=type=drop,rate=3");
  receive(sw, 5, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
  EXPECT_EQ(sw.meter(1).packet_count, 10U);
  EXPECT_EQ(sw.misses(), 1U) << "the decision names the meter, not its rates";
}

TEST(MeterStory, DeletedMeterTakesItsFlowsAlong) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  sw.add_meter("meter=2,pktps,band=type=drop,rate=1");
  sw.add_flow("priority=3,in_port=p1,send_flow_rem,actions=meter:1,output:p2");
  sw.add_flow("priority=2,ip,actions=meter:2,output:p2");
  sw.add_flow("priority=1,actions=output:p2");
  sw.del_meters("meter=1");
  EXPECT_THAT(sw.flow_stats({}), SizeIs(2));
  ASSERT_THAT(sw.heard().flows_removed, SizeIs(1));
  EXPECT_EQ(sw.heard().flows_removed[0].reason, openflow::FlowRemovedReason::meter_removed);
  sw.del_meters();
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
  EXPECT_THAT(sw.bridge().meter_numbers(), IsEmpty());
}

openflow::GroupMod group_with(uint32_t number, openflow::ActionList actions) {
  openflow::GroupMod mod;
  mod.group_id = number;
  mod.buckets.emplace_back().actions = std::move(actions);
  return mod;
}

// The bucket stayed, and named a meter that was not there.
TEST(MeterStory, DeletedMeterTakesItsGroupsAlong) {
  using openflow::GroupAction;
  using openflow::MeterAction;
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  sw.add_meter("meter=2,pktps,band=type=drop,rate=1");
  const auto put = [&](uint32_t number, openflow::ActionList actions) {
    ASSERT_TRUE(sw.bridge().apply(group_with(number, std::move(actions))));
  };
  put(10, {MeterAction{1}, openflow::OutputAction{.port = OfPort{2}}});
  put(11, {GroupAction{10}});
  put(12, {MeterAction{2}});
  put(13, {openflow::OutputAction{.port = OfPort{2}}});
  sw.add_flow("priority=3,in_port=p1,send_flow_rem,actions=group:11");
  sw.add_flow("priority=2,ip,actions=group:12");
  sw.add_flow("priority=1,actions=group:13");
  sw.del_meters("meter=1");
  EXPECT_THAT(sw.bridge().group_numbers(), ElementsAre(12, 13));
  EXPECT_THAT(sw.flow_stats({}), SizeIs(2));
  ASSERT_THAT(sw.heard().flows_removed, SizeIs(1));
  EXPECT_EQ(sw.heard().flows_removed[0].reason, openflow::FlowRemovedReason::group_removed);
  sw.del_meters();
  EXPECT_THAT(sw.bridge().group_numbers(), ElementsAre(13));
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
}

TEST(MeterStory, AModifiedGroupLetsItsMeterGo) {
  TestSwitch sw{"p1"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  openflow::GroupMod mod = group_with(10, {openflow::MeterAction{1}});
  ASSERT_TRUE(sw.bridge().apply(mod));
  mod.command = openflow::GroupModCommand::modify;
  mod.buckets[0].actions = {};
  ASSERT_TRUE(sw.bridge().apply(mod));
  sw.del_meters();
  EXPECT_THAT(sw.bridge().group_numbers(), ElementsAre(10));
}

// OpenFlow 1.5.1 section 7.5.4.3: the action of 1.5 has an error of its own.
TEST(MeterStory, AnActionThatNamesNoMeterIsRefused) {
  const auto bad_meter = openflow::OpenFlowError(openflow::ErrorCode::ofpbac_bad_meter);
  TestSwitch sw{"p1"};
  EXPECT_EQ(sw.bridge().apply(group_with(10, {openflow::MeterAction{7}})).error(), bad_meter);
  EXPECT_THAT(sw.bridge().group_numbers(), IsEmpty());
  openflow::FlowMod mod;
  mod.instructions.apply = openflow::ActionList{openflow::MeterAction{7}};
  EXPECT_EQ(sw.bridge().apply(mod).error(), bad_meter);
}

// More than go at once; what else would change tables meanwhile waits.
TEST(MeterStory, DeletedMetersTakeManyFlowsAlong) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  sw.add_meter("meter=2,pktps,band=type=drop,rate=1");
  constexpr int count = 600;
  for (int i = 0; i < count; ++i) {
    sw.add_flow("in_port=p1,ip,nw_src=10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) +
                ",actions=meter:" + std::to_string(1 + i % 2) + ",output:p2");
  }
  sw.del_meters();
  EXPECT_THAT(sw.flow_stats({}), IsEmpty());
  EXPECT_THAT(sw.bridge().meter_numbers(), IsEmpty());
}

TEST(MeterStory, FlowCountFollowsTheFlows) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  sw.add_flow("in_port=p1,actions=meter:1,output:p2");
  sw.add_flow("in_port=p2,actions=meter:1,output:p1");
  EXPECT_EQ(sw.meter(1).flow_count, 2U);
  sw.mod_flows("in_port=p1,actions=output:p2");
  EXPECT_EQ(sw.meter(1).flow_count, 1U);
  sw.del_flows("in_port=p2");
  EXPECT_EQ(sw.meter(1).flow_count, 0U);
  sw.advance(2.5);
  EXPECT_EQ(sw.meter(1).duration.seconds, 2U);
}

TEST(MeterStory, FlowThatNamesNoMeterIsRefused) {
  TestSwitch sw{"p1"};
  openflow::FlowMod mod;
  mod.instructions.meter = 7;
  const auto applied = sw.bridge().apply(mod);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error(), openflow::OpenFlowError(openflow::ErrorCode::ofpmmfc_invalid_meter));
}

// The action of 1.5 stands where it is written; in an action set behind the set-fields.
TEST(MeterStory, MeterActionStandsInItsList) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=1");
  openflow::FlowMod mod;
  mod.instructions.apply = openflow::ActionList{openflow::OutputAction{.port = OfPort{2}}, openflow::MeterAction{1},
                                                openflow::OutputAction{.port = OfPort{3}}};
  ASSERT_TRUE(sw.bridge().apply(mod));
  sw.settle();
  receive(sw, 3, udp_of_size(100));
  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  EXPECT_EQ(sw.meter(1).flow_count, 1U);
}

// --- packet-ins

TEST(MeterStory, ControllerMeterLimitsPacketIns) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=controller,output:p2");
  receive(sw, 3, udp_of_size(100));
  EXPECT_THAT(sw.packet_ins(), SizeIs(3));
  sw.add_meter("meter=controller,pktps,band=type=drop,rate=2");
  receive(sw, 5, udp_of_size(100));
  EXPECT_THAT(sw.packet_ins(), SizeIs(2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(8));
  EXPECT_EQ(sw.drops(DropReason::meter_exceeded), 0U) << "they went elsewhere";
  EXPECT_EQ(sw.meter(openflow::meter_id::controller).packet_count, 5U);
  sw.del_meters("meter=controller");
  receive(sw, 5, udp_of_size(100));
  EXPECT_THAT(sw.packet_ins(), SizeIs(5));
}

TEST(MeterStory, ControllerActionMayNameItsMeter) {
  TestSwitch sw{"p1"};
  sw.add_meter("meter=controller,pktps,band=type=drop,rate=1");
  sw.add_meter("meter=5,pktps,band=type=drop,rate=3");
  sw.add_flow("in_port=p1,actions=controller(max_len=100,meter_id=5)");
  receive(sw, 6, udp_of_size(100));
  EXPECT_THAT(sw.packet_ins(), SizeIs(3));
  EXPECT_EQ(sw.drops(DropReason::meter_exceeded), 3U);
  EXPECT_EQ(sw.meter(5).flow_count, 1U);
}

TEST(MeterStory, SlowPathMeterIsKeptAndShown) {
  TestSwitch sw{"p1"};
  sw.add_meter("meter=slowpath,pktps,band=type=drop,rate=1");
  EXPECT_THAT(sw.bridge().meter_numbers(), ElementsAre(openflow::meter_id::slow_path));
}

}  // namespace
}  // namespace weft
