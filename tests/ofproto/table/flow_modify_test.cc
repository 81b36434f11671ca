// Stories of flow-mod MODIFY and MODIFY_STRICT: OpenFlow 1.3.5 section 6.4.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;

class FlowModifyTest : public TableTest {
 protected:
  FlowModifyTest() {
    add_with_cookie(port(1), 0x11);
    add_with_cookie(port_and_mac(1, 7), 0x12);
    add_with_cookie(port(2), 0x21);
  }
  void add_with_cookie(const Match& match, uint64_t cookie) {
    FlowMod message = add(match, output(1));
    message.cookie = cookie;
    message.idle_timeout = 60;
    apply(message);
  }
  static FlowMod modify(const Match& match, uint16_t to = 9) {
    return flow_mod(FlowModCommand::modify, match, output(to));
  }
  static FlowMod modify_strict(const Match& match, uint16_t to = 9) {
    return flow_mod(FlowModCommand::modify_strict, match, output(to));
  }
  // Cookies of the rules that output to 9 by now.
  std::multiset<uint64_t> modified() {
    openflow::FlowFilter filter;
    filter.out_port = OfPort{9};
    return cookies(filter);
  }
};

TEST_F(FlowModifyTest, ChangesEveryFlowAtLeastAsSpecific) {
  EXPECT_EQ(apply(modify(port(1))).rules.size(), 2u);
  EXPECT_EQ(modified(), (std::multiset<uint64_t>{0x11, 0x12}));
}

TEST_F(FlowModifyTest, LooksAtNoPriority) {
  FlowMod message = modify(Match());
  message.priority = 3;
  EXPECT_EQ(apply(message).rules.size(), 3u);
}

TEST_F(FlowModifyTest, StrictChangesTheOneFlowOfThatMatchAndPriority) {
  FlowMod message = modify_strict(port(1));
  message.priority = 99;
  EXPECT_TRUE(apply(message).empty());
  message.priority = 100;
  apply(message);
  EXPECT_EQ(modified(), (std::multiset<uint64_t>{0x11}));
}

TEST_F(FlowModifyTest, ChangesInstructionsAndNothingElse) {
  const FlowRule* before = find(port(2));
  before->counters().credit(4, 400, clock_.now());
  const TimePoint created = before->created();
  clock_.advance(seconds(5));
  FlowMod message = modify_strict(port(2));
  message.cookie = 0;
  message.idle_timeout = 1;
  message.hard_timeout = 1;
  message.flags = flow_flag::send_flow_rem;
  apply(message);

  const FlowRule* after = find(port(2));
  EXPECT_NE(after, before);
  EXPECT_EQ(output_of(port(2)), 9);
  EXPECT_EQ(after->cookie(), 0x21u);
  EXPECT_EQ(after->idle_timeout(), 60);
  EXPECT_EQ(after->hard_timeout(), 0);
  EXPECT_EQ(after->flags(), 0);
  EXPECT_EQ(after->created(), created);
  EXPECT_EQ(after->modified(), clock_.now());
  EXPECT_EQ(after->counters().packet_count(), 4u);
}

TEST_F(FlowModifyTest, ResetCountsClearsThem) {
  find(port(2))->counters().credit(4, 400, clock_.now());
  FlowMod message = modify_strict(port(2));
  message.flags = flow_flag::reset_counts;
  apply(message);
  EXPECT_EQ(find(port(2))->counters().packet_count(), 0u);
}

TEST_F(FlowModifyTest, TheCookieSelectsUnderItsMask) {
  FlowMod message = modify(Match());
  message.cookie = 0x10;
  message.cookie_mask = 0xf0;
  apply(message);
  EXPECT_EQ(modified(), (std::multiset<uint64_t>{0x11, 0x12}));

  FlowMod strict = modify_strict(port(2));
  strict.cookie = 0x10;
  strict.cookie_mask = 0xf0;
  EXPECT_TRUE(apply(strict).empty());
}

TEST_F(FlowModifyTest, OutPortIsNotLookedAt) {
  FlowMod message = modify(port(2));
  message.out_port = OfPort{4};
  message.out_group = 4;
  apply(message);
  EXPECT_EQ(modified(), (std::multiset<uint64_t>{0x21}));
}

TEST_F(FlowModifyTest, AddsNothingBut10Does) {
  EXPECT_TRUE(apply(modify(port(5))).empty());
  EXPECT_TRUE(apply(modify_strict(port(5))).empty());
  EXPECT_EQ(find(port(5)), nullptr);

  rules_.modify_adds = true;
  EXPECT_EQ(apply(modify(port(5))).rules.size(), 1u);
  EXPECT_EQ(output_of(port(5)), 9);
  EXPECT_EQ(apply(modify_strict(port(6))).rules.size(), 1u);
  EXPECT_EQ(output_of(port(6)), 9);
}

TEST_F(FlowModifyTest, IsRefusedForAllTablesAndBadInstructions) {
  FlowMod message = modify(Match());
  message.table_id = openflow::all_tables;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));
  EXPECT_TRUE(refusal(flow_mod(FlowModCommand::modify, Match(), to_group(8))).is(ErrorCode::ofpbac_bad_out_group));
}

TEST_F(FlowModifyTest, AModifiedFlowCausesNoFlowRemoved) {
  FlowMod message = add(port(4));
  message.flags = flow_flag::send_flow_rem;
  apply(message);
  for (const RuleChange& rule : apply(modify(port(4))).rules) {
    EXPECT_FALSE(rule.wants_flow_removed());
  }
}

}  // namespace
}  // namespace weft::ofproto
