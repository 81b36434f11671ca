// Counters, timeouts, and changes of tables while decisions are cached.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/rcu.h"
#include "ofproto/bridge/local_bridge.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- counters

TEST(CounterStory, FlowCountsExactlyWhatItHandled) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");

  for (int i = 0; i < 100; ++i) {
    sw.receive("p1", small_udp());
  }

  EXPECT_EQ(sw.packets(), 100U);
  EXPECT_EQ(sw.bytes(), 100 * small_udp().size());
  EXPECT_EQ(sw.packets(), 100U);
}

TEST(CounterStory, PacketsAreCreditedToARuleThatIsDeletedAMomentLater) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,cookie=0x5,send_flow_rem,actions=output:p2");
  for (int i = 0; i < 7; ++i) {
    sw.receive("p1", small_udp());
  }

  sw.del_flows("in_port=p1");

  const auto& removed = sw.heard().flows_removed;
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].packet_count, 7U);
  EXPECT_EQ(removed[0].byte_count, 7 * small_udp().size());
  EXPECT_EQ(removed[0].cookie, 5U);
  EXPECT_EQ(removed[0].reason, openflow::FlowRemovedReason::removed);
}

TEST(CounterStory, SumsBalance) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output:p2,output:p3");
  sw.add_flow("in_port=p2,actions=CONTROLLER");
  for (int i = 0; i < 5; ++i) {
    sw.receive("p1", small_udp());
    sw.receive("p2", small_udp());
    sw.receive("p3", small_udp());
  }

  const auto balance = sw.datapath().balance();
  EXPECT_EQ(balance.received, 15U);
  EXPECT_EQ(balance.received + balance.originated, balance.sent + balance.dropped + balance.absorbed);
  EXPECT_EQ(balance.absorbed, 5U);
  EXPECT_EQ(balance.dropped, 5U);
}

TEST(CounterStory, RuleAddedOverAnEqualOneKeepsItsCount) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.receive("p1", small_udp());

  sw.add_flow("in_port=p1,actions=output:p3");
  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.packets(), 2U);
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

// --- changes

TEST(ChangeStory, AddedRuleTakesOverWhatItMatches) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("priority=1,actions=output:p2");
  sw.receive("p1", small_udp());

  sw.add_flow("priority=2,udp,tp_dst=53,actions=output:p3");
  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

TEST(ChangeStory, RuleThatCannotMatchDisturbsNobody) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("priority=5,in_port=p1,udp,actions=output:p2");
  sw.receive("p1", small_udp());
  const uint64_t misses = sw.misses();

  sw.add_flow("priority=9,in_port=p3,actions=drop");
  sw.add_flow("priority=4,in_port=p1,actions=drop");
  sw.receive("p1", small_udp());

  EXPECT_EQ(sw.misses(), misses);
}

// The rule found in table 1 was found with what table 0 had written, not with what the packet held.
TEST(ChangeStory, AddedRuleIsComparedWithThePacketAsItWasThen) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("table=0,ip,actions=set_field:192.0.2.9->ip_dst,resubmit(,1)");
  sw.add_flow("table=1,priority=1,actions=output:p2");
  sw.receive("p1", small_udp());
  sw.sent("p2");

  sw.add_flow("table=1,priority=2,ip,nw_dst=192.0.2.9,actions=output:p3");
  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

TEST(ChangeStory, ModifiedActionsReplaceTheDecisionInPlace) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.receive("p1", small_udp());

  sw.mod_flows("in_port=p1,actions=output:p3");

  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p3\n");
  sw.receive("p1", small_udp());
  EXPECT_EQ(sw.misses(), 1U);
  EXPECT_EQ(sw.packets(), 2U);
}

TEST(ChangeStory, RemovedBridgeLeavesNothingBehind) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  sw.add_port("q1", {}, "br1");
  sw.add_port("q2", {}, "br1");
  sw.add_flow("actions=NORMAL", "br1");
  sw.receive("q1", small_udp());
  EXPECT_THAT(sw.sent("q2"), SizeIs(1));

  ASSERT_TRUE(sw.the_switch().remove_bridge("br1"));
  sw.settle();

  EXPECT_EQ(sw.megaflow_count(), 0U);
}

// --- fail mode

TEST(FailModeStory, BridgeWithoutControllersForwardsLikeASwitch) {
  TestSwitch sw({.fail_mode = ofproto::FailMode::standalone}, {"p1", "p2"});

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.dump_flows(), HasSubstr("priority=0 actions=NORMAL"));
}

TEST(FailModeStory, FirstControllerFlushesAndLastOneToo) {
  TestSwitch sw({.fail_mode = ofproto::FailMode::standalone}, {"p1", "p2"});
  sw.bridge().set_has_controllers(true);
  EXPECT_EQ(sw.dump_flows(), "");
  sw.add_flow("in_port=p1,actions=output:p2");

  sw.bridge().set_has_controllers(false);

  EXPECT_EQ(sw.packets("in_port=p1"), 0U);
  EXPECT_THAT(sw.dump_flows(), HasSubstr("priority=0 actions=NORMAL"));
}

TEST(FailModeStory, RuleOfLostControllersIsHidden) {
  TestSwitch sw({.fail_mode = ofproto::FailMode::standalone}, {"p1", "p2"});
  sw.bridge().set_has_controllers(true);
  sw.bridge().set_controllers_lost(true);

  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_EQ(sw.dump_flows(), "");
  EXPECT_THAT(sw.bridge().dump_all_flows(), HasSubstr("priority=65536 actions=NORMAL"));

  sw.bridge().set_controllers_lost(false);
  sw.settle();
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
}

TEST(FailModeStory, SecureModeTakesTheHiddenRuleAway) {
  TestSwitch sw({.fail_mode = ofproto::FailMode::standalone}, {"p1", "p2"});
  sw.bridge().set_has_controllers(true);
  sw.bridge().set_controllers_lost(true);

  ofproto::BridgeOptions options = sw.bridge().options();
  options.fail_mode = ofproto::FailMode::secure;
  sw.bridge().set_options(options);
  sw.settle();

  EXPECT_EQ(sw.bridge().dump_all_flows(), "");
}

TEST(FailModeStory, AnotherModeWithoutControllersStartsAfresh) {
  TestSwitch sw({.fail_mode = ofproto::FailMode::standalone}, {"p1", "p2"});
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  ofproto::BridgeOptions options = sw.bridge().options();

  options.fail_mode = ofproto::FailMode::secure;
  sw.bridge().set_options(options);
  sw.settle();
  EXPECT_EQ(sw.dump_flows(), "");
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());

  options.fail_mode = ofproto::FailMode::standalone;
  sw.bridge().set_options(options);
  sw.settle();
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// --- time

// The control thread may come late to what was collected; the packets since then are not in it.
TEST(TimeoutStory, AFlowIsIdleByTheTimeItsCountersWereCollected) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,idle_timeout=1,send_flow_rem,actions=output:p2");
  sw.advance(0.93);
  sw.receive("p1", small_udp());

  sw.clock().advance(std::chrono::milliseconds(100));
  sw.the_switch().expire_timeouts();
  sw.clock().advance(std::chrono::seconds(5));
  sw.settle();

  EXPECT_THAT(sw.heard().flows_removed, IsEmpty());
}

TEST(TimeoutStory, HardTimeoutEndsAFlowInTime) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,hard_timeout=5,send_flow_rem,actions=output:p2");
  sw.receive("p1", small_udp());

  sw.advance(4.9);
  EXPECT_THAT(sw.heard().flows_removed, IsEmpty());

  sw.advance(1.1);
  const auto& removed = sw.heard().flows_removed;
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].reason, openflow::FlowRemovedReason::hard_timeout);
  EXPECT_EQ(removed[0].packet_count, 1U);
  EXPECT_EQ(removed[0].duration.seconds, 5U);
  EXPECT_EQ(sw.dump_flows(), "");
}

// They went in one handler, and everybody else waited.
TEST(TimeoutStory, ManyFlowsThatExpireTogetherLetOthersInBetween) {
  TestSwitch sw{"p1"};
  for (int i = 0; i < 2500; ++i) {
    sw.add_flow("hard_timeout=1,ip,nw_dst=10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) +
                ",actions=drop");
  }
  size_t left_in_between = 0;
  sw.receive("p1", small_udp());  // so that there is something to collect

  sw.clock().advance(std::chrono::seconds(1));
  sw.the_switch().expire_timeouts();
  sw.bridge().collect([&] { left_in_between = sw.flow_stats(openflow::FlowFilter()).size(); });
  sw.settle();

  EXPECT_EQ(left_in_between, 1500U);
  EXPECT_THAT(sw.flow_stats(openflow::FlowFilter()), IsEmpty());
}

// They stayed in memory until many other changes had come.
TEST(TimeoutStory, WhatALargeRemovalTookAwayIsFreedWithoutAnotherChange) {
  TestSwitch sw{"p1"};
  for (int i = 0; i < 2500; ++i) {
    sw.add_flow("ip,nw_dst=10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ",actions=drop");
  }
  const auto view = static_cast<ofproto::LocalBridge&>(sw.bridge()).view();
  openflow::FlowMod all_flows;
  all_flows.command = openflow::FlowModCommand::remove;
  all_flows.table_id = openflow::all_tables;
  ASSERT_TRUE(sw.bridge().apply(all_flows));
  EXPECT_TRUE(view->tables->has_much_to_reclaim()) << "a reader may still see them";

  {
    const rcu::OfflineScope offline;
    rcu::barrier();
  }
  sw.settle();

  EXPECT_FALSE(view->tables->has_much_to_reclaim());
}

// Packets that only the cache has seen keep the flow alive.
TEST(TimeoutStory, IdleTimeoutWaitsForTheLastPacket) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,idle_timeout=3,send_flow_rem,actions=output:p2");
  for (int i = 0; i < 10; ++i) {
    sw.receive("p1", small_udp());
    sw.advance(2);
  }
  EXPECT_THAT(sw.heard().flows_removed, IsEmpty());

  sw.advance(2);

  const auto& removed = sw.heard().flows_removed;
  ASSERT_THAT(removed, SizeIs(1));
  EXPECT_EQ(removed[0].reason, openflow::FlowRemovedReason::idle_timeout);
  EXPECT_EQ(removed[0].packet_count, 10U);
}

TEST(TimeoutStory, IdleMegaflowGoesAndItsFlowStays) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.receive("p1", small_udp());
  sw.advance(9);
  EXPECT_EQ(sw.megaflow_count(), 1U);

  sw.advance(2.5);

  EXPECT_EQ(sw.megaflow_count(), 0U);
  EXPECT_EQ(sw.packets(), 1U);
}

TEST(TimeoutStory, DeadlineIsToldWhenAFlowBringsAnEarlierOne) {
  TestSwitch sw{"p1"};
  std::vector<TimePoint> deadlines;
  sw.the_switch().set_deadline_listener([&](TimePoint deadline) { deadlines.push_back(deadline); });
  const TimePoint start = sw.clock().now();

  sw.add_flow("in_port=1,hard_timeout=100,actions=drop");
  sw.add_flow("in_port=2,hard_timeout=10,actions=drop");
  sw.add_flow("in_port=3,hard_timeout=50,actions=drop");

  ASSERT_THAT(deadlines, SizeIs(2));
  EXPECT_EQ(deadlines[0] - start, std::chrono::seconds(100));
  EXPECT_EQ(deadlines[1] - start, std::chrono::seconds(10));
}

// --- ports

TEST(PortStory, NumbersAreKeptAndAsked) {
  TestSwitch sw{"p1", "p2"};
  sw.remove_port("p1");

  EXPECT_EQ(number(sw.add_port("p3")), 3);
  EXPECT_EQ(number(sw.add_port("p1")), 1);
  datapath::PortSpec spec{.name = "p9", .type = datapath::PortType::memory};
  EXPECT_EQ(sw.bridge().add_port({"p9", spec, uint16_t{77}, {}}).value_or(OfPort{0}), OfPort{77});
  EXPECT_FALSE(sw.bridge().add_port({"p9", spec, std::nullopt, {}}));
}

TEST(PortStory, ListenersHearOfPorts) {
  TestSwitch sw{"p1"};
  sw.remove_port("p1");

  const auto& told = sw.heard().port_statuses;
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0].reason, openflow::PortStatusReason::added);
  EXPECT_EQ(told[0].desc.name, "p1");
  EXPECT_EQ(told[1].reason, openflow::PortStatusReason::removed);
}

}  // namespace
}  // namespace weft
