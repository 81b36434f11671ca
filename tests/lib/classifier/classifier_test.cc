// Stories of one classifier: who wins, who sees what at which version, and which bits were looked at.
#include "lib/classifier/classifier.h"

#include <gtest/gtest.h>

#include "tests/lib/classifier/test_rule.h"

namespace weft {
namespace {

constexpr uint64_t v1 = 1;
constexpr uint64_t v2 = 2;

class ClassifierTest : public testing::Test {
 protected:
  void add(ClassifierRule& rule, uint64_t version = v1) {
    classifier_.insert(rule, version);
    classifier_.seal();
  }
  const ClassifierRule* find(const Flow& flow, uint64_t version = v1) {
    mask_ = Flow();
    return classifier_.lookup(flow, version, &mask_);
  }
  bool looked_at(FieldId id) const { return !get(mask_, field(id)).is_zero(); }

  rcu::ThreadScope rcu_;
  Classifier classifier_{42};
  Flow mask_;
};

TEST_F(ClassifierTest, AnEmptyOneFindsNothingAndLooksAtNothing) {
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}})), nullptr);
  EXPECT_EQ(mask_, Flow());
}

TEST_F(ClassifierTest, TheHighestPriorityWinsWhateverTheOrderOfInsertion) {
  TestRule low(Match(), 0);
  TestRule high(match_of({{FieldId::in_port, 1}}), 200);
  TestRule middle(match_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 7}}), 100);
  add(middle);
  add(high);
  add(low);

  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 7}})), &high);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 2}, {FieldId::eth_dst, 7}})), &low);
}

TEST_F(ClassifierTest, PrioritiesOutsideOpenFlowsStandAboveAndBelow) {
  TestRule above(Match(), highest_priority + 1);
  TestRule top(Match(), highest_priority);
  TestRule below(Match(), lowest_priority - 1);
  add(below);
  EXPECT_EQ(find(Flow()), &below);
  add(top);
  EXPECT_EQ(find(Flow()), &top);
  add(above);
  EXPECT_EQ(find(Flow()), &above);
  EXPECT_TRUE(above.is_hidden());
  EXPECT_TRUE(below.is_hidden());
  EXPECT_FALSE(top.is_hidden());
}

TEST_F(ClassifierTest, EqualMatchesOfSeveralPrioritiesLiveTogether) {
  const Match match = match_of({{FieldId::eth_type, 0x0800}});
  TestRule low(match, 1), middle(match, 2), high(match, 3);
  add(middle);
  add(low);
  add(high);
  const Flow packet = packet_of({{FieldId::eth_type, 0x0800}});
  EXPECT_EQ(find(packet), &high);
  classifier_.unlink(high);
  EXPECT_EQ(find(packet), &middle);
  classifier_.unlink(low);
  EXPECT_EQ(find(packet), &middle);
  classifier_.unlink(middle);
  EXPECT_EQ(find(packet), nullptr);
}

TEST_F(ClassifierTest, ARuleIsVisibleFromTheVersionItWasAddedAt) {
  TestRule rule(Match(), 1);
  add(rule, v2);
  EXPECT_EQ(find(Flow(), v1), nullptr);
  EXPECT_EQ(find(Flow(), v2), &rule);
  EXPECT_EQ(classifier_.find_exact(MiniMatch(Match()), 1, v1), nullptr);
  EXPECT_EQ(classifier_.find_exact(MiniMatch(Match()), 1, v2), &rule);
}

TEST_F(ClassifierTest, ARemovedRuleIsSeenByReadersOfTheOldVersionOnly) {
  TestRule rule(Match(), 1);
  add(rule, v1);
  classifier_.remove(rule, v2);
  EXPECT_EQ(find(Flow(), v1), &rule);
  EXPECT_EQ(find(Flow(), v2), nullptr);
  classifier_.restore(rule);
  EXPECT_EQ(find(Flow(), v2), &rule);
}

TEST_F(ClassifierTest, AReplacementShowsEachVersionItsOwnRule) {
  const Match match = match_of({{FieldId::in_port, 1}});
  TestRule before(match, 5), after(match, 5);
  add(before, v1);
  classifier_.remove(before, v2);
  add(after, v2);
  const Flow packet = packet_of({{FieldId::in_port, 1}});
  EXPECT_EQ(find(packet, v1), &before);
  EXPECT_EQ(find(packet, v2), &after);
  classifier_.unlink(before);
  classifier_.seal();
  EXPECT_EQ(find(packet, v2), &after);
}

TEST_F(ClassifierTest, TheSearchStopsBeforeMasksThatCannotHoldABetterRule) {
  TestRule high(match_of({{FieldId::in_port, 1}}), 100);
  TestRule low(match_of({{FieldId::eth_dst, 7}}), 10);
  add(low);
  add(high);

  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 7}})), &high);
  EXPECT_FALSE(looked_at(FieldId::eth_dst));

  EXPECT_EQ(find(packet_of({{FieldId::in_port, 2}, {FieldId::eth_dst, 7}})), &low);
  EXPECT_TRUE(looked_at(FieldId::eth_dst));
}

TEST_F(ClassifierTest, TheSearchStopsBeforeMasksOfTheSamePriority) {
  TestRule first(match_of({{FieldId::in_port, 1}}), 100);
  TestRule second(match_of({{FieldId::eth_dst, 7}}), 100);
  add(first);
  add(second);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 8}})), &first);
  EXPECT_FALSE(looked_at(FieldId::eth_dst));
}

TEST_F(ClassifierTest, AMaskComesForwardWhenItsHighestPriorityRises) {
  TestRule low(match_of({{FieldId::in_port, 1}}), 10);
  TestRule middle(match_of({{FieldId::eth_dst, 7}}), 50);
  TestRule high(match_of({{FieldId::in_port, 2}}), 100);
  add(low);
  add(middle);
  add(high);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 2}, {FieldId::eth_dst, 7}})), &high);
  classifier_.unlink(high);
  classifier_.seal();
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 7}})), &middle);
  EXPECT_FALSE(looked_at(FieldId::in_port)) << "it has fallen back";
}

TEST_F(ClassifierTest, LaterStagesAreNotLookedAtWhenAnEarlierOneFails) {
  TestRule rule(
      match_of({{FieldId::in_port, 1}, {FieldId::eth_type, 0x0800}, {FieldId::ipv4_dst, 9}, {FieldId::tcp_dst, 80}}),
      100);
  add(rule);

  find(packet_of({{FieldId::in_port, 2}, {FieldId::tcp_dst, 80}}));
  EXPECT_TRUE(looked_at(FieldId::in_port));
  EXPECT_FALSE(looked_at(FieldId::eth_type));
  EXPECT_FALSE(looked_at(FieldId::tcp_dst));

  find(packet_of({{FieldId::in_port, 1}, {FieldId::eth_type, 0x0800}, {FieldId::ipv4_dst, 8}}));
  EXPECT_TRUE(looked_at(FieldId::ipv4_dst));
  EXPECT_FALSE(looked_at(FieldId::tcp_dst));

  const Flow hit =
      packet_of({{FieldId::in_port, 1}, {FieldId::eth_type, 0x0800}, {FieldId::ipv4_dst, 9}, {FieldId::tcp_dst, 80}});
  EXPECT_EQ(find(hit), &rule);
  EXPECT_TRUE(looked_at(FieldId::tcp_dst));
}

TEST_F(ClassifierTest, AStageForgetsRulesThatAreGone) {
  const Match match = match_of({{FieldId::in_port, 1}, {FieldId::tcp_dst, 80}});
  TestRule rule(match, 1);
  TestRule other(match_of({{FieldId::in_port, 2}, {FieldId::tcp_dst, 80}}), 1);
  add(rule);
  add(other);
  classifier_.unlink(rule);
  find(packet_of({{FieldId::in_port, 1}, {FieldId::tcp_dst, 80}}));
  EXPECT_FALSE(looked_at(FieldId::tcp_dst));
}

TEST_F(ClassifierTest, AnAbsentHeaderNeverEqualsAZero) {
  TestRule rule(match_of({{FieldId::tcp_dst, 0}}), 1);
  add(rule);
  EXPECT_EQ(find(packet_of({})), &rule);  // present, and zero
  EXPECT_EQ(find(Flow()), nullptr);       // not there
}

TEST_F(ClassifierTest, AMaskGoesWhenItsLastRuleGoes) {
  TestRule rule(match_of({{FieldId::in_port, 1}}), 1);
  add(rule);
  EXPECT_EQ(classifier_.subtable_count(), 1u);
  classifier_.unlink(rule);
  classifier_.seal();
  EXPECT_EQ(classifier_.subtable_count(), 0u);
  EXPECT_EQ(classifier_.linked_count(), 0u);
  find(packet_of({{FieldId::in_port, 1}}));
  EXPECT_FALSE(looked_at(FieldId::in_port));
}

TEST_F(ClassifierTest, RemovedRulesCostNoBitsThoughTheyAreStillLinked) {
  TestRule low(match_of({{FieldId::in_port, 1}}), 1);
  TestRule first(match_of({{FieldId::eth_dst, 7}}), 100);
  TestRule second(match_of({{FieldId::eth_dst, 8}}), 100);
  add(low);
  add(first);
  add(second);
  classifier_.remove(first, v2);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}}), v2), &low);
  EXPECT_TRUE(looked_at(FieldId::eth_dst));
  classifier_.remove(second, v2);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}}), v2), &low);
  EXPECT_FALSE(looked_at(FieldId::eth_dst));
  EXPECT_EQ(find(packet_of({{FieldId::eth_dst, 8}}), v1), &second);
}

TEST_F(ClassifierTest, AMaskWhoseNewRuleIsTakenBackKeepsThoseThatWereRemovedMeanwhile) {
  TestRule before(match_of({{FieldId::in_port, 1}}), 1);
  TestRule after(match_of({{FieldId::in_port, 1}}), 1);
  add(before);
  classifier_.remove(before, v2);
  add(after, v2);
  classifier_.unlink(after);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}}), v1), &before);
  classifier_.restore(before);
  EXPECT_EQ(find(packet_of({{FieldId::in_port, 1}}), v2), &before);
}

TEST_F(ClassifierTest, FindExactTellsMatchesAndPrioritiesApart) {
  const MiniMatch match(match_of({{FieldId::in_port, 1}}));
  TestRule rule(match, 7);
  add(rule);
  EXPECT_EQ(classifier_.find_exact(match, 7, v1), &rule);
  EXPECT_EQ(classifier_.find_exact(match, 8, v1), nullptr);
  EXPECT_EQ(classifier_.find_exact(MiniMatch(match_of({{FieldId::in_port, 2}})), 7, v1), nullptr);
  EXPECT_EQ(classifier_.find_exact(MiniMatch(Match()), 7, v1), nullptr);
}

TEST_F(ClassifierTest, RulesOverlapWhenOnePacketCouldMatchBothAtOnePriority) {
  TestRule rule(match_of({{FieldId::in_port, 1}}), 7);
  add(rule);
  const auto overlaps = [&](const Match& match, int32_t priority, uint64_t version = v1) {
    return classifier_.find_overlap(MiniMatch(match), priority, version) != nullptr;
  };
  EXPECT_TRUE(overlaps(match_of({{FieldId::eth_dst, 5}}), 7));
  EXPECT_TRUE(overlaps(match_of({{FieldId::in_port, 1}}), 7));
  EXPECT_FALSE(overlaps(match_of({{FieldId::eth_dst, 5}}), 8));
  EXPECT_FALSE(overlaps(match_of({{FieldId::in_port, 2}, {FieldId::eth_dst, 5}}), 7));
  classifier_.remove(rule, v2);
  EXPECT_FALSE(overlaps(match_of({{FieldId::eth_dst, 5}}), 7, v2));
}

TEST_F(ClassifierTest, ManyRulesOfOneMaskAreFoundAsTheTableGrowsAndShrinks) {
  std::vector<std::unique_ptr<TestRule>> rules;
  for (uint64_t i = 0; i < 2000; ++i) {
    rules.push_back(std::make_unique<TestRule>(match_of({{FieldId::metadata, i}, {FieldId::tcp_dst, i % 7}}), 1));
    add(*rules.back());
  }
  const auto packet = [](uint64_t i) { return packet_of({{FieldId::metadata, i}, {FieldId::tcp_dst, i % 7}}); };
  for (uint64_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(find(packet(i)), rules[i].get());
  }
  for (uint64_t i = 0; i < 2000; i += 2) {
    classifier_.unlink(*rules[i]);
  }
  for (uint64_t i = 0; i < 2000; ++i) {
    ASSERT_EQ(find(packet(i)), i % 2 == 0 ? nullptr : rules[i].get());
  }
}

}  // namespace
}  // namespace weft
