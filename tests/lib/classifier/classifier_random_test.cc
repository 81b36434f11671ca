// The classifier against its dull twin: random rules come and go, random packets must find the same, and every packet
// that agrees with one looked up, on the bits that were looked at, must find the same rule.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "lib/classifier/classifier.h"
#include "lib/classifier/classifier_cursor.h"
#include "tests/lib/classifier/test_rule.h"
#include "tests/reference/classifier.h"
#include "tests/reference/random_flow.h"

namespace weft {
namespace {

class ClassifierRandomTest : public testing::TestWithParam<uint32_t> {
 protected:
  // A version's worth of changes; some of what was removed before is unlinked.
  void change() {
    rcu::quiescent();
    ++version_;
    for (uint64_t n = random_.below(20); n > 0; --n) {
      random_.one_in(3) ? remove_one() : insert_one();
    }
    bring_in_some();
    unlink_some();
    classifier_.seal();
  }

  // Rules that were linked ahead come, or are taken back.
  void bring_in_some() {
    for (size_t i = ahead_.size(); i-- > 0;) {
      TestRule& rule = *ahead_[i];
      if (random_.one_in(2)) {
        continue;
      }
      ClassifierRule* existing = Classifier::find_equal(rule, version_);
      ASSERT_EQ(existing, twin_.exact(rule.match().expand(), rule.priority(), version_));
      if (existing == nullptr) {
        classifier_.insert(rule, version_);
        twin_.insert(rule, version_);
        rules_.push_back(std::move(ahead_[i]));
      } else {
        classifier_.unlink(rule);
        rcu::retire(std::move(ahead_[i]));
      }
      ahead_.erase(ahead_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void insert_one() {
    const Match match = random_.match();
    // A rule for everything stays below the others, or it would hide them for as long as it is there.
    const bool is_for_everything = match == Match();
    const auto priority = is_for_everything ? 0 : static_cast<int32_t>(random_.below(6));
    const ClassifierRule* existing = twin_.exact(match, priority, version_);
    EXPECT_EQ(classifier_.find_exact(MiniMatch(match), priority, version_), existing);
    EXPECT_EQ(classifier_.find_overlap(MiniMatch(match), priority, version_) != nullptr,
              twin_.overlaps(match, priority, version_));
    if (random_.one_in(4)) {
      ahead_.push_back(std::make_unique<TestRule>(match, priority));
      classifier_.link(*ahead_.back());
      return;
    }
    if (existing != nullptr) {
      return;
    }
    rules_.push_back(std::make_unique<TestRule>(match, priority));
    classifier_.insert(*rules_.back(), version_);
    twin_.insert(*rules_.back(), version_);
  }

  void remove_one() {
    if (rules_.empty()) {
      return;
    }
    TestRule& rule = *rules_[random_.below(rules_.size())];
    if (rule.removed_version() == TableVersion::never) {
      classifier_.remove(rule, version_);
      twin_.remove(rule, version_);
    }
  }

  void unlink_some() {
    for (size_t i = rules_.size(); i-- > 0;) {
      if (rules_[i]->removed_version() < version_ && random_.one_in(2)) {
        classifier_.unlink(*rules_[i]);
        twin_.forget(*rules_[i]);
        rcu::retire(std::move(rules_[i]));
        rules_.erase(rules_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }

  void look_up(uint64_t version) {
    const Flow packet = random_.packet();
    Flow mask;
    const ClassifierRule* found = classifier_.lookup(packet, version, &mask);
    const auto expected = twin_.best(packet, version);
    ASSERT_EQ(found != nullptr, expected.has_value());
    if (found != nullptr) {
      ASSERT_EQ(found->priority(), *expected);
      ASSERT_TRUE(twin_.matches(*found, packet, version));
      specific_hits_ += found->match().set().empty() ? 0 : 1;
    }
    for (int i = 0; i < 5; ++i) {
      const Flow other = random_.agreeing(packet, mask);
      ASSERT_EQ(classifier_.lookup(other, version, nullptr), found);
      Flow other_mask = mask;
      ASSERT_EQ(classifier_.lookup(other, version, &other_mask), found);
      ASSERT_EQ(other_mask, mask);
    }
    ASSERT_EQ(classifier_.lookup(packet, version, nullptr), found);
  }

  void select() {
    const Match filter = random_.match(2);
    std::vector<const ClassifierRule*> found;
    ClassifierCursor cursor(classifier_, MiniMatch(filter));
    while (const ClassifierRule* rule = cursor.next(version_)) {
      found.push_back(rule);
    }
    std::vector<const ClassifierRule*> expected = twin_.subset_of(filter, version_);
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(found, expected);
  }

  rcu::ThreadScope rcu_;
  reference::RandomFlow random_{GetParam()};
  Classifier classifier_{GetParam()};
  reference::Classifier twin_;
  std::vector<std::unique_ptr<TestRule>> rules_;
  std::vector<std::unique_ptr<TestRule>> ahead_;  // linked, but not inserted
  uint64_t version_ = 1;
  int specific_hits_ = 0;
};

TEST_P(ClassifierRandomTest, AgreesWithTheTwinAndItsMaskIsTrue) {
  for (int round = 0; round < 40 && !HasFatalFailure(); ++round) {
    change();
    for (int i = 0; i < 40 && !HasFatalFailure(); ++i) {
      look_up(version_);
    }
    select();
  }
  EXPECT_GT(specific_hits_, 400) << "the random tables hardly ever matched";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ClassifierRandomTest, testing::Range(1u, 9u));

}  // namespace
}  // namespace weft
