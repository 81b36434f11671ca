// Changes that are prepared in steps: what others see between two of them, and how they are taken back.
#include "ofproto/table/preparation.h"

#include <array>

#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

class PreparationTest : public TableTest {
 protected:
  // More flows than one step looks at or one part holds.
  static constexpr int many = 6000;

  PreparationTest() { tables_.table(0).set_max_entries(100000); }

  void add_many(const char* actions) {
    for (int i = 0; i < many; ++i) {
      FlowMod message = add("in_port=1,actions=drop");
      message.match = port_and_mac(1, static_cast<uint64_t>(i));
      message.instructions = openflow::parse_flow(std::string("actions=") + actions, FlowModCommand::add)->instructions;
      message.flags = flow_flag::send_flow_rem;
      message.hard_timeout = 60;
      apply(message);
    }
  }
  // A learner, and what it has learned.
  FlowMod add_learned() {
    FlowMod learner = add("in_port=2,actions=drop");
    openflow::Learn learn;
    learn.table_id = 0;
    learn.cookie = 0x77;
    learn.delete_learned = true;
    learner.instructions.apply = openflow::ActionList{openflow::LearnAction{learn}};
    apply(learner);
    for (int i = 0; i < many; ++i) {
      FlowMod message = add("in_port=1,actions=drop");
      message.match = port_and_mac(1, static_cast<uint64_t>(i));
      message.cookie = 0x77;
      apply(message);
    }
    return learner;
  }
  static int remove_orphans(Preparation& preparation) {
    int steps = 0;
    while (preparation.step_orphans()) {
      ++steps;
    }
    return steps;
  }
  // Steps that the message takes.
  template <class Message>
  int put(Preparation& preparation, const Message& message) {
    const auto begun = preparation.begin(message);
    EXPECT_TRUE(begun) << to_string(begun.error());
    int steps = 1;
    while (preparation.step()) {
      ++steps;
    }
    return steps;
  }
  size_t changed_rules(Preparation& preparation) {
    size_t count = 0;
    for (const Change& part : preparation.parts()) {
      count += part.rules.size();
      EXPECT_LE(part.rules.size(), 4224u) << "a part is bounded";
    }
    return count;
  }
};

TEST_F(PreparationTest, WhatWasLearnedGoesInStepsWithItsLearner) {
  const FlowMod learner = add_learned();
  {
    Preparation removal(tables_, clock_.now());
    put(removal, remove("in_port=2"));
    EXPECT_GT(remove_orphans(removal), 40);
    EXPECT_EQ(changed_rules(removal), size_t{many} + 1);
    removal.take_back_all();
    EXPECT_EQ(tables_.flow_count(), size_t{many} + 1);
  }
  {
    Preparation again(tables_, clock_.now());
    put(again, remove("in_port=2"));
    put(again, learner);
    EXPECT_EQ(remove_orphans(again), 0) << "it learns again";
    again.publish();
    EXPECT_EQ(tables_.flow_count(), size_t{many} + 1);
  }
  apply(remove("in_port=2"));
  EXPECT_EQ(tables_.flow_count(), 0U) << "a change by itself is whole";
}

TEST_F(PreparationTest, ALargeRemovalTakesManyStepsAndOneVersion) {
  add_many("output:1");
  Preparation removal(tables_, clock_.now());
  EXPECT_GT(put(removal, remove("in_port=1")), 40);
  EXPECT_EQ(changed_rules(removal), size_t{many});
  EXPECT_EQ(tables_.flow_count(), size_t{many}) << "nobody sees it yet";
  EXPECT_NE(find(port_and_mac(1, 7)), nullptr);

  removal.publish();
  EXPECT_EQ(tables_.flow_count(), 0u);
  EXPECT_EQ(find(port_and_mac(1, 7)), nullptr);
  EXPECT_EQ(tables_.timeouts().count(), 0u);
  EXPECT_TRUE(removal.parts().front().has_flow_removed);
}

// What a modify puts in a rule's place is not modified again.
TEST_F(PreparationTest, ALargeModifyChangesEachFlowOnce) {
  add_many("output:1");
  Preparation change(tables_, clock_.now());
  put(change, modify("in_port=1,actions=output:2"));
  EXPECT_EQ(changed_rules(change), size_t{many});
  change.publish();
  EXPECT_EQ(output_of(port_and_mac(1, many - 1)), 2);
  EXPECT_EQ(tables_.flow_count(), size_t{many});
}

TEST_F(PreparationTest, WhatIsTakenBackLeavesNothing) {
  apply(group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}));
  add_many("group:1");
  const uint64_t version = version_.current();
  {
    Preparation change(tables_, clock_.now());
    put(change, modify("in_port=1,actions=output:2"));
    put(change, group_mod(GroupModCommand::add, 2, {bucket_to_group(1)}));
    put(change, add("in_port=5,actions=group:2"));
    put(change, remove(""));
    put(change, group_mod(GroupModCommand::remove, openflow::all_groups));
    EXPECT_FALSE(change.begin(add("in_port=6,actions=group:2")));
    int steps = 0;
    while (change.take_back()) {
      ++steps;
    }
    EXPECT_GT(steps, 80);
  }
  EXPECT_EQ(version_.current(), version);
  EXPECT_EQ(tables_.flow_count(), size_t{many});
  EXPECT_EQ(tables_.table(0).coming_count(), size_t{many});
  EXPECT_EQ(tables_.groups().ref_count(1), uint32_t{many});
  EXPECT_FALSE(tables_.groups().has(2));
  EXPECT_EQ(tables_.timeouts().count(), size_t{many});
  apply(remove(""));
  EXPECT_EQ(tables_.flow_count(), 0u);
}

TEST_F(PreparationTest, AMessageMayBeTakenBackHalfWay) {
  add_many("output:1");
  Preparation change(tables_, clock_.now());
  ASSERT_TRUE(change.begin(modify("in_port=1,actions=output:2")));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(change.step());
  }
  EXPECT_GT(changed_rules(change), 100u);
  change.take_back_all();
  EXPECT_EQ(output_of(port_and_mac(1, 0)), 1);
  EXPECT_EQ(tables_.table(0).coming_count(), size_t{many});
}

TEST_F(PreparationTest, AGroupTakesItsFlowsAlongInSteps) {
  apply(group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}));
  apply(group_mod(GroupModCommand::add, 2, {bucket_to_port(1)}));
  apply(add("in_port=2,actions=group:2"));
  add_many("group:1");
  Preparation change(tables_, clock_.now());
  EXPECT_GT(put(change, group_mod(GroupModCommand::remove, 1)), 40);
  change.publish();
  EXPECT_EQ(tables_.flow_count(), 1u);
  EXPECT_FALSE(tables_.groups().has(1));
  EXPECT_EQ(change.parts().front().rules.front().reason, FlowRemovedReason::group_removed);

  Preparation rest(tables_, clock_.now());
  put(rest, group_mod(GroupModCommand::remove, openflow::all_groups));
  rest.publish();
  EXPECT_EQ(tables_.flow_count(), 0u);
  EXPECT_EQ(tables_.groups().count(), 0u);
}

// What a rule says is checked when it is made, what it refers to when its turn comes.
TEST_F(PreparationTest, ARuleMayBeMadeBeforeItsGroup) {
  const auto rule = tables_.make_rule(add("in_port=1,actions=group:1"));
  ASSERT_TRUE(rule);
  Preparation change(tables_, clock_.now());
  EXPECT_FALSE(change.begin(*rule));
  put(change, group_mod(GroupModCommand::add, 1, {bucket_to_port(1)}));
  put(change, *rule);
  change.publish();
  EXPECT_NE(find("in_port=1"), nullptr);
  EXPECT_EQ(tables_.make_rule(flow_mod(FlowModCommand::add, port(1), goto_table(0))).error(),
            openflow::OpenFlowError(ErrorCode::ofpbic_bad_table_id));
}

// Linked ahead of its turn, it is in no table yet.
TEST_F(PreparationTest, ARuleThatIsLinkedAheadIsSeenFromItsVersionOn) {
  apply(add("in_port=1,actions=output:1"));
  const auto rule = tables_.make_rule(add("in_port=1,actions=output:2"));
  const auto other = tables_.make_rule(add("in_port=2,ip,actions=output:3"));
  ASSERT_TRUE(rule && other);
  tables_.link_ahead(*rule);
  tables_.link_ahead(*other);
  EXPECT_EQ(output_of("in_port=1"), 1);
  EXPECT_EQ(find("in_port=2,ip"), nullptr);
  EXPECT_EQ(tables_.flow_count(), 1u);
  EXPECT_EQ(tables_.count_with_cookie(0, 0), 1u);
  apply(remove("in_port=2"));  // finds none

  Preparation change(tables_, clock_.now());
  put(change, *rule);
  put(change, *other);
  change.publish();
  EXPECT_EQ(output_of("in_port=1"), 2) << "it has replaced the other one";
  EXPECT_EQ(output_of("in_port=2,ip"), 3);
  EXPECT_EQ(tables_.flow_count(), 2u);
  tables_.take_back_ahead(std::array{*rule, *other});
  EXPECT_EQ(tables_.flow_count(), 2u) << "what has come stays";
}

TEST_F(PreparationTest, WhatIsLinkedAheadAndDoesNotComeLeavesNothing) {
  apply(add("in_port=1,actions=output:1"));
  std::vector<FlowRulePtr> rules;
  for (const char* text : {"in_port=1,actions=output:2", "in_port=1,actions=output:3", "tcp,tp_dst=5,actions=drop"}) {
    rules.push_back(*tables_.make_rule(add(text)));
    tables_.link_ahead(rules.back());
  }
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 4u);
  {
    Preparation change(tables_, clock_.now());
    put(change, rules[0]);
    change.take_back_all();
  }
  tables_.take_back_ahead(rules);
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 1u);
  EXPECT_EQ(tables_.table(0).classifier().subtable_count(), 1u);
  EXPECT_EQ(output_of("in_port=1"), 1);
}

TEST_F(PreparationTest, AModifyThatFindsNothingAddsWhereTheVersionSaysSo) {
  Preparation change(tables_, clock_.now(), {.modify_adds = true});
  put(change, modify("in_port=1,actions=output:2"));
  change.publish();
  EXPECT_EQ(output_of("in_port=1"), 2);
}

// Equal instructions are there once, whoever brought them.
TEST_F(PreparationTest, RulesThatDoTheSameShareTheirInstructions) {
  apply(add("in_port=1,actions=output:2"));
  apply(add("in_port=2,actions=output:2"));
  apply(add("in_port=3,actions=output:3"));
  EXPECT_EQ(&find("in_port=1")->instructions(), &find("in_port=2")->instructions());
  EXPECT_NE(&find("in_port=1")->instructions(), &find("in_port=3")->instructions());
}

// Counters are in the rule that they began in; it is kept for them.
TEST_F(PreparationTest, CountersOutliveTheRuleThatTheyAreIn) {
  apply(add("in_port=1,actions=output:1"));
  find("in_port=1")->counters().credit(3, 180, clock_.now());
  const auto counters = find("in_port=1")->shared_counters();
  for (uint16_t port = 2; port < 6; ++port) {
    apply(modify("in_port=1,actions=output:" + std::to_string(port)));
    settle();
    tables_.reclaim();
  }
  counters->credit(1, 60, clock_.now());
  EXPECT_EQ(find("in_port=1")->counters().packet_count(), 4u);
  EXPECT_EQ(find("in_port=1")->counters().byte_count(), 240u);
}

}  // namespace
}  // namespace weft::ofproto
