// Stories of flow-mod DELETE and DELETE_STRICT: OpenFlow 1.3.5 section 6.4, and hidden rules.
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::seconds;

class FlowRemoveTest : public TableTest {
 protected:
  static FlowMod remove(const Match& match) {
    FlowMod message = flow_mod(FlowModCommand::remove, match);
    message.table_id = openflow::all_tables;
    return message;
  }
  static FlowMod remove_strict(const Match& match) { return flow_mod(FlowModCommand::remove_strict, match); }

  void add_with_cookie(const Match& match, uint64_t cookie, const openflow::Instructions& to = output(1),
                       uint8_t table_id = 0) {
    FlowMod message = add(match, to);
    message.cookie = cookie;
    message.table_id = table_id;
    apply(message);
  }
  using Cookies = std::multiset<uint64_t>;
};

TEST_F(FlowRemoveTest, RemovesEveryFlowAtLeastAsSpecificWhateverItsPriority) {
  add_with_cookie(port(1), 1);
  add_with_cookie(port_and_mac(1, 7), 2);
  add_with_cookie(port(2), 3);
  FlowMod message = remove(port(1));
  message.priority = 4;
  apply(message);
  EXPECT_EQ(cookies(), Cookies{3});
  EXPECT_EQ(find(port(1)), nullptr);
}

TEST_F(FlowRemoveTest, AnEmptyMatchRemovesAll) {
  add_with_cookie(port(1), 1);
  add_with_cookie(Match(), 2);
  add_with_cookie(mac(3), 3, output(1), 9);
  EXPECT_EQ(apply(remove(Match())).rules.size(), 3u);
  EXPECT_EQ(tables_.flow_count(), 0u);
}

TEST_F(FlowRemoveTest, StrictRemovesTheOneFlowOfThatMatchAndPriority) {
  add_with_cookie(port(1), 1);
  add_with_cookie(port_and_mac(1, 7), 2);
  FlowMod message = remove_strict(port(1));
  message.priority = 99;
  EXPECT_TRUE(apply(message).empty());
  message.priority = 100;
  apply(message);
  EXPECT_EQ(cookies(), Cookies{2});
}

TEST_F(FlowRemoveTest, ATableIsOneOrAll) {
  add_with_cookie(port(1), 1, output(1), 0);
  add_with_cookie(port(1), 2, output(1), 5);
  FlowMod message = remove(Match());
  message.table_id = 5;
  apply(message);
  EXPECT_EQ(cookies(), Cookies{1});
  message.table_id = 200;  // never used
  EXPECT_TRUE(apply(message).empty());
  message.table_id = 254;
  EXPECT_TRUE(refusal(message).is(ErrorCode::ofpfmfc_bad_table_id));

  FlowMod strict = remove_strict(port(1));
  strict.table_id = openflow::all_tables;
  apply(strict);
  EXPECT_EQ(tables_.flow_count(), 0u);
}

TEST_F(FlowRemoveTest, TheCookieSelectsUnderItsMask) {
  add_with_cookie(port(1), 0x11);
  add_with_cookie(port(2), 0x12);
  add_with_cookie(port(3), 0x21);
  FlowMod message = remove(Match());
  message.cookie = 0x10;
  message.cookie_mask = 0xf0;
  apply(message);
  EXPECT_EQ(cookies(), Cookies{0x21});
}

TEST_F(FlowRemoveTest, OutPortAndOutGroupRestrict) {
  apply(group_mod(GroupModCommand::add, 3, {bucket_to_port(2)}));
  add_with_cookie(port(1), 1, output(2));
  add_with_cookie(port(2), 2, output(4));
  add_with_cookie(port(3), 3, to_group(3));
  FlowMod by_port = remove(Match());
  by_port.out_port = OfPort{2};
  apply(by_port);
  EXPECT_EQ(cookies(), (Cookies{2, 3})) << "an output by way of a group does not count";
  FlowMod by_group = remove(Match());
  by_group.out_group = 3;
  apply(by_group);
  EXPECT_EQ(cookies(), Cookies{2});

  FlowMod strict = remove_strict(port(2));
  strict.out_port = OfPort{5};
  EXPECT_TRUE(apply(strict).empty());
}

TEST_F(FlowRemoveTest, FlowRemovedIsDueWhenAskedForAndCarriesTheFinalCount) {
  FlowMod message = add(port(1));
  message.flags = flow_flag::send_flow_rem;
  message.cookie = 77;
  message.hard_timeout = 100;
  apply(message);
  apply(add(port(2)));
  find(port(1))->counters().credit(3, 300, clock_.now());
  clock_.advance(seconds(4));

  const Change change = apply(remove(Match()));
  ASSERT_EQ(change.rules.size(), 2u);
  for (const RuleChange& rule : change.rules) {
    EXPECT_TRUE(rule.is_removal());
    EXPECT_EQ(rule.wants_flow_removed(), rule.before->cookie() == 77);
  }
  // Packets that were on their way are credited afterwards.
  const RuleChange& wanted = change.rules[0].wants_flow_removed() ? change.rules[0] : change.rules[1];
  wanted.before->counters().credit(2, 200, clock_.now());
  const openflow::FlowRemoved told = wanted.before->removed_message(wanted.reason, clock_.now());
  EXPECT_EQ(told.reason, FlowRemovedReason::removed);
  EXPECT_EQ(told.packet_count, 5u);
  EXPECT_EQ(told.byte_count, 500u);
  EXPECT_EQ(told.duration, (openflow::Duration{4, 0}));
  EXPECT_EQ(told.match, port(1));
  EXPECT_EQ(told.priority, 100);
  EXPECT_EQ(told.hard_timeout, 100);
}

TEST_F(FlowRemoveTest, AFlowAddedAgainIsNew) {
  add_with_cookie(port(1), 1);
  find(port(1))->counters().credit(3, 300, clock_.now());
  apply(remove(Match()));
  add_with_cookie(port(1), 2);
  EXPECT_EQ(find(port(1))->counters().packet_count(), 0u);
}

TEST_F(FlowRemoveTest, HiddenRulesAreBeyondMessages) {
  const auto instructions = std::make_shared<const openflow::Instructions>(output(5));
  tables_.publish(tables_.prepare_rule(Match(), {.priority = 65536, .instructions = instructions}));
  add_with_cookie(port(1), 1);
  EXPECT_EQ(output_of(port(1)), 5);
  EXPECT_EQ(tables_.flow_count(), 1u);
  EXPECT_EQ(cookies(), Cookies{1});
  EXPECT_EQ(apply(remove(Match())).rules.size(), 1u);
  EXPECT_TRUE(apply(flow_mod(FlowModCommand::modify, Match(), output(7))).empty());
  EXPECT_EQ(output_of(port(1)), 5);

  FlowSelection everything(tables_, {}, version_.current(), true);
  EXPECT_EQ(everything.next(10, 10).size(), 1u);
  tables_.publish(tables_.prepare_removal(0, Match(), 65536));
  EXPECT_EQ(find(port(1)), nullptr);
}

TEST_F(FlowRemoveTest, MemoryOfRemovedRulesComesBack) {
  add_with_cookie(port(1), 1);
  std::weak_ptr<const FlowRule> rule = find(port(1))->shared_from_this();
  apply(remove(Match()));
  settle();
  EXPECT_TRUE(tables_.reclaim());
  settle();
  EXPECT_TRUE(rule.expired());
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 0u);
}

}  // namespace
}  // namespace weft::ofproto
