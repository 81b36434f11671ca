// Walking a classifier while it changes.
#include "lib/classifier/classifier_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "lib/classifier/classifier.h"
#include "tests/lib/classifier/test_rule.h"

namespace weft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ClassifierCursorTest : public testing::Test {
 protected:
  void add(ClassifierRule& rule) {
    classifier_.insert(rule, 1);
    classifier_.seal();
  }
  void drop(ClassifierRule& rule) {
    classifier_.unlink(rule);
    classifier_.seal();
  }
  static std::vector<ClassifierRule*> rest(ClassifierCursor& cursor, uint64_t version = 1) {
    std::vector<ClassifierRule*> rules;
    while (ClassifierRule* rule = cursor.next(version)) {
      rules.push_back(rule);
    }
    return rules;
  }
  std::vector<ClassifierRule*> subset_of(const Match& filter) {
    ClassifierCursor cursor(classifier_, MiniMatch(filter));
    return rest(cursor);
  }

  rcu::ThreadScope rcu_;
  Classifier classifier_;
  TestRule any_{Match(), 0};
  TestRule port1_{match_of({{FieldId::in_port, 1}}), 10};
  TestRule port2_{match_of({{FieldId::in_port, 2}}), 10};
  TestRule port1_high_{match_of({{FieldId::in_port, 1}}), 20};
  TestRule port1_mac7_{match_of({{FieldId::in_port, 1}, {FieldId::eth_dst, 7}}), 10};
};

TEST_F(ClassifierCursorTest, VisitsEveryRuleOfAMaskInOrderOfInsertion) {
  add(port2_);
  add(any_);
  add(port1_);
  ClassifierCursor cursor(classifier_);
  EXPECT_THAT(rest(cursor), ElementsAre(&port2_, &port1_, &any_));
  EXPECT_TRUE(cursor.is_done());
}

TEST_F(ClassifierCursorTest, PassesOverWhatIsNotVisible) {
  add(port1_);
  add(port2_);
  classifier_.remove(port1_, 2);
  ClassifierCursor cursor(classifier_);
  EXPECT_THAT(rest(cursor, 2), ElementsAre(&port2_));
}

TEST_F(ClassifierCursorTest, SelectsWhatIsAtLeastAsSpecific) {
  for (ClassifierRule* rule : {&any_, &port1_, &port2_, &port1_high_, &port1_mac7_}) {
    add(*rule);
  }
  EXPECT_THAT(subset_of(match_of({{FieldId::in_port, 1}})), UnorderedElementsAre(&port1_, &port1_high_, &port1_mac7_));
  EXPECT_THAT(subset_of(match_of({{FieldId::eth_dst, 7}})), UnorderedElementsAre(&port1_mac7_));
  EXPECT_THAT(subset_of(match_of({{FieldId::in_port, 3}})), IsEmpty());
  EXPECT_EQ(subset_of(Match()).size(), 5u);
}

TEST_F(ClassifierCursorTest, ABudgetEndsASliceAndTheNextGoesOn) {
  add(port1_);
  add(port2_);
  add(any_);
  ClassifierCursor cursor(classifier_);
  size_t budget = 2;
  EXPECT_EQ(cursor.next(1, budget), &port1_);
  EXPECT_EQ(cursor.next(1, budget), &port2_);
  EXPECT_EQ(cursor.next(1, budget), nullptr);
  EXPECT_FALSE(cursor.is_done());
  EXPECT_THAT(rest(cursor), ElementsAre(&any_));
}

TEST_F(ClassifierCursorTest, RulesMayGoWhileItStandsBeforeThem) {
  for (ClassifierRule* rule : {&port1_, &port2_, &any_, &port1_mac7_}) {
    add(*rule);
  }
  ClassifierCursor cursor(classifier_);
  EXPECT_EQ(cursor.next(1), &port1_);
  drop(port2_);  // it would have been next
  drop(any_);    // its mask with it
  EXPECT_THAT(rest(cursor), ElementsAre(&port1_mac7_));
}

TEST_F(ClassifierCursorTest, MasksBeforeItMayGo) {
  TestRule mac7(match_of({{FieldId::eth_dst, 7}}), 10);
  for (ClassifierRule* rule : std::initializer_list<ClassifierRule*>{&any_, &port1_, &port1_mac7_, &mac7}) {
    add(*rule);
  }
  ClassifierCursor cursor(classifier_);
  EXPECT_EQ(cursor.next(1), &any_);
  EXPECT_EQ(cursor.next(1), &port1_);
  drop(any_);
  drop(port1_);
  EXPECT_THAT(rest(cursor), ElementsAre(&port1_mac7_, &mac7));
}

TEST_F(ClassifierCursorTest, AChainOfEqualMatchesMayShrinkUnderIt) {
  add(port1_);
  add(port1_high_);
  ClassifierCursor cursor(classifier_, MiniMatch(match_of({{FieldId::in_port, 1}})));
  drop(port1_high_);
  EXPECT_THAT(rest(cursor), ElementsAre(&port1_));
}

}  // namespace
}  // namespace weft
