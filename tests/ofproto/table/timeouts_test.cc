// Stories of idle and hard timeouts: never early, less than a second late, and no work for flows that wait.
#include <random>

#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TimeoutsTest : public TableTest {
 protected:
  void add_flow(uint64_t in_port, uint16_t idle, uint16_t hard) {
    FlowMod message = add(port(in_port));
    message.cookie = in_port;
    message.idle_timeout = idle;
    message.hard_timeout = hard;
    message.flags = flow_flag::send_flow_rem;
    apply(message);
  }
  // What the bridge does from time to time; the reasons of what expired.
  std::vector<FlowRemovedReason> expire() {
    const Change change = tables_.prepare_removal(tables_.timeouts().expired(clock_.now(), 1000));
    std::vector<FlowRemovedReason> reasons;
    for (const RuleChange& rule : change.rules) {
      reasons.push_back(rule.reason);
    }
    tables_.publish(change);
    return reasons;
  }
  void use(uint64_t in_port) { find(port(in_port))->counters().credit(1, 60, clock_.now()); }

  using Reasons = std::vector<FlowRemovedReason>;
};

TEST_F(TimeoutsTest, AFlowWithoutTimeoutsStays) {
  add_flow(1, 0, 0);
  EXPECT_EQ(tables_.timeouts().count(), 0u);
  EXPECT_EQ(tables_.timeouts().next_due(), std::nullopt);
}

TEST_F(TimeoutsTest, AHardTimeoutEndsAFlowInUse) {
  add_flow(1, 0, 10);
  clock_.advance(milliseconds(9999));
  use(1);
  EXPECT_EQ(expire(), Reasons{});
  clock_.advance(milliseconds(1));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::hard_timeout});
  EXPECT_EQ(find("in_port=1"), nullptr);
  EXPECT_EQ(tables_.timeouts().count(), 0u);
}

TEST_F(TimeoutsTest, AnIdleTimeoutCountsFromTheLastPacket) {
  add_flow(1, 10, 0);
  clock_.advance(seconds(9));
  use(1);
  clock_.advance(seconds(9));
  EXPECT_EQ(expire(), Reasons{});
  clock_.advance(milliseconds(1000));
  EXPECT_EQ(expire(), Reasons{}) << "the time of the last packet may be 10 ms older than it was";
  clock_.advance(milliseconds(20));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::idle_timeout});
}

TEST_F(TimeoutsTest, AFlowThatWasNeverUsedIsIdleFromTheBeginning) {
  add_flow(1, 5, 0);
  clock_.advance(milliseconds(5020));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::idle_timeout});
}

TEST_F(TimeoutsTest, TheEarlierOfTheTwoDecides) {
  add_flow(1, 5, 7);
  clock_.advance(seconds(4));
  use(1);
  clock_.advance(seconds(3));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::hard_timeout});
}

TEST_F(TimeoutsTest, NextDueIsTheEarliest) {
  const TimePoint start = clock_.now();
  add_flow(1, 0, 30);
  add_flow(2, 0, 10);
  add_flow(3, 0, 20);
  EXPECT_EQ(tables_.timeouts().next_due(), start + seconds(10));
  apply(remove("in_port=2"));
  EXPECT_EQ(tables_.timeouts().next_due(), start + seconds(20));
}

TEST_F(TimeoutsTest, ReplacingStartsBothAnew) {
  add_flow(1, 0, 10);
  clock_.advance(seconds(9));
  add_flow(1, 0, 10);
  clock_.advance(seconds(9));
  EXPECT_EQ(expire(), Reasons{});
  clock_.advance(seconds(1));
  EXPECT_EQ(expire().size(), 1u);
}

TEST_F(TimeoutsTest, ReplacingAnIdleFlowStartsItAnewThoughCountersStay) {
  add_flow(1, 10, 0);
  use(1);
  clock_.advance(seconds(9));
  add_flow(1, 10, 0);
  clock_.advance(seconds(9));
  EXPECT_EQ(expire(), Reasons{});
}

TEST_F(TimeoutsTest, ModifyingDoesNotProlong) {
  add_flow(1, 0, 10);
  clock_.advance(seconds(9));
  apply(modify("in_port=1,actions=output:4"));
  clock_.advance(seconds(1));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::hard_timeout});
}

// fin_timeout: from whatever thread; the heap hears of it when it is told to.
TEST_F(TimeoutsTest, ReducedTimeoutsCountFromNowOn) {
  unsigned told = 0;
  tables_.timeouts().set_listener([&] { ++told; });
  add_flow(1, 100, 0);
  add_flow(2, 0, 0);
  tables_.timeouts().reduce(find(port(1))->shared_from_this(), 5, 0);
  tables_.timeouts().reduce(find(port(2))->shared_from_this(), 0, 3);
  tables_.timeouts().reduce(find(port(1))->shared_from_this(), 50, 0);
  EXPECT_EQ(told, 1u);
  tables_.timeouts().take_reductions();
  EXPECT_EQ(find(port(1))->idle_timeout(), 5);
  EXPECT_EQ(find(port(1))->hard_timeout(), 0);
  clock_.advance(seconds(3));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::hard_timeout});
  const auto first = find(port(1))->shared_from_this();
  clock_.advance(milliseconds(2010));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::idle_timeout});
  tables_.timeouts().reduce(first, 1, 1);
  tables_.timeouts().take_reductions();
  EXPECT_EQ(tables_.timeouts().count(), 0u) << "one that has gone gets no timer";
}

TEST_F(TimeoutsTest, RefreshingStartsBothAnew) {
  add_flow(1, 10, 20);
  clock_.advance(seconds(9));
  find(port(1))->refresh(clock_.now());
  clock_.advance(seconds(9));
  EXPECT_EQ(expire(), Reasons{});
  find(port(1))->refresh(clock_.now());
  clock_.advance(seconds(9));
  EXPECT_EQ(expire(), Reasons{}) << "27 seconds old";
  clock_.advance(milliseconds(1010));
  EXPECT_EQ(expire(), Reasons{FlowRemovedReason::idle_timeout});
}

TEST_F(TimeoutsTest, WhatIsNotRemovedIsGivenAgain) {
  add_flow(1, 0, 10);
  clock_.advance(seconds(10));
  EXPECT_EQ(tables_.timeouts().expired(clock_.now(), 10).size(), 1u);
  EXPECT_EQ(tables_.timeouts().expired(clock_.now(), 10).size(), 0u);
  clock_.advance(seconds(1));
  EXPECT_EQ(tables_.timeouts().expired(clock_.now(), 10).size(), 1u);
}

TEST_F(TimeoutsTest, ALimitLeavesTheRestForTheNextSlice) {
  for (uint64_t i = 1; i <= 10; ++i) {
    add_flow(i, 0, 1);
  }
  clock_.advance(seconds(1));
  EXPECT_EQ(tables_.timeouts().expired(clock_.now(), 4).size(), 4u);
  EXPECT_EQ(tables_.timeouts().expired(clock_.now(), 4).size(), 4u);
  EXPECT_EQ(tables_.timeouts().expired(clock_.now(), 4).size(), 2u);
}

// Twenty flows at random; asked every 500 ms, each must go in the second after it was due, and not before.
TEST_F(TimeoutsTest, RandomFlowsExpireInTime) {
  std::mt19937 random(3);
  std::map<uint64_t, TimePoint> due;
  for (int step = 0; step < 4000; ++step) {
    clock_.advance(milliseconds(500));
    tables_.reclaim();
    const uint64_t in_port = 1 + random() % 18;
    if (const FlowRule* rule = find(port(in_port)); rule != nullptr && random() % 2 == 0) {
      use(in_port);
      due[in_port] =
          std::min(clock_.now() + seconds(rule->idle_timeout()), rule->created() + seconds(rule->hard_timeout()));
    } else if (rule == nullptr) {
      const auto idle = static_cast<uint16_t>(1 + random() % 20);
      const auto hard = static_cast<uint16_t>(1 + random() % 40);
      add_flow(in_port, idle, hard);
      due[in_port] = clock_.now() + seconds(std::min(idle, hard));
    }
    for (const Expired& expired : tables_.timeouts().expired(clock_.now(), 100)) {
      const TimePoint expected = due[expired.rule->cookie()];
      ASSERT_GE(clock_.now(), expected);
      ASSERT_LT(clock_.now(), expected + seconds(1));
      tables_.publish(tables_.prepare_removal({expired}));
      due.erase(expired.rule->cookie());
    }
    for (const auto& [flow, time] : due) {
      ASSERT_LT(clock_.now(), time + seconds(1)) << "flow " << flow << " is overdue";
    }
  }
}

}  // namespace
}  // namespace weft::ofproto
