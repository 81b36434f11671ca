// Stories of group-mod: OpenFlow 1.3.5 sections 5.6, 6.5 and 7.4.4.6.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;

class GroupModTest : public TableTest {
 protected:
  const Group* group(uint32_t group_id) const { return tables_.find_group(group_id, version_.current()); }
  void add_group(uint32_t group_id, std::vector<openflow::Bucket> buckets = {bucket_to_port(1)}) {
    apply(group_mod(GroupModCommand::add, group_id, std::move(buckets)));
  }
  static GroupMod remove_group(uint32_t group_id) { return group_mod(GroupModCommand::remove, group_id); }
};

TEST_F(GroupModTest, AGroupIsThereFromThePublishedVersionOn) {
  const auto change = prepare(group_mod(GroupModCommand::add, 1, {bucket_to_port(1), bucket_to_port(2)}));
  ASSERT_TRUE(change);
  EXPECT_EQ(group(1), nullptr);
  tables_.publish(*change);
  ASSERT_NE(group(1), nullptr);
  EXPECT_EQ(group(1)->buckets().size(), 2u);
  EXPECT_EQ(group(1)->type(), GroupType::all);
  EXPECT_EQ(group(2), nullptr);
}

TEST_F(GroupModTest, AddingTwiceIsRefused) {
  add_group(1);
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1)).is(ErrorCode::ofpgmfc_group_exists));
}

TEST_F(GroupModTest, ModifyingWhatIsNotThereIsRefused) {
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::modify, 1)).is(ErrorCode::ofpgmfc_unknown_group));
}

TEST_F(GroupModTest, AddOrModifyDoesEither) {
  apply(group_mod(GroupModCommand::add_or_modify, 1, {bucket_to_port(1)}));
  apply(group_mod(GroupModCommand::add_or_modify, 1, {bucket_to_port(2)}));
  EXPECT_EQ(group(1)->buckets()[0].actions, bucket_to_port(2).actions);
}

TEST_F(GroupModTest, ModifyReplacesTypeAndBucketsAndKeepsTheCount) {
  add_group(1, {bucket_to_port(1), bucket_to_port(2)});
  group(1)->counters().credit(5, 500, clock_.now());
  group(1)->bucket_counters(0).credit(5, 500, clock_.now());
  clock_.advance(seconds(3));
  const Change change = apply(group_mod(GroupModCommand::modify, 1, {bucket_to_port(3)}, GroupType::indirect));
  ASSERT_EQ(change.groups.size(), 1u);
  EXPECT_NE(change.groups[0].before, nullptr);
  EXPECT_EQ(change.groups[0].after.get(), group(1));
  EXPECT_EQ(group(1)->type(), GroupType::indirect);
  const openflow::GroupStats stats = group(1)->stats(clock_.now());
  EXPECT_EQ(stats.packet_count, 5u);
  EXPECT_EQ(stats.duration.seconds, 3u);
  ASSERT_EQ(stats.buckets.size(), 1u);
  EXPECT_EQ(stats.buckets[0].packet_count, 0u);
}

TEST_F(GroupModTest, DeletingAGroupDeletesTheFlowsThatUseIt) {
  add_group(1);
  add_group(2);
  apply(add("in_port=1,send_flow_rem,actions=write_actions(group:1)"));
  apply(add("in_port=2,actions=write_actions(group:2)"));
  apply(add("in_port=3,actions=output:1"));
  EXPECT_EQ(tables_.groups().ref_count(1), 1u);

  const Change change = apply(remove_group(1));
  ASSERT_EQ(change.rules.size(), 1u);
  EXPECT_EQ(change.rules[0].reason, FlowRemovedReason::group_removed);
  EXPECT_TRUE(change.rules[0].wants_flow_removed());
  EXPECT_EQ(find("in_port=1"), nullptr);
  EXPECT_NE(find("in_port=2"), nullptr);
  EXPECT_EQ(group(1), nullptr);
  EXPECT_EQ(tables_.flow_count(), 2u);
}

TEST_F(GroupModTest, DeletingWhatIsNotThereIsNoError) { EXPECT_TRUE(apply(remove_group(5)).empty()); }

TEST_F(GroupModTest, DeletingAllLeavesNothing) {
  add_group(1);
  add_group(2, {bucket_to_group(1)});
  apply(add("in_port=1,actions=write_actions(group:2)"));
  const Change change = apply(remove_group(openflow::all_groups));
  EXPECT_EQ(change.groups.size(), 2u);
  EXPECT_EQ(change.rules.size(), 1u);
  EXPECT_EQ(tables_.groups().count(), 0u);
  EXPECT_EQ(tables_.flow_count(), 0u);
}

TEST_F(GroupModTest, AGroupThatAnotherForwardsToStays) {
  add_group(1);
  add_group(2, {bucket_to_group(1)});
  EXPECT_TRUE(refusal(remove_group(1)).is(ErrorCode::ofpgmfc_chained_group));
  apply(group_mod(GroupModCommand::modify, 2, {bucket_to_port(1)}));
  apply(remove_group(1));
}

TEST_F(GroupModTest, LoopsAreRefused) {
  add_group(1);
  add_group(2, {bucket_to_group(1)});
  add_group(3, {bucket_to_group(2)});
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::modify, 1, {bucket_to_group(3)})).is(ErrorCode::ofpgmfc_loop));
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 4, {bucket_to_group(4)})).is(ErrorCode::ofpgmfc_loop));
  // Two ways to one group are no loop.
  add_group(5, {bucket_to_group(1), bucket_to_group(2)});
}

TEST_F(GroupModTest, BucketsNameGroupsThatExist) {
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {bucket_to_group(9)})).is(ErrorCode::ofpbac_bad_out_group));
  openflow::Bucket watching = bucket_to_port(1);
  watching.watch_group = 9;
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {watching}, GroupType::fast_failover))
                  .is(ErrorCode::ofpgmfc_bad_watch));
}

TEST_F(GroupModTest, AnIndirectGroupHasOneBucket) {
  EXPECT_TRUE(
      refusal(group_mod(GroupModCommand::add, 1, {}, GroupType::indirect)).is(ErrorCode::ofpgmfc_invalid_group));
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {bucket_to_port(1), bucket_to_port(2)}, GroupType::indirect))
                  .is(ErrorCode::ofpgmfc_invalid_group));
}

TEST_F(GroupModTest, WeightsAreForSelectGroups) {
  openflow::Bucket weighted = bucket_to_port(1);
  weighted.weight = 10;
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {weighted})).is(ErrorCode::ofpgmfc_invalid_group));
  apply(group_mod(GroupModCommand::add, 1, {weighted}, GroupType::select));
}

TEST_F(GroupModTest, WatchingIsForThoseThatChoose) {
  openflow::Bucket watching = bucket_to_port(1);
  watching.watch_port = OfPort{1};
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {watching})).is(ErrorCode::ofpgmfc_watch_unsupported));
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}, GroupType::fast_failover))
                  .is(ErrorCode::ofpgmfc_invalid_group));
  apply(group_mod(GroupModCommand::add, 1, {watching}, GroupType::fast_failover));
}

TEST_F(GroupModTest, ReservedNumbersAndLimitsAreRefused) {
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, openflow::max_group + 1)).is(ErrorCode::ofpgmfc_invalid_group));
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, openflow::all_groups)).is(ErrorCode::ofpgmfc_invalid_group));
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 1, std::vector(5, bucket_to_port(1))))
                  .is(ErrorCode::ofpgmfc_out_of_buckets));
  for (uint32_t id = 1; id <= 10; ++id) {
    add_group(id);
  }
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 11)).is(ErrorCode::ofpgmfc_out_of_groups));
  EXPECT_TRUE(refusal(group_mod(static_cast<GroupModCommand>(4), 1)).is(ErrorCode::ofpgmfc_bad_command));
}

TEST_F(GroupModTest, ATypeThatThereIsNotIsRefused) {
  const auto unknown = group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}, static_cast<GroupType>(4));
  EXPECT_TRUE(refusal(unknown).is(ErrorCode::ofpgmfc_bad_type));
}

// What a controller reads is what the switch does.
TEST_F(GroupModTest, FeaturesNameEveryTypeAndItsLimit) {
  const openflow::GroupFeaturesReply features = tables_.groups().features();
  EXPECT_EQ(features.types, 0b1111U);
  EXPECT_EQ(features.capabilities, 0b1111U);  // weights, liveness, chaining, its checks
  for (const uint32_t limit : features.max_groups) {
    EXPECT_EQ(limit, 10U);
  }
}

TEST_F(GroupModTest, WhatIsWatchedMayComeLaterButMustBePossible) {
  openflow::Bucket watching = bucket_to_port(1);
  watching.watch_port = OfPort{77};
  apply(group_mod(GroupModCommand::add, 1, {watching}, GroupType::fast_failover));
  watching.watch_port = of_port::controller;
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::add, 2, {watching}, GroupType::fast_failover))
                  .is(ErrorCode::ofpgmfc_bad_watch));
  watching.watch_port = of_port::any;
  watching.watch_group = 1;
  EXPECT_TRUE(refusal(group_mod(GroupModCommand::modify, 1, {watching}, GroupType::fast_failover))
                  .is(ErrorCode::ofpgmfc_bad_watch));
}

TEST_F(GroupModTest, ASelectionMethodIsForSelectGroupsAndKnown) {
  GroupMod message = group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}, GroupType::select);
  message.selection.method = "roulette";
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpbpc_bad_value));
  message.selection.method = "hash";
  message.type = GroupType::all;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpbpc_bad_value));
  message.type = GroupType::select;
  apply(message);
  EXPECT_EQ(tables_.groups().current().at(1)->desc().selection.method, "hash");
}

TEST_F(GroupModTest, ReferencesCountRulesAndGroups) {
  add_group(1);
  add_group(2, {bucket_to_group(1), bucket_to_group(1)});
  apply(add("in_port=1,actions=write_actions(group:1)"));
  apply(add("in_port=2,actions=write_actions(group:1)"));
  EXPECT_EQ(tables_.groups().ref_count(1), 3u);
  apply(modify("in_port=1,actions=output:1"));
  EXPECT_EQ(tables_.groups().ref_count(1), 2u);
  apply(remove("in_port=2"));
  apply(remove_group(2));
  EXPECT_EQ(tables_.groups().ref_count(1), 0u);
}

}  // namespace
}  // namespace weft::ofproto
