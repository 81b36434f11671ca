// Stories of flow-mod DELETE and DELETE_STRICT: OpenFlow 1.3.5 section 6.4, and hidden rules.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class FlowRemoveTest : public TableTest {};

TEST_F(FlowRemoveTest, RemovesEveryFlowAtLeastAsSpecificWhateverItsPriority) {
  apply(add("priority=5,in_port=1,actions=output:1"));
  apply(add("priority=6,in_port=1,dl_vlan=7,actions=output:1"));
  apply(add("priority=7,in_port=2,actions=output:1"));
  apply(remove("in_port=1"));
  EXPECT_THAT(dump(), ElementsAre("priority=7,in_port=2 actions=output:1"));
  EXPECT_EQ(find("in_port=1"), nullptr);
}

TEST_F(FlowRemoveTest, AnEmptyMatchRemovesAll) {
  apply(add("in_port=1,actions=output:1"));
  apply(add("actions=drop"));
  apply(add("table=9,dl_vlan=7,actions=output:1"));
  EXPECT_EQ(apply(remove("")).rules.size(), 3u);
  EXPECT_EQ(tables_.flow_count(), 0u);
}

TEST_F(FlowRemoveTest, StrictRemovesTheOneFlowOfThatMatchAndPriority) {
  apply(add("priority=5,in_port=1,actions=output:1"));
  apply(add("priority=5,in_port=1,dl_vlan=7,actions=output:1"));
  EXPECT_TRUE(apply(remove_strict("priority=4,in_port=1")).empty());
  apply(remove_strict("priority=5,in_port=1"));
  EXPECT_THAT(dump(), ElementsAre("priority=5,in_port=1,dl_vlan=7 actions=output:1"));
}

TEST_F(FlowRemoveTest, ATableIsOneOrAll) {
  apply(add("in_port=1,actions=output:1"));
  apply(add("table=5,in_port=1,actions=output:2"));
  EXPECT_TRUE(apply(remove("table=200")).empty()) << "it was never used";
  apply(remove("table=5"));
  EXPECT_THAT(dump(), ElementsAre("in_port=1 actions=output:1"));
  FlowMod message = remove("");
  message.table_id = 254;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));

  apply(add("table=5,in_port=1,actions=output:2"));
  FlowMod strict = remove_strict("in_port=1");
  strict.table_id = openflow::all_tables;
  apply(strict);
  EXPECT_EQ(tables_.flow_count(), 0u);
}

TEST_F(FlowRemoveTest, TheCookieSelectsUnderItsMask) {
  apply(add("cookie=0x11,in_port=1,actions=drop"));
  apply(add("cookie=0x12,in_port=2,actions=drop"));
  apply(add("cookie=0x21,in_port=3,actions=drop"));
  apply(remove("cookie=0x10/0xf0"));
  EXPECT_THAT(dump(), ElementsAre("cookie=0x21, in_port=3 actions=drop"));
}

TEST_F(FlowRemoveTest, OutPortAndOutGroupRestrict) {
  apply(group_mod(GroupModCommand::add, 3, {bucket_to_port(2)}));
  apply(add("in_port=1,actions=output:2"));
  apply(add("in_port=2,actions=output:4"));
  apply(add("in_port=3,actions=write_actions(group:3)"));
  apply(remove("out_port=2"));
  EXPECT_THAT(dump(), UnorderedElementsAre("in_port=2 actions=output:4", "in_port=3 actions=write_actions(group:3)"))
      << "an output by way of a group does not count";
  apply(remove("out_group=3"));
  EXPECT_THAT(dump(), ElementsAre("in_port=2 actions=output:4"));
  EXPECT_TRUE(apply(remove_strict("in_port=2,out_port=5")).empty());
}

TEST_F(FlowRemoveTest, FlowRemovedIsDueWhenAskedForAndCarriesTheFinalCount) {
  apply(add("priority=9,cookie=77,hard_timeout=100,in_port=1,send_flow_rem,actions=output:1"));
  find("in_port=1")->counters().credit(3, 300, clock_.now());
  clock_.advance(seconds(4));

  const RuleChange removed = apply(remove("")).rules.at(0);
  EXPECT_TRUE(removed.wants_flow_removed());
  // Packets that were on their way are credited afterwards.
  removed.before->counters().credit(2, 200, clock_.now());
  EXPECT_EQ(format_flow_removed(removed.before->removed_message(removed.reason, clock_.now())),
            "priority=9,in_port=1 reason=delete table_id=0 cookie:0x4d duration4s idle0 hard100 pkts5 bytes500");
}

TEST_F(FlowRemoveTest, FlowRemovedIsNotSentUnasked) {
  apply(add("in_port=1,actions=output:1"));
  const RuleChange removed = apply(remove("")).rules.at(0);
  EXPECT_TRUE(removed.is_removal());
  EXPECT_FALSE(removed.wants_flow_removed());
}

TEST_F(FlowRemoveTest, AFlowAddedAgainIsNew) {
  apply(add("in_port=1,actions=output:1"));
  find("in_port=1")->counters().credit(3, 300, clock_.now());
  apply(remove(""));
  apply(add("in_port=1,actions=output:1"));
  EXPECT_EQ(find("in_port=1")->counters().packet_count(), 0u);
}

TEST_F(FlowRemoveTest, HiddenRulesAreBeyondMessages) {
  const auto instructions = std::make_shared<const openflow::Instructions>(output(5));
  tables_.publish(tables_.prepare_rule(Match(), {.priority = highest_priority + 1, .instructions = instructions}));
  apply(add("in_port=1,actions=output:1"));
  EXPECT_EQ(output_of("in_port=1"), 5);
  EXPECT_EQ(tables_.flow_count(), 1u);
  EXPECT_THAT(dump(), ElementsAre("in_port=1 actions=output:1"));
  EXPECT_EQ(apply(remove("")).rules.size(), 1u);
  EXPECT_TRUE(apply(modify("actions=output:7")).empty());
  EXPECT_EQ(output_of("in_port=1"), 5);

  {
    FlowSelection everything(tables_, {}, version_.current(), true);
    EXPECT_EQ(everything.next(10, 10).size(), 1u);
  }
  tables_.publish(tables_.prepare_removal(0, Match(), highest_priority + 1));
  EXPECT_EQ(find("in_port=1"), nullptr);
}

TEST_F(FlowRemoveTest, MemoryOfRemovedRulesComesBack) {
  apply(add("in_port=1,actions=output:1"));
  const std::weak_ptr<const FlowRule> rule = find("in_port=1")->shared_from_this();
  apply(remove(""));
  settle();
  EXPECT_TRUE(tables_.reclaim());
  settle();
  EXPECT_TRUE(rule.expired());
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 0u);
}

}  // namespace
}  // namespace weft::ofproto
