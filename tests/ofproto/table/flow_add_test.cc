// Stories of flow-mod ADD: OpenFlow 1.3.5 section 6.4.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;

class FlowAddTest : public TableTest {};

TEST_F(FlowAddTest, AFlowDecidesFromThePublishedVersionOn) {
  const auto change = prepare(add(port(1), output(2)));
  ASSERT_TRUE(change);
  EXPECT_EQ(find(port(1)), nullptr);
  tables_.publish(*change);
  EXPECT_EQ(output_of(port(1)), 2);
  EXPECT_EQ(find(port(3)), nullptr);
}

TEST_F(FlowAddTest, TheChangeNamesTheRuleAndItsVersion) {
  const Change change = apply(add(port(1)));
  EXPECT_EQ(change.version, version_.current());
  ASSERT_EQ(change.rules.size(), 1u);
  EXPECT_EQ(change.rules[0].before, nullptr);
  EXPECT_EQ(change.rules[0].after.get(), find(port(1)));
  EXPECT_FALSE(change.rules[0].wants_flow_removed());
}

TEST_F(FlowAddTest, ARuleKeepsWhatTheMessageSaid) {
  FlowMod message = add(port(1), output(2));
  message.table_id = 7;
  message.priority = 55;
  message.cookie = 0xabc;
  message.idle_timeout = 10;
  message.hard_timeout = 20;
  message.importance = 3;
  message.flags = flow_flag::send_flow_rem;
  apply(message);
  clock_.advance(std::chrono::milliseconds(2500));
  const auto rules = select();
  ASSERT_EQ(rules.size(), 1u);
  const openflow::FlowStats stats = rules[0]->stats(clock_.now());
  EXPECT_EQ(stats.table_id, 7);
  EXPECT_EQ(stats.priority, 55);
  EXPECT_EQ(stats.cookie, 0xabcU);
  EXPECT_EQ(stats.idle_timeout, 10);
  EXPECT_EQ(stats.hard_timeout, 20);
  EXPECT_EQ(stats.importance, 3);
  EXPECT_EQ(stats.flags, flow_flag::send_flow_rem);
  EXPECT_EQ(stats.duration, (openflow::Duration{2, 500000000}));
  EXPECT_EQ(stats.match, message.match);
  EXPECT_EQ(stats.instructions, message.instructions);
}

TEST_F(FlowAddTest, TheHigherPriorityDecides) {
  FlowMod low = add(Match(), output(1));
  low.priority = 0;
  apply(low);
  apply(add(port(1), output(2)));
  EXPECT_EQ(output_of(port(1)), 2);
  EXPECT_EQ(output_of(port(9)), 1);
  EXPECT_TRUE(find(port(9))->is_table_miss());
}

TEST_F(FlowAddTest, AnIdenticalMatchIsReplacedWithItsDurationButNotItsCounters) {
  apply(add(port(1), output(2)));
  find(port(1))->counters().credit(5, 500, clock_.now());
  clock_.advance(seconds(10));

  FlowMod again = add(port(1), output(3));
  again.cookie = 9;
  const Change change = apply(again);
  EXPECT_EQ(output_of(port(1)), 3);
  EXPECT_EQ(tables_.flow_count(), 1u);
  const FlowRule* rule = find(port(1));
  EXPECT_EQ(rule->cookie(), 9u);
  EXPECT_EQ(rule->created(), clock_.now());
  EXPECT_EQ(rule->counters().packet_count(), 5u);
  ASSERT_EQ(change.rules.size(), 1u);
  EXPECT_NE(change.rules[0].before, nullptr);
  EXPECT_FALSE(change.rules[0].wants_flow_removed()) << "a replaced flow causes no flow-removed";
}

TEST_F(FlowAddTest, ResetCountsStartsCountersAnew) {
  apply(add(port(1)));
  const FlowRule* before = find(port(1));
  before->counters().credit(5, 500, clock_.now());
  FlowMod again = add(port(1));
  again.flags = flow_flag::reset_counts;
  const Change change = apply(again);
  EXPECT_EQ(find(port(1))->counters().packet_count(), 0u);
  // A packet that was handled before does not count for the new flow, however late it is credited.
  change.rules[0].before->counters().credit(1, 100, clock_.now());
  EXPECT_EQ(find(port(1))->counters().packet_count(), 0u);
}

TEST_F(FlowAddTest, PacketsCreditedToTheReplacedRuleCountOnce) {
  apply(add(port(1)));
  const Change change = apply(add(port(1), output(7)));
  change.rules[0].before->counters().credit(1, 60, clock_.now());
  change.rules[0].after->counters().credit(2, 120, clock_.now());
  EXPECT_EQ(find(port(1))->counters().packet_count(), 3u);
}

TEST_F(FlowAddTest, AnotherPriorityIsAnotherFlow) {
  apply(add(port(1), output(2)));
  FlowMod higher = add(port(1), output(3));
  higher.priority = 101;
  apply(higher);
  EXPECT_EQ(tables_.flow_count(), 2u);
  EXPECT_EQ(output_of(port(1)), 3);
}

TEST_F(FlowAddTest, CheckOverlapRefusesWhatSharesAPacketAtTheSamePriority) {
  apply(add(port(1)));
  FlowMod overlapping = add(mac(7));
  overlapping.flags = flow_flag::check_overlap;
  EXPECT_TRUE(refusal(overlapping).is(ErrorCode::ofpfmfc_overlap));
  overlapping.priority = 99;
  EXPECT_TRUE(prepare(overlapping));

  FlowMod disjoint = add(port_and_mac(2, 7));
  disjoint.flags = flow_flag::check_overlap;
  EXPECT_TRUE(prepare(disjoint));
}

TEST_F(FlowAddTest, CheckOverlapRefusesAnIdenticalFlowToo) {
  apply(add(port(1)));
  FlowMod identical = add(port(1));
  identical.flags = flow_flag::check_overlap;
  EXPECT_TRUE(refusal(identical).is(ErrorCode::ofpfmfc_overlap));
}

TEST_F(FlowAddTest, AFullTableTakesReplacementsOnly) {
  for (uint64_t i = 0; i < 20; ++i) {
    apply(add(port(i)));
  }
  EXPECT_TRUE(refusal(add(port(20))).is(ErrorCode::ofpfmfc_table_full));
  EXPECT_EQ(tables_.flow_count(), 20u);
  apply(add(port(3), output(9)));
  FlowMod elsewhere = add(port(20));
  elsewhere.table_id = 1;
  apply(elsewhere);
}

TEST_F(FlowAddTest, TablesEndAt253) {
  FlowMod message = add(port(1));
  message.table_id = 253;
  apply(message);
  message.table_id = 254;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));
  message.table_id = openflow::all_tables;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));
}

TEST_F(FlowAddTest, GotoTableGoesForwardOnly) {
  FlowMod message = add(port(1), goto_table(5));
  message.table_id = 4;
  apply(message);
  message.table_id = 5;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpbic_bad_table_id));
  message.table_id = 6;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpbic_bad_table_id));
  EXPECT_TRUE(refusal(add(port(1), goto_table(254))).is(ErrorCode::ofpbic_bad_table_id));
}

TEST_F(FlowAddTest, AGroupThatIsNotThereIsRefused) {
  EXPECT_TRUE(refusal(add(port(1), to_group(3))).is(ErrorCode::ofpbac_bad_out_group));
  apply(group_mod(GroupModCommand::add, 3, {bucket_to_port(1)}));
  apply(add(port(1), to_group(3)));
}

TEST_F(FlowAddTest, ARefusedMessageChangesNothing) {
  apply(add(port(1)));
  const uint64_t version = version_.current();
  refusal(add(port(2), goto_table(0)));
  EXPECT_EQ(version_.current(), version);
  EXPECT_EQ(tables_.flow_count(), 1u);
}

TEST_F(FlowAddTest, LookupCountsAreTheTables) {
  apply(add(port(1)));
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
