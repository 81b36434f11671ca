// Dumps and statistics: which rules are meant, and slices while the tables change.
#include "ofproto/table/flow_selection.h"

#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

class FlowSelectionTest : public TableTest {
 protected:
  FlowSelectionTest() {
    for (uint64_t i = 1; i <= 8; ++i) {
      FlowMod message = add(port_and_mac(i % 2, i), output(static_cast<uint16_t>(i % 4)));
      message.table_id = static_cast<uint8_t>(i % 3);
      message.cookie = i;
      apply(message);
    }
  }
  std::multiset<uint64_t> rest(FlowSelection& selection) {
    std::multiset<uint64_t> found;
    while (!selection.is_done()) {
      for (const FlowRulePtr& rule : selection.next(3, 2)) {
        found.insert(rule->cookie());
      }
    }
    return found;
  }
  using Cookies = std::multiset<uint64_t>;
};

TEST_F(FlowSelectionTest, AnEmptyFilterMeansEverything) { EXPECT_EQ(cookies(), (Cookies{1, 2, 3, 4, 5, 6, 7, 8})); }

TEST_F(FlowSelectionTest, ATableMayBeNamed) {
  openflow::FlowFilter filter;
  filter.table_id = 1;
  EXPECT_EQ(cookies(filter), (Cookies{1, 4, 7}));
  filter.table_id = 99;
  EXPECT_EQ(cookies(filter), Cookies{});
}

TEST_F(FlowSelectionTest, MatchCookieAndOutPortAllRestrict) {
  openflow::FlowFilter filter;
  filter.match = port(1);
  EXPECT_EQ(cookies(filter), (Cookies{1, 3, 5, 7}));
  filter.out_port = OfPort{3};
  EXPECT_EQ(cookies(filter), (Cookies{3, 7}));
  filter.cookie = 7;
  filter.cookie_mask = ~uint64_t{0};
  EXPECT_EQ(cookies(filter), Cookies{7});
}

TEST_F(FlowSelectionTest, SlicesAddUpToTheWhole) {
  FlowSelection selection(tables_, {}, version_.current());
  EXPECT_EQ(rest(selection), cookies());
}

TEST_F(FlowSelectionTest, ShowsWhatWasThereWhenItBegan) {
  FlowSelection selection(tables_, {}, version_.current());
  Cookies found;
  for (const FlowRulePtr& rule : selection.next(2, 100)) {
    found.insert(rule->cookie());
  }
  // Everything is replaced, removed or added, and what can be freed is freed.
  apply(modify("actions=output:2"));
  apply(remove(""));
  apply(add("in_port=77,actions=drop"));
  settle();
  tables_.reclaim();
  settle();
  found.merge(rest(selection));
  EXPECT_EQ(found, (Cookies{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(FlowSelectionTest, WhatItHeldBackIsFreedAfterIt) {
  {
    FlowSelection selection(tables_, {}, version_.current());
    apply(remove("table=0"));
    settle();
    tables_.reclaim();
    EXPECT_EQ(tables_.table(0).classifier().linked_count(), 2u);
  }
  EXPECT_TRUE(tables_.reclaim());
  EXPECT_EQ(tables_.table(0).classifier().linked_count(), 0u);
}

}  // namespace
}  // namespace weft::ofproto
