// Egress tables: what each copy goes through on its way to a port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/describe.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr uint8_t first_egress = 10;

Frame packet(uint16_t port = 53) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, port).payload("hi"); }

// A switch whose first egress table is 10.
class EgressStory : public ::testing::Test {
 protected:
  EgressStory() { sw.set_first_egress(first_egress); }

  TestSwitch sw{"p1", "p2", "p3"};
};

TEST_F(EgressStory, EachOutputGoesThroughTheEgressTablesOfItsPort) {
  sw.add_flow("in_port=p1,actions=output:p2,output:p3");
  sw.add_flow("table=10,actset_output=p2,actions=push_vlan:0x8100,set_field:4106->vlan_vid");
  sw.add_flow("table=10,actset_output=p3,actions=goto_table:11");
  sw.add_flow("table=11,ip,actions=dec_ttl");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi")));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(63).udp(4000, 53).payload("hi")));
  EXPECT_EQ(sw.packets("table=10"), 2U);
}

// What was done to the copy is not done to the packet behind the output.
TEST_F(EgressStory, TheNextOutputMeetsThePacketAsItWas) {
  sw.add_flow("in_port=p1,actions=output:p2,output:p3");
  sw.add_flow("table=10,actset_output=p2,ip,actions=set_field:10.9.9.9->ip_dst,set_field:7->reg1");
  sw.add_flow("table=10,actset_output=p3,reg1=0,actions=write_metadata:1");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.9.9.9").udp(4000, 53).payload("hi")));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(packet()));
}

TEST_F(EgressStory, TheCopyKeepsMetadataAndRegisters) {
  sw.add_flow("table=0,in_port=p1,actions=set_field:7->reg3,write_metadata:5,goto_table:1");
  sw.add_flow("table=1,actions=output:p2");
  sw.add_flow("table=10,reg3=7,metadata=5,in_port=p1,actions=write_metadata:5");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST_F(EgressStory, AMissDropsTheCopyAlone) {
  sw.add_flow("in_port=p1,actions=output:p2,output:p3");
  sw.add_flow("table=10,actset_output=p3,actions=write_metadata:1");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

TEST_F(EgressStory, AMissThatIsTheOnlyCopyCountsAsATableMiss) {
  sw.add_flow("in_port=p1,actions=output:p2");

  sw.receive("p1", packet());

  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);
}

// A rule drops by clearing the action set; one that does nothing lets the copy go.
TEST_F(EgressStory, ClearingTheActionSetDropsTheCopy) {
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,priority=2,udp,tp_dst=53,actions=clear_actions");
  sw.add_flow("table=10,priority=1,actions=drop");

  sw.receive("p1", packet(53));
  sw.receive("p1", packet(54));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(packet(54)));
}

TEST_F(EgressStory, TheActionSetsOutputGoesThroughEgress) {
  sw.add_flow("in_port=p1,ip,actions=write_actions(set_field:10.9.9.9->ip_dst,output:p2)");
  sw.add_flow("table=10,ip,nw_dst=10.9.9.9,actset_output=p2,actions=write_actions(dec_ttl)");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.9.9.9").ttl(63).udp(4000, 53).payload("hi")));
}

TEST_F(EgressStory, EachBucketAndEachFloodedCopyGoesThroughEgress) {
  sw.add_group("group_id=1,type=all,bucket=output:p2,bucket=output:p3");
  sw.add_flow("in_port=p1,udp,actions=group:1");
  sw.add_flow("in_port=p1,tcp,actions=FLOOD");
  sw.add_flow("in_port=p1,icmp,actions=NORMAL");
  sw.add_flow("in_port=p1,sctp,actions=ALL");
  sw.add_flow("table=10,actset_output=p2,actions=write_metadata:1");
  sw.add_flow("table=10,actset_output=p3,actions=clear_actions");

  sw.receive("p1", packet());
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").icmp(8, 0));

  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
  EXPECT_EQ(sw.packets("table=10,actset_output=p3"), 3U);
}

TEST_F(EgressStory, AnOutputOfAnEgressTableIsSentAsItIs) {
  sw.add_group("group_id=1,type=all,bucket=output:p3");
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,actset_output=p2,actions=output:p3,group:1");
  sw.add_flow("table=10,actset_output=p3,actions=clear_actions");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(2));
  EXPECT_EQ(sw.packets("table=10,actset_output=p3"), 0U);
}

TEST_F(EgressStory, APacketMayGoBackThroughEgressWhereInPortIsAsked) {
  sw.add_flow("in_port=p1,actions=IN_PORT,output:p1");
  sw.add_flow("table=10,actset_output=p1,actions=write_metadata:1");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p1"), ElementsAre(packet()));
  EXPECT_EQ(sw.packets("table=10"), 1U);
}

TEST_F(EgressStory, ThePacketOutsOutputsGoThroughEgressAndTheControllersDoNot) {
  sw.add_flow("table=0,actions=CONTROLLER:64,output:p3");
  sw.add_flow("table=10,actions=write_metadata:1");

  sw.packet_out("CONTROLLER", "output:p2,TABLE", packet());

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  EXPECT_THAT(sw.packet_ins(), SizeIs(1));
  EXPECT_EQ(sw.packets("table=10"), 2U);
}

TEST_F(EgressStory, APatchPortHasTheEgressTablesOfEachBridge) {
  sw.add_bridge("br1");
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.set_first_egress(20, "br1");
  sw.add_flow("in_port=p1,actions=output:to1");
  sw.add_flow("table=10,ip,actions=dec_ttl");
  sw.add_flow("actions=output:q1", "br1");
  sw.add_flow("table=20,ip,nw_ttl=63,actions=dec_ttl", "br1");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("q1"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(62).udp(4000, 53).payload("hi")));
}

TEST_F(EgressStory, EgressTablesSayWhereATunnelGoes) {
  sw.add_tunnel("vx0");
  sw.add_flow("in_port=p1,actions=output:vx0");
  sw.add_flow("table=10,actset_output=vx0,actions=set_field:77->tun_id,set_field:192.0.2.2->tun_dst");

  sw.receive("p1", packet());

  const auto sent = sw.sent_with_metadata("vx0");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent.front().tunnel.id, 77U);
  EXPECT_EQ(sent.front().tunnel.destination().to_string(), "192.0.2.2");
}

TEST_F(EgressStory, AMeterOfAnEgressTableDropsItsCopiesAlone) {
  sw.add_meter("meter=1,pktps,bands=type=drop,rate=1,burst_size=1");
  sw.add_flow("in_port=p1,actions=output:p2,output:p3");
  sw.add_flow("table=10,actset_output=p2,actions=meter:1");
  sw.add_flow("table=10,actset_output=p3,actions=write_metadata:1");

  for (int i = 0; i < 5; ++i) {
    sw.receive("p1", packet());
  }

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(5));
}

// --- what is remembered

TEST_F(EgressStory, MegaflowsRememberWhatEgressTablesLookedAt) {
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,priority=2,udp,tp_dst=53,actions=clear_actions");
  sw.add_flow("table=10,priority=1,actions=write_metadata:1");

  sw.receive("p1", packet(53));
  sw.receive("p1", packet(54));
  sw.receive("p1", packet(54));

  EXPECT_THAT(sw.sent("p2"), SizeIs(2));
  EXPECT_EQ(sw.misses(), 2U);
  EXPECT_EQ(sw.packets("table=10,udp,tp_dst=53"), 1U);
  EXPECT_EQ(sw.packets("table=10"), 3U);
}

TEST(EgressChangeStory, MovingTheFirstEgressTableChangesCachedPaths) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=11,ip,actions=dec_ttl");
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(packet()));

  sw.set_first_egress(11);
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(63).udp(4000, 53).payload("hi")));

  sw.set_first_egress(10);
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), IsEmpty()) << "table 10 is empty";

  sw.set_first_egress(std::nullopt);
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(packet()));
}

TEST_F(EgressStory, AChangedEgressRuleChangesCachedPaths) {
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,actions=write_metadata:1");
  sw.receive("p1", packet());
  sw.add_flow("table=10,priority=40000,actset_output=p2,actions=clear_actions");
  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// --- stopping in egress and going on

TEST_F(EgressStory, ACopyWhosePacketMustBeReadAgainGoesOnInEgress) {
  sw.add_flow("mpls,actions=pop_mpls:0x0800,output:p2");
  sw.add_flow("table=10,udp,tp_dst=53,actset_output=p2,actions=dec_ttl");

  const std::string long_enough = "as long as a wire wants it";
  sw.receive("p1", frame().mpls(5).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload(long_enough));

  EXPECT_THAT(sw.sent("p2"),
              ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(63).udp(4000, 53).payload(long_enough)));
  EXPECT_EQ(sw.packets("table=10"), 1U);
}

TEST_F(EgressStory, APacketThatIsPausedInEgressGoesOnThere) {
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,ip,actions=controller(pause),dec_ttl");
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  const auto events = sw.packet_ins();
  ASSERT_THAT(events, SizeIs(1));

  const auto resumed = sw.bridge().resume(events.front().message);
  ASSERT_TRUE(resumed) << to_string(resumed.error());
  sw.settle();

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").ttl(63).udp(4000, 53).payload("hi")));
  EXPECT_THAT(sw.packet_ins(), IsEmpty());
}

TEST_F(EgressStory, APacketInFromEgressTellsThePort) {
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,actions=CONTROLLER:64");
  sw.receive("p1", packet());

  const auto events = sw.packet_ins();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events.front().message.table_id, first_egress);
  EXPECT_EQ(events.front().message.match.value(FieldId::actset_output).lo, 2U);
}

// --- what is refused

TEST_F(EgressStory, RulesThatBreakTheOrderOfStagesAreRefused) {
  EXPECT_THAT(sw.refusal_of("table=3,actions=goto_table:10"), HasSubstr("OFPBIC_BAD_TABLE_ID"));
  EXPECT_THAT(sw.refusal_of("table=10,actions=write_actions(output:p2)"), HasSubstr("OFPBAC_BAD_TYPE"));
  sw.add_group("group_id=1,type=indirect,bucket=output:p2");
  EXPECT_THAT(sw.refusal_of("table=12,actions=write_actions(group:1)"), HasSubstr("OFPBAC_BAD_TYPE"));
  EXPECT_EQ(sw.refusal_of("table=3,actions=goto_table:9"), "");
  EXPECT_EQ(sw.refusal_of("table=10,actions=goto_table:253"), "");
  EXPECT_EQ(sw.refusal_of("table=9,actions=write_actions(output:p2)"), "");
}

TEST_F(EgressStory, AModifyMayNotBreakTheOrderEither) {
  sw.add_flow("table=10,actions=write_metadata:1");
  openflow::FlowMod modify;
  modify.command = openflow::FlowModCommand::modify;
  modify.table_id = 10;
  modify.instructions.write = openflow::ActionList{openflow::OutputAction{.port = OfPort{2}}};

  const auto applied = sw.bridge().apply(modify);

  ASSERT_FALSE(applied);
  EXPECT_TRUE(applied.error().is(openflow::ErrorCode::ofpbac_bad_type));
  EXPECT_THAT(sw.dump_flows(), HasSubstr("actions=write_metadata"));
}

TEST(EgressChangeStory, AFirstEgressTableThatRulesContradictIsRefused) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=2,actions=goto_table:12");
  sw.add_flow("table=20,actions=write_actions(output:p2)");

  const auto refused = [&](uint8_t table_id) {
    const auto set = sw.bridge().set_table_features({}, table_id);
    return set ? "" : to_string(set.error());
  };
  EXPECT_THAT(refused(10), AllOf(HasSubstr("OFPTFFC_BAD_FEATURES"), HasSubstr("table 2 goes on to table 12")));
  EXPECT_THAT(refused(15), HasSubstr("table 20 writes an output or group"));
  EXPECT_EQ(sw.bridge().first_egress_table(), std::nullopt);
  sw.del_flows("table=20");
  EXPECT_EQ(refused(13), "");
  sw.del_flows("table=2");
  EXPECT_EQ(refused(10), "");
}

// What was in order when it was collected may not be when its turn has come.
TEST(EgressChangeStory, ABundleIsCheckedByTheStagesThatThereAreWhenItIsCommitted) {
  TestSwitch sw{"p1", "p2"};
  openflow::FlowMod jump;
  jump.table_id = 3;
  jump.instructions.goto_table = 12;
  auto bundle = sw.bridge().make_bundle();
  ASSERT_TRUE(bundle->add(jump, 7, {}));
  sw.set_first_egress(10);

  std::optional<ofproto::BundleFailure> failure;
  sw.bridge().commit(std::move(bundle), [&](std::optional<ofproto::BundleFailure> told) { failure = std::move(told); });
  sw.settle();

  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->error.is(openflow::ErrorCode::ofpbic_bad_table_id));
  EXPECT_EQ(failure->xid, 7U);
  EXPECT_EQ(sw.dump_flows(), "");
}

// A rule of an egress table may be looked up by a packet that is not in egress: its outputs go through egress. One of an
// ingress table may be looked up in egress: the output that it writes counts for nothing.
TEST_F(EgressStory, ResubmitLooksUpAnyTableAndThePacketStaysWhereItIs) {
  sw.add_flow("table=0,in_port=p1,actions=resubmit(,11),output:p2");
  sw.add_flow("table=11,actions=output:p3");
  sw.add_flow("table=10,actset_output=p3,actions=resubmit(,1)");
  sw.add_flow("table=10,actset_output=p2,actions=write_metadata:1");
  sw.add_flow("table=1,actions=write_actions(output:p1)");

  sw.receive("p1", packet());

  EXPECT_THAT(sw.sent("p3"), SizeIs(1)) << "it stays bound for its port";
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
}

// --- who else

// The rules of lost controllers do not stand in the way of a switch that fends for itself.
TEST(EgressChangeStory, ABridgeThatHasLostItsControllersDoesWithoutEgressTables) {
  TestSwitchOptions options;
  options.fail_mode = ofproto::FailMode::standalone;
  TestSwitch sw(options, {"p1", "p2"});
  sw.bridge().set_has_controllers(true);
  sw.settle();
  sw.set_first_egress(10);
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());

  sw.bridge().set_controllers_lost(true);
  sw.settle();
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));

  sw.bridge().set_controllers_lost(false);
  sw.settle();
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());

  sw.bridge().set_has_controllers(false);
  sw.settle();
  sw.receive("p1", packet());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1)) << "with its flows the mark went";
  EXPECT_EQ(sw.bridge().first_egress_table(), std::nullopt);
}

TEST_F(EgressStory, ATraceTellsTheEgressTablesOfEachCopy) {
  sw.add_flow("in_port=p1,actions=output:p2,output:p3");
  sw.add_flow("table=10,actset_output=p2,udp,actions=dec_ttl,goto_table:11");
  sw.add_flow("table=11,actions=drop");

  const std::string text = sw.trace("in_port=p1,udp,nw_ttl=9,tp_dst=53");

  EXPECT_THAT(text, AllOf(HasSubstr("    output:p2\n"
                                    "     -> egress table 10 for output to port p2\n"
                                    "        10. actset_output=p2,udp, priority 32768\n"
                                    "            dec_ttl\n"
                                    "             -> now nw_ttl=8\n"
                                    "            goto_table:11\n"
                                    "        11. priority 32768\n"
                                    "            no instructions\n"
                                    "        output:p2\n"
                                    "    output:p3\n"
                                    "     -> egress table 10 for output to port p3\n"
                                    "        10. No match.\n"
                                    "         -> no match: drop\n")))
      << text;
  EXPECT_THAT(text, Not(HasSubstr("now nw_ttl=9")));
}

}  // namespace
}  // namespace weft
