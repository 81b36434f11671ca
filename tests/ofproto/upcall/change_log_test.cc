#include "ofproto/upcall/change_log.h"

#include <gtest/gtest.h>

namespace weft::ofproto {
namespace {

std::shared_ptr<const FlowRule> rule(uint8_t table_id, int32_t priority, const Match& match) {
  FlowRuleSpec spec;
  spec.table_id = table_id;
  spec.priority = priority;
  spec.instructions = std::make_shared<const openflow::Instructions>();
  return std::make_shared<FlowRule>(MiniMatch(match), spec);
}

Match on_port(uint64_t in_port) {
  Match match;
  match.set(FieldId::in_port, in_port);
  return match;
}

Dependencies asked(BridgeId bridge, uint8_t table_id, std::optional<int32_t> found, const Match& seen) {
  Dependencies dependencies;
  dependencies.tables.push_back({bridge, table_id, found, 0});
  dependencies.seen.add(seen);
  return dependencies;
}

TouchIndex index_of(Touches touches) {
  TouchIndex index;
  index.add(touches);
  return index;
}

TEST(TouchIndex, IdTouchesWhoReliedOnIt) {
  const TouchIndex index = index_of({.ids = {dependency::group(1, 5)}, .rules = {}});
  EXPECT_TRUE(index.touches(Dependencies{.ids = {dependency::group(1, 5)}, .tables = {}, .seen = {}}));
  EXPECT_FALSE(index.touches(
      Dependencies{.ids = {dependency::group(2, 5), dependency::port(1, OfPort{5})}, .tables = {}, .seen = {}}));
}

TEST(TouchIndex, AddedRuleTouchesWhatItCouldHaveWon) {
  const TouchIndex index = index_of({.ids = {}, .rules = {{1, rule(3, 10, on_port(2))}}});
  EXPECT_TRUE(index.touches(asked(1, 3, 9, on_port(2))));
  EXPECT_TRUE(index.touches(asked(1, 3, std::nullopt, on_port(2))));
  EXPECT_FALSE(index.touches(asked(1, 3, 11, on_port(2))));            // a better rule was found
  EXPECT_FALSE(index.touches(asked(1, 3, std::nullopt, on_port(4))));  // another packet
  EXPECT_FALSE(index.touches(asked(1, 2, std::nullopt, on_port(2))));  // another table
  EXPECT_FALSE(index.touches(asked(2, 3, std::nullopt, on_port(2))));  // another bridge
}

// What a decision does not fix may be what the rule asks for.
TEST(TouchIndex, UnknownBitsMayMatch) {
  Match wanted = on_port(2);
  wanted.set(FieldId::eth_type, 0x0800);
  const TouchIndex index = index_of({.ids = {}, .rules = {{1, rule(0, 10, wanted)}}});
  EXPECT_TRUE(index.touches(asked(1, 0, std::nullopt, on_port(2))));
}

TEST(ChangeLog, ChangesSinceANumberTouch) {
  ChangeLog log;
  const uint64_t before = log.sequence();
  const uint64_t first = log.append({.ids = {11}, .rules = {}});
  const Dependencies on_11{.ids = {11}, .tables = {}, .seen = {}};
  EXPECT_EQ(log.sequence(), first);
  EXPECT_TRUE(log.touches_since(before, on_11));
  EXPECT_FALSE(log.touches_since(first, on_11));
  log.append({.ids = {12}, .rules = {}});
  EXPECT_FALSE(log.touches_since(first, on_11));
}

TEST(ChangeLog, WhatIsForgottenCountsAsTouching) {
  ChangeLog log(2);
  const uint64_t before = log.sequence();
  for (DependencyId id = 1; id <= 3; ++id) {
    log.append({.ids = {id}, .rules = {}});
  }
  EXPECT_EQ(log.since(before), nullptr);
  EXPECT_TRUE(log.touches_since(before, Dependencies{}));
  EXPECT_FALSE(log.touches_since(before + 1, Dependencies{}));
}

}  // namespace
}  // namespace weft::ofproto
