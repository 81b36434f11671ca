// Stories of flow-mod MODIFY and MODIFY_STRICT: OpenFlow 1.3.5 section 6.4.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;
using testing::UnorderedElementsAre;

class FlowModifyTest : public TableTest {
 protected:
  FlowModifyTest() {
    apply(add("cookie=0x11,in_port=1,actions=output:1"));
    apply(add("cookie=0x12,in_port=1,dl_vlan=7,actions=output:1"));
    apply(add("cookie=0x21,idle_timeout=60,in_port=2,actions=output:1"));
  }
  using Cookies = std::multiset<uint64_t>;
  // Of the rules that output to 9 by now.
  Cookies modified() {
    openflow::FlowFilter filter;
    filter.out_port = OfPort{9};
    return cookies(filter);
  }
};

TEST_F(FlowModifyTest, ChangesEveryFlowAtLeastAsSpecific) {
  EXPECT_EQ(apply(modify("in_port=1,actions=output:9")).rules.size(), 2u);
  EXPECT_EQ(modified(), (Cookies{0x11, 0x12}));
}

TEST_F(FlowModifyTest, LooksAtNoPriority) { EXPECT_EQ(apply(modify("priority=3,actions=output:9")).rules.size(), 3u); }

TEST_F(FlowModifyTest, StrictChangesTheOneFlowOfThatMatchAndPriority) {
  EXPECT_TRUE(apply(modify_strict("priority=99,in_port=1,actions=output:9")).empty());
  apply(modify_strict("in_port=1,actions=output:9"));
  EXPECT_EQ(modified(), Cookies{0x11});
}

TEST_F(FlowModifyTest, ChangesInstructionsAndNothingElse) {
  const FlowRule* before = find("in_port=2");
  before->counters().credit(4, 400, clock_.now());
  const TimePoint created = before->created();
  clock_.advance(seconds(5));
  apply(modify_strict("in_port=2,idle_timeout=1,hard_timeout=1,send_flow_rem,actions=output:9"));

  EXPECT_THAT(dump("in_port=2"), UnorderedElementsAre("cookie=0x21, idle_timeout=60, in_port=2 actions=output:9"));
  const FlowRule* after = find("in_port=2");
  EXPECT_NE(after, before);
  EXPECT_EQ(after->created(), created);
  EXPECT_EQ(after->modified(), clock_.now());
  EXPECT_EQ(after->counters().packet_count(), 4u);
}

TEST_F(FlowModifyTest, ResetCountsClearsThem) {
  find("in_port=2")->counters().credit(4, 400, clock_.now());
  apply(modify_strict("in_port=2,reset_counts,actions=output:9"));
  EXPECT_EQ(find("in_port=2")->counters().packet_count(), 0u);
}

TEST_F(FlowModifyTest, TheCookieSelectsUnderItsMask) {
  apply(modify("cookie=0x10/0xf0,actions=output:9"));
  EXPECT_EQ(modified(), (Cookies{0x11, 0x12}));
  EXPECT_TRUE(apply(modify_strict("cookie=0x10/0xf0,in_port=2,actions=output:9")).empty());
}

TEST_F(FlowModifyTest, OutPortIsNotLookedAt) {
  FlowMod message = modify("in_port=2,actions=output:9");
  message.out_port = OfPort{4};
  message.out_group = 4;
  apply(message);
  EXPECT_EQ(modified(), Cookies{0x21});
}

TEST_F(FlowModifyTest, AddsNothingBut10Does) {
  EXPECT_TRUE(apply(modify("in_port=5,actions=output:9")).empty());
  EXPECT_TRUE(apply(modify_strict("in_port=5,actions=output:9")).empty());
  EXPECT_EQ(find("in_port=5"), nullptr);

  rules_.modify_adds = true;
  EXPECT_EQ(apply(modify("in_port=5,actions=output:9")).rules.size(), 1u);
  EXPECT_EQ(output_of("in_port=5"), 9);
  EXPECT_EQ(apply(modify_strict("in_port=6,actions=output:9")).rules.size(), 1u);
  EXPECT_EQ(output_of("in_port=6"), 9);
}

TEST_F(FlowModifyTest, In10ItMayNameAllTablesAndGivesItsCookie) {
  FlowMod message = modify("in_port=5,actions=output:9");
  message.modify_adds = true;
  message.new_cookie = 0x77;
  message.table_id = openflow::all_tables;
  EXPECT_EQ(apply(message).rules.size(), 1u);
  EXPECT_EQ(modified(), Cookies{0x77});
  message.new_cookie = 0x78;
  EXPECT_EQ(apply(message).rules.size(), 1u);
  EXPECT_EQ(modified(), Cookies{0x78});
  message.new_cookie.reset();
  apply(message);
  EXPECT_EQ(modified(), Cookies{0x78});
}

TEST_F(FlowModifyTest, IsRefusedForAllTablesAndBadInstructions) {
  FlowMod message = modify("actions=output:9");
  message.table_id = openflow::all_tables;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));
  EXPECT_TRUE(refusal(modify("actions=group:8")).is(ErrorCode::ofpbac_bad_out_group));
}

TEST_F(FlowModifyTest, AModifiedFlowCausesNoFlowRemoved) {
  apply(add("in_port=4,send_flow_rem,actions=output:1"));
  const Change change = apply(modify("in_port=4,actions=output:9"));
  ASSERT_EQ(change.rules.size(), 1u);
  EXPECT_FALSE(change.rules[0].wants_flow_removed());
}

}  // namespace
}  // namespace weft::ofproto
