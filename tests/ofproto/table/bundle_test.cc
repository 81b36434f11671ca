// Several messages prepared for one version: later ones see what earlier ones did, readers see all or nothing, and a
// failure takes everything back.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

class BundleTest : public TableTest {
 protected:
  template <class Message>
  void put(const Message& message) {
    auto change = prepare(message);
    ASSERT_TRUE(change) << to_string(change.error());
    bundle_.append(std::move(*change));
  }

  Change bundle_;
};

TEST_F(BundleTest, BecomesVisibleAtOnce) {
  apply(add("in_port=1,actions=output:1"));
  put(add("in_port=2,actions=output:2"));
  put(remove_strict("in_port=1"));
  EXPECT_EQ(output_of("in_port=1"), 1);
  EXPECT_EQ(find("in_port=2"), nullptr);
  tables_.publish(bundle_);
  EXPECT_EQ(find("in_port=1"), nullptr);
  EXPECT_EQ(output_of("in_port=2"), 2);
}

TEST_F(BundleTest, LaterMessagesSeeEarlierOnes) {
  put(add("in_port=1,actions=output:1"));
  put(modify("in_port=1,actions=output:2"));
  put(add("in_port=1,actions=output:3"));
  put(add("in_port=2,actions=output:4"));
  put(remove_strict("in_port=2"));
  tables_.publish(bundle_);
  EXPECT_EQ(output_of("in_port=1"), 3);
  EXPECT_EQ(find("in_port=2"), nullptr);
  EXPECT_EQ(tables_.flow_count(), 1u);
}

TEST_F(BundleTest, AFailureTakesEverythingBack) {
  apply(group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}));
  apply(add("idle_timeout=10,in_port=1,actions=output:1"));
  apply(add("in_port=2,actions=write_actions(group:1)"));
  const uint64_t version = version_.current();

  put(add("in_port=1,actions=output:7"));
  put(group_mod(GroupModCommand::add, 2, {bucket_to_group(1)}));
  put(add("in_port=3,actions=write_actions(group:2)"));
  put(modify("actions=output:8"));
  put(remove(""));
  put(group_mod(GroupModCommand::remove, openflow::all_groups));
  EXPECT_FALSE(prepare(add("in_port=4,actions=write_actions(group:2)")));
  tables_.revert(bundle_);

  EXPECT_EQ(version_.current(), version);
  EXPECT_EQ(output_of("in_port=1"), 1);
  EXPECT_EQ(find("in_port=3"), nullptr);
  EXPECT_EQ(tables_.flow_count(), 2u);
  EXPECT_EQ(tables_.groups().count(), 1u);
  EXPECT_EQ(tables_.groups().ref_count(1), 1u);
  EXPECT_NE(tables_.find_group(1, version), nullptr);
  EXPECT_EQ(tables_.find_group(2, version + 1), nullptr);
  EXPECT_EQ(tables_.timeouts().count(), 1u);

  // And the next change finds things as they were.
  apply(add("in_port=1,actions=output:6"));
  EXPECT_EQ(output_of("in_port=1"), 6);
  EXPECT_EQ(tables_.groups().rules_using(1).size(), 1u);
  settle();
  tables_.reclaim();
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 2u);
}

TEST_F(BundleTest, WhatWasTakenBackCanBeDoneAgain) {
  apply(add("in_port=1,actions=output:1"));
  for (int i = 0; i < 3; ++i) {
    bundle_ = {};
    put(remove_strict("in_port=1"));
    put(add("in_port=1,actions=output:2"));
    tables_.revert(bundle_);
    EXPECT_EQ(output_of("in_port=1"), 1);
  }
  apply(remove_strict("in_port=1"));
  EXPECT_EQ(find("in_port=1"), nullptr);
  settle();
  EXPECT_TRUE(tables_.reclaim());
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 0u);
}

TEST_F(BundleTest, AReaderOfTheOldVersionIsNotDisturbed) {
  apply(add("in_port=1,actions=output:1"));
  apply(group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}));
  const uint64_t old_version = version_.current();
  apply(remove(""));
  apply(group_mod(GroupModCommand::modify, 1, {bucket_to_port(2)}));
  apply(group_mod(GroupModCommand::remove, 1));
  const FlowRule* rule = tables_.lookup(0, port(1).value(), old_version, nullptr);
  ASSERT_NE(rule, nullptr);
  const Group* group = tables_.find_group(1, old_version);
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->buckets()[0].actions, bucket_to_port(1).actions);
  EXPECT_EQ(tables_.find_group(1, version_.current()), nullptr);
}

}  // namespace
}  // namespace weft::ofproto
