// Conjunctive matches: stories, and a dull twin that writes out every combination of clauses as a rule of its own.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "lib/classifier/classifier.h"
#include "tests/lib/classifier/test_rule.h"
#include "tests/reference/random_flow.h"

namespace weft {
namespace {

constexpr uint64_t version = 1;

struct ClauseRule final : ClassifierRule {
  ClauseRule(const Match& match, int32_t priority, std::vector<ConjunctionClause> of)
      : ClassifierRule(MiniMatch(match), priority, !of.empty()), clauses(std::move(of)) {}
  const std::vector<ConjunctionClause> clauses;
};

void clauses_of(const ClassifierRule& rule, std::vector<ConjunctionClause>& clauses) {
  const auto& own = static_cast<const ClauseRule&>(rule).clauses;
  clauses.insert(clauses.end(), own.begin(), own.end());
}

class Conjunctions : public testing::Test {
 protected:
  const ClauseRule& add(const Match& match, int32_t priority, std::vector<ConjunctionClause> clauses = {}) {
    rules_.push_back(std::make_unique<ClauseRule>(match, priority, std::move(clauses)));
    classifier_.insert(*rules_.back(), version);
    classifier_.seal();
    return *rules_.back();
  }
  const ClassifierRule* find(const Flow& packet) {
    mask_ = Flow();
    trail_ = ConjunctionTrail();
    return classifier_.lookup(packet, version, &mask_, &trail_);
  }
  bool looked_at(FieldId id) const { return !get(mask_, field(id)).is_zero(); }

  rcu::ThreadScope rcu_;
  Classifier classifier_{1, default_prefix_fields, &clauses_of};
  std::vector<std::unique_ptr<ClauseRule>> rules_;
  Flow mask_;
  ConjunctionTrail trail_;
};

Match src(uint64_t mac) { return match_of({{FieldId::eth_src, mac}}); }
Match dst(uint64_t mac) { return match_of({{FieldId::eth_dst, mac}}); }
Match met(uint64_t id) { return match_of({{FieldId::conj_id, id}}); }
Flow from_to(uint64_t from, uint64_t to) { return packet_of({{FieldId::eth_src, from}, {FieldId::eth_dst, to}}); }

TEST_F(Conjunctions, AllClausesMakeTheRuleThatAsksForTheId) {
  add(src(1), 10, {{7, 0, 2}});
  add(src(2), 10, {{7, 0, 2}});
  add(dst(3), 10, {{7, 1, 2}});
  const ClassifierRule& answer = add(met(7), 10);
  EXPECT_EQ(find(from_to(1, 3)), &answer);
  EXPECT_EQ(trail_.ids, std::vector<uint32_t>{7});
  EXPECT_EQ(trail_.clauses.size(), 2U);
  EXPECT_EQ(trail_.lowest_priority, 10);
  EXPECT_EQ(find(from_to(2, 3)), &answer);
  EXPECT_EQ(find(from_to(2, 4)), nullptr);
  EXPECT_EQ(find(from_to(9, 3)), nullptr);
  EXPECT_TRUE(trail_.empty());
}

TEST_F(Conjunctions, AClauseIsNeverTheAnswerAndHidesNothing) {
  const ClassifierRule& below = add(src(1), 5);
  add(src(1), 10, {{7, 0, 2}});
  EXPECT_EQ(find(from_to(1, 3)), &below);
}

TEST_F(Conjunctions, AnOrdinaryRuleOfTheSamePriorityGoesBefore) {
  add(src(1), 10, {{7, 0, 2}});
  add(dst(3), 10, {{7, 1, 2}});
  const ClassifierRule& answer = add(met(7), 10);
  const ClassifierRule& ordinary = add(match_of({{FieldId::in_port, 0}}), 10);
  EXPECT_EQ(find(from_to(1, 3)), &ordinary);
  classifier_.remove(const_cast<ClassifierRule&>(ordinary), version);
  EXPECT_EQ(find(from_to(1, 3)), &answer);
}

TEST_F(Conjunctions, ClausesOfDifferentPrioritiesAreOfDifferentConjunctions) {
  add(src(1), 10, {{7, 0, 2}});
  add(dst(3), 11, {{7, 1, 2}});
  add(met(7), 10);
  EXPECT_EQ(find(from_to(1, 3)), nullptr);
}

TEST_F(Conjunctions, ARuleMayBeAClauseOfSeveral) {
  add(src(1), 10, {{7, 0, 2}, {8, 0, 3}});
  add(dst(3), 10, {{8, 1, 3}});
  add(match_of({{FieldId::in_port, 0}}), 10, {{8, 2, 3}});
  add(met(7), 10);
  const ClassifierRule& eight = add(met(8), 10);
  EXPECT_EQ(find(from_to(1, 3)), &eight);
}

TEST_F(Conjunctions, TheRuleThatAsksMayAskForMore) {
  add(src(1), 10, {{7, 0, 2}});
  add(dst(3), 10, {{7, 1, 2}});
  const ClassifierRule& below = add(Match(), 1);
  const ClassifierRule& answer = add(match_of({{FieldId::conj_id, 7}, {FieldId::in_port, 4}}), 10);
  EXPECT_EQ(find(from_to(1, 3)), &below);
  Flow packet = from_to(1, 3);
  set(packet, FieldId::in_port, {0, 4});
  EXPECT_EQ(find(packet), &answer);
}

TEST_F(Conjunctions, WhatIsBelowAMetConjunctionIsNotLookedAt) {
  add(src(1), 10, {{7, 0, 2}});
  add(dst(3), 10, {{7, 1, 2}});
  add(met(7), 10);
  add(match_of({{FieldId::tcp_dst, 80}}), 5);
  find(from_to(1, 3));
  EXPECT_FALSE(looked_at(FieldId::tcp_dst));
  find(from_to(1, 4));
  EXPECT_TRUE(looked_at(FieldId::tcp_dst));
}

TEST_F(Conjunctions, SixtyFourClauses) {
  for (uint8_t i = 0; i < 64; ++i) {
    Match match;
    match.set_masked(FieldId::xreg0 + i / 8U, uint64_t{1} << i, uint64_t{1} << i);
    add(match, 100, {{5, i, 64}});
  }
  const ClassifierRule& answer = add(met(5), 100);
  Flow packet;
  for (uint8_t i = 0; i < 8; ++i) {
    set(packet, FieldId::xreg0 + i, {0, uint64_t{0xff} << (8 * i)});
  }
  EXPECT_EQ(find(packet), &answer);
  set(packet, FieldId::xreg0 + 7U, {0, uint64_t{0x7f} << 56});
  EXPECT_NE(find(packet), &answer);
}

// The twin: each combination of clauses as a rule with the matches of all of them.
class ConjunctionsRandom : public testing::TestWithParam<uint32_t> {
 protected:
  struct Written {
    std::vector<Match> all;
    int32_t rank;  // twice the priority; an ordinary rule goes before a conjunction of its priority
    const ClassifierRule* rule;
  };

  void add_ordinary() {
    const Match match = random_.match(2);
    // A rule for everything stays below the others, or it would hide them.
    const auto priority = static_cast<int32_t>(match == Match() ? 0 : random_.below(6));
    if (add(match, priority)) {
      written_.push_back({{match}, 2 * priority + 1, rules_.back().get()});
    }
  }
  bool add(const Match& match, int32_t priority, std::vector<ConjunctionClause> clauses = {}) {
    if (classifier_.find_exact(MiniMatch(match), priority, version) != nullptr) {
      return false;
    }
    rules_.push_back(std::make_unique<ClauseRule>(match, priority, std::move(clauses)));
    classifier_.insert(*rules_.back(), version);
    return true;
  }

  void add_conjunction(uint32_t id) {
    const auto priority = static_cast<int32_t>(1 + random_.below(6));
    const auto dimensions = static_cast<uint8_t>(2 + random_.below(2));
    std::vector<std::vector<Match>> choices(dimensions);
    for (uint8_t i = 0; i < dimensions; ++i) {
      for (uint64_t n = 1 + random_.below(3); n > 0; --n) {
        const Match match = random_.match(1);
        if (add(match, priority, {{id, i, dimensions}})) {
          choices[i].push_back(match);
        }
      }
    }
    Match asks = random_.one_in(3) ? random_.match(1) : Match();
    const Match rest = asks;
    asks.set(FieldId::conj_id, id);
    ASSERT_TRUE(add(asks, priority));
    std::vector<Match> combination = {rest};
    write_out(choices, combination, 2 * priority, rules_.back().get());
  }

  void write_out(const std::vector<std::vector<Match>>& choices, std::vector<Match>& combination, int32_t rank,
                 const ClassifierRule* rule) {
    if (combination.size() > choices.size()) {
      written_.push_back({combination, rank, rule});
      return;
    }
    for (const Match& match : choices[combination.size() - 1]) {
      combination.push_back(match);
      write_out(choices, combination, rank, rule);
      combination.pop_back();
    }
  }

  // The rules of the highest rank that match: any of them may be found.
  std::vector<const ClassifierRule*> wanted(const Flow& packet) const {
    std::vector<const ClassifierRule*> best;
    int32_t rank = -1;
    for (const Written& one : written_) {
      const bool matches =
          std::all_of(one.all.begin(), one.all.end(), [&](const Match& match) { return match.matches(packet); });
      if (!matches || one.rank < rank) {
        continue;
      }
      if (one.rank > rank) {
        best.clear();
      }
      rank = one.rank;
      best.push_back(one.rule);
    }
    return best;
  }

  void look_up() {
    const Flow packet = random_.packet();
    Flow mask;
    const ClassifierRule* found = classifier_.lookup(packet, version, &mask);
    const auto candidates = wanted(packet);
    ASSERT_EQ(found == nullptr, candidates.empty());
    if (found != nullptr) {
      ASSERT_EQ(std::count(candidates.begin(), candidates.end(), found) > 0, true);
      hits_ += get(found->match().expand().mask(), FieldId::conj_id).is_zero() ? 0 : 1;
    }
    for (int i = 0; i < 5; ++i) {
      const Flow other = random_.agreeing(packet, mask);
      Flow same_mask = mask;
      ASSERT_EQ(classifier_.lookup(other, version, &same_mask), found);
      ASSERT_EQ(same_mask, mask);
    }
  }

  rcu::ThreadScope rcu_;
  reference::RandomFlow random_{GetParam()};
  Classifier classifier_{GetParam(), default_prefix_fields, &clauses_of};
  std::vector<std::unique_ptr<ClauseRule>> rules_;
  std::vector<Written> written_;
  int hits_ = 0;
};

TEST_P(ConjunctionsRandom, FareAsIfEveryCombinationWereARule) {
  for (int i = 0; i < 8; ++i) {
    add_ordinary();
  }
  for (uint32_t id = 1; id <= 6; ++id) {
    add_conjunction(id);
  }
  classifier_.seal();
  for (int i = 0; i < 1000 && !HasFatalFailure(); ++i) {
    look_up();
  }
  EXPECT_GT(hits_, 0) << "hardly a conjunction was met";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConjunctionsRandom, testing::Range(1u, 17u));

}  // namespace
}  // namespace weft
