// Tables that are full: who goes for whom, and when a table tells that it fills up.
#include "ofproto/table/eviction_build.h"
#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

class EvictionTest : public TableTest {
 protected:
  void evict(std::optional<uint32_t> flags, size_t max_entries = 3) {
    TablePolicy policy;
    policy.eviction = flags;
    policy.max_entries = max_entries;
    tables_.set_policy(0, policy);
    EvictionBuild build(tables_.table(0));
    while (build.step(version_.current())) {
    }
  }
  FlowMod numbered(uint64_t number, const std::string& words = "") {
    FlowMod message = add("cookie=" + std::to_string(number) + "," + words + "in_port=1,actions=drop");
    message.match = port(number);
    return message;
  }

  static constexpr uint32_t importance = openflow::eviction_flag::importance;
  static constexpr uint32_t lifetime = openflow::eviction_flag::lifetime;
};

TEST_F(EvictionTest, AFullTableRefusesUnlessItEvicts) {
  evict(std::nullopt, 1);
  apply(numbered(1, "hard_timeout=5,"));
  EXPECT_EQ(refusal(numbered(2)), openflow::OpenFlowError(ErrorCode::ofpfmfc_table_full));
  apply(numbered(1));
  EXPECT_EQ(tables_.flow_count(), 1u) << "what replaces another needs no room";
}

TEST_F(EvictionTest, WhatWouldExpireFirstGoes) {
  evict(lifetime);
  apply(numbered(1));
  apply(numbered(2, "hard_timeout=50,"));
  apply(numbered(3, "idle_timeout=20,"));
  const Change change = apply(numbered(4));
  ASSERT_EQ(change.rules.size(), 2u);
  EXPECT_EQ(change.rules[0].reason, FlowRemovedReason::eviction);
  EXPECT_EQ(cookies(), (std::multiset<uint64_t>{1, 2, 4}));
  apply(numbered(5));
  EXPECT_EQ(cookies(), (std::multiset<uint64_t>{1, 4, 5}));
  EXPECT_EQ(refusal(numbered(6)), openflow::OpenFlowError(ErrorCode::ofpfmfc_table_full)) << "none would expire";
}

TEST_F(EvictionTest, UseKeepsARule) {
  evict(lifetime, 2);
  apply(numbered(1, "idle_timeout=10,"));
  apply(numbered(2, "idle_timeout=12,"));
  clock_.advance(std::chrono::seconds(5));
  find("in_port=1")->counters().credit(1, 60, clock_.now());
  apply(numbered(3, "idle_timeout=30,"));
  EXPECT_EQ(cookies(), (std::multiset<uint64_t>{1, 3}));
}

TEST_F(EvictionTest, TheLeastImportantGoesForAMoreImportantOne) {
  evict(importance, 2);
  apply(numbered(1, "importance=5,"));
  apply(numbered(2, "importance=7,"));
  EXPECT_EQ(refusal(numbered(3, "importance=4,")), openflow::OpenFlowError(ErrorCode::ofpfmfc_table_full));
  EXPECT_EQ(refusal(numbered(3, "importance=5,")), openflow::OpenFlowError(ErrorCode::ofpfmfc_table_full));
  apply(numbered(3, "importance=6,"));
  EXPECT_EQ(cookies(), (std::multiset<uint64_t>{2, 3}));
}

TEST_F(EvictionTest, RulesThatWereThereAreEvictedToo) {
  for (uint64_t i = 1; i <= 3; ++i) {
    apply(numbered(i, "hard_timeout=" + std::to_string(10 * i) + ","));
  }
  evict(lifetime);
  EXPECT_EQ(tables_.table(0).eviction()->count(), 3u);
  apply(numbered(4));
  EXPECT_EQ(cookies(), (std::multiset<uint64_t>{2, 3, 4}));
}

TEST_F(EvictionTest, AnEvictionIsTakenBackWithItsBundle) {
  evict(lifetime, 1);
  apply(numbered(1, "hard_timeout=5,"));
  const auto change = prepare(numbered(2));
  ASSERT_TRUE(change);
  tables_.revert(*change);
  EXPECT_EQ(cookies(), (std::multiset<uint64_t>{1}));
  EXPECT_EQ(tables_.table(0).eviction()->count(), 1u);
}

TEST(VacancyWatch, TellsEachCrossingOnce) {
  using enum openflow::TableStatusReason;
  VacancyWatch watch({.down = 20, .up = 40});
  EXPECT_EQ(watch.look(20), std::nullopt);
  EXPECT_EQ(watch.look(19), vacancy_down);
  EXPECT_EQ(watch.look(10), std::nullopt);
  EXPECT_EQ(watch.look(40), std::nullopt) << "it lingers";
  EXPECT_EQ(watch.look(19), std::nullopt);
  EXPECT_EQ(watch.look(41), vacancy_up);
  EXPECT_EQ(watch.look(60), std::nullopt);
  EXPECT_EQ(watch.look(0), vacancy_down);
}

TEST(VacancyWatch, VacancyIsInPercent) {
  EXPECT_EQ(vacancy_of(0, 3), 100);
  EXPECT_EQ(vacancy_of(1, 3), 66);
  EXPECT_EQ(vacancy_of(3, 3), 0);
  EXPECT_EQ(vacancy_of(5, 3), 0);
  EXPECT_EQ(vacancy_of(0, 0), 0);
}

}  // namespace
}  // namespace weft::ofproto
