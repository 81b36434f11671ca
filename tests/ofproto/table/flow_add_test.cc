// Stories of flow-mod ADD: OpenFlow 1.3.5 section 6.4.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

class FlowAddTest : public TableTest {};

TEST_F(FlowAddTest, AFlowDecidesFromThePublishedVersionOn) {
  const auto change = prepare(add("in_port=1,actions=output:2"));
  ASSERT_TRUE(change);
  EXPECT_EQ(find("in_port=1"), nullptr);
  tables_.publish(*change);
  EXPECT_EQ(output_of("in_port=1"), 2);
  EXPECT_EQ(find("in_port=3"), nullptr);
}

TEST_F(FlowAddTest, TheChangeNamesTheRuleAndItsVersion) {
  const Change change = apply(add("in_port=1,send_flow_rem,actions=output:2"));
  EXPECT_EQ(change.version, version_.current());
  ASSERT_EQ(change.rules.size(), 1u);
  EXPECT_EQ(change.rules[0].before, nullptr);
  EXPECT_EQ(change.rules[0].after.get(), find("in_port=1"));
  EXPECT_FALSE(change.rules[0].wants_flow_removed());
}

TEST_F(FlowAddTest, ARuleKeepsWhatTheMessageSaid) {
  const std::string flow =
      "cookie=0xabc, table=7, idle_timeout=10, hard_timeout=20, send_flow_rem importance=3, "
      "priority=55,tcp,in_port=1,tp_dst=80 actions=output:2";
  apply(add(flow));
  EXPECT_THAT(dump(), ElementsAre(flow));
  clock_.advance(std::chrono::milliseconds(2500));
  EXPECT_EQ(select().front()->stats(clock_.now()).duration, (openflow::Duration{2, 500000000}));
}

TEST_F(FlowAddTest, TheHigherPriorityDecides) {
  apply(add("priority=0,actions=output:1"));
  apply(add("priority=1,in_port=1,actions=output:2"));
  EXPECT_EQ(output_of("in_port=1"), 2);
  EXPECT_EQ(output_of("in_port=9"), 1);
  EXPECT_TRUE(find("in_port=9")->is_table_miss());
}

TEST_F(FlowAddTest, AnIdenticalMatchIsReplacedWithItsDurationButNotItsCounters) {
  apply(add("in_port=1,send_flow_rem,actions=output:2"));
  find("in_port=1")->counters().credit(5, 500, clock_.now());
  clock_.advance(seconds(10));

  const Change change = apply(add("cookie=9,in_port=1,actions=output:3"));
  EXPECT_THAT(dump(), ElementsAre("cookie=0x9, in_port=1 actions=output:3"));
  EXPECT_EQ(find("in_port=1")->created(), clock_.now());
  EXPECT_EQ(find("in_port=1")->counters().packet_count(), 5u);
  ASSERT_EQ(change.rules.size(), 1u);
  EXPECT_NE(change.rules[0].before, nullptr);
  EXPECT_FALSE(change.rules[0].wants_flow_removed()) << "a replaced flow causes no flow-removed";
}

TEST_F(FlowAddTest, ResetCountsStartsCountersAnew) {
  apply(add("in_port=1,actions=output:2"));
  find("in_port=1")->counters().credit(5, 500, clock_.now());
  const Change change = apply(add("in_port=1,reset_counts,actions=output:2"));
  EXPECT_EQ(find("in_port=1")->counters().packet_count(), 0u);
  // A packet that was handled before does not count for the new flow, however late it is credited.
  change.rules[0].before->counters().credit(1, 100, clock_.now());
  EXPECT_EQ(find("in_port=1")->counters().packet_count(), 0u);
}

TEST_F(FlowAddTest, PacketsCreditedToTheReplacedRuleCountOnce) {
  apply(add("in_port=1,actions=output:2"));
  const Change change = apply(add("in_port=1,actions=output:7"));
  change.rules[0].before->counters().credit(1, 60, clock_.now());
  change.rules[0].after->counters().credit(2, 120, clock_.now());
  EXPECT_EQ(find("in_port=1")->counters().packet_count(), 3u);
}

TEST_F(FlowAddTest, AnotherPriorityIsAnotherFlow) {
  apply(add("priority=100,in_port=1,actions=output:2"));
  apply(add("priority=101,in_port=1,actions=output:3"));
  EXPECT_EQ(tables_.flow_count(), 2u);
  EXPECT_EQ(output_of("in_port=1"), 3);
}

TEST_F(FlowAddTest, CheckOverlapRefusesWhatSharesAPacketAtTheSamePriority) {
  apply(add("priority=100,in_port=1,actions=output:2"));
  EXPECT_TRUE(
      refusal(add("check_overlap,priority=100,dl_dst=00:00:00:00:00:07,actions=drop")).is(ErrorCode::ofpfmfc_overlap));
  EXPECT_TRUE(prepare(add("check_overlap,priority=99,dl_dst=00:00:00:00:00:07,actions=drop")));
  EXPECT_TRUE(prepare(add("check_overlap,priority=100,in_port=2,dl_dst=00:00:00:00:00:07,actions=drop")));
}

TEST_F(FlowAddTest, CheckOverlapRefusesAnIdenticalFlowToo) {
  apply(add("in_port=1,actions=output:2"));
  EXPECT_TRUE(refusal(add("check_overlap,in_port=1,actions=output:2")).is(ErrorCode::ofpfmfc_overlap));
}

TEST_F(FlowAddTest, AFullTableTakesReplacementsOnly) {
  for (uint64_t i = 0; i < 20; ++i) {
    apply(add(port(i)));
  }
  EXPECT_TRUE(refusal(add(port(20))).is(ErrorCode::ofpfmfc_table_full));
  EXPECT_EQ(tables_.flow_count(), 20u);
  apply(add(port(3), output(9)));
  apply(add("table=1,in_port=20,actions=drop"));
}

TEST_F(FlowAddTest, TablesEndAt253) {
  apply(add("table=253,in_port=1,actions=output:2"));
  FlowMod message = add("in_port=1,actions=output:2");
  message.table_id = 254;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));
  message.table_id = openflow::all_tables;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));
}

TEST_F(FlowAddTest, GotoTableGoesForwardOnly) {
  FlowMod message = add("table=4,in_port=1,actions=goto_table:5");
  apply(message);
  for (const uint8_t table_id : {5, 6}) {
    message.table_id = table_id;
    EXPECT_TRUE(refusal(message).is(ErrorCode::ofpbic_bad_table_id));
  }
  EXPECT_TRUE(refusal(add(port(1), goto_table(254))).is(ErrorCode::ofpbic_bad_table_id));
}

TEST_F(FlowAddTest, AGroupThatIsNotThereIsRefused) {
  EXPECT_TRUE(refusal(add("in_port=1,actions=group:3")).is(ErrorCode::ofpbac_bad_out_group));
  EXPECT_TRUE(refusal(add("in_port=1,actions=write_actions(group:3)")).is(ErrorCode::ofpbac_bad_out_group));
  apply(group_mod(GroupModCommand::add, 3, {bucket_to_port(1)}));
  apply(add("in_port=1,actions=group:3"));
  apply(add("in_port=2,actions=write_actions(group:3)"));
}

TEST_F(FlowAddTest, AMeterIsRefused) {
  EXPECT_TRUE(refusal(add("in_port=1,actions=meter:1,output:2")).is(ErrorCode::ofpmmfc_invalid_meter));
}

TEST_F(FlowAddTest, ARefusedMessageChangesNothing) {
  apply(add("in_port=1,actions=output:2"));
  const uint64_t version = version_.current();
  refusal(add(port(2), goto_table(0)));
  EXPECT_EQ(version_.current(), version);
  EXPECT_THAT(dump(), ElementsAre("in_port=1 actions=output:2"));
}

TEST_F(FlowAddTest, LookupCountsAreTheTables) {
  apply(add("in_port=1,actions=output:2"));
  const FlowTable* table = std::as_const(tables_).find_table(0);
  table->credit(10, 7);
  EXPECT_EQ(table->lookup_count(), 10u);
  EXPECT_EQ(table->matched_count(), 7u);
  EXPECT_EQ(table->active_count(), 1u);
}

TEST_F(FlowAddTest, ATableThatWasNeverUsedMisses) {
  EXPECT_EQ(std::as_const(tables_).find_table(17), nullptr);
  Flow mask;
  EXPECT_EQ(tables_.lookup(17, port(1).value(), version_.current(), &mask), nullptr);
  EXPECT_EQ(mask, Flow());
}

}  // namespace
}  // namespace weft::ofproto
