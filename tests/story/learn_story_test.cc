// Flows that packets make: a learning switch written as flows, and what may go wrong with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/text/flow_text.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using namespace openflow;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr SubField whole_eth_src{FieldId::eth_src, 0, 48};
constexpr SubField whole_eth_dst{FieldId::eth_dst, 0, 48};
constexpr SubField whole_in_port{FieldId::in_port, 0, 16};
constexpr SubField result_bit{FieldId::reg0 + 1U, 0, 1};

Frame between(const char* src, const char* dst) {
  return frame().eth(src, dst).ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53);
}
constexpr auto host_a = "02:00:00:00:00:0a";
constexpr auto host_b = "02:00:00:00:00:0b";

class LearnStory : public testing::Test {
 protected:
  void add(std::string_view text, ActionList actions) {
    auto flow = parse_flow(std::string(text) + ",actions=drop", FlowModCommand::add);
    ASSERT_TRUE(flow) << flow.error().message;
    flow->instructions.apply = std::move(actions);
    const auto added = sw.bridge().apply(*flow);
    ASSERT_TRUE(added) << added.error().detail;
  }

  // Table 10: where an address is. As ovs-actions(7) writes it: learn(table=10,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],
  // output:NXM_OF_IN_PORT[]).
  static Learn where_it_came_from() {
    Learn learn;
    learn.table_id = 10;
    learn.idle_timeout = 60;
    learn.cookie = 0x77;
    learn.specs = {{LearnSpec::Kind::match, 48, whole_eth_src, whole_eth_dst},
                   {LearnSpec::Kind::output, 16, whole_in_port, {}}};
    return learn;
  }
  void make_learning_switch(const Learn& learn = where_it_came_from()) {
    add("table=0", {LearnAction{learn}, ResubmitAction{.table = 10}});
    add("table=10,priority=0", {OutputAction{.port = of_port::flood}});
  }
  size_t learned() { return sw.flow_stats({.table_id = 10, .cookie = 0x77, .cookie_mask = ~uint64_t{0}}).size(); }

  TestSwitch sw{"p1", "p2", "p3"};
};

TEST_F(LearnStory, AnAnswerGoesToWhereTheQuestionCameFrom) {
  make_learning_switch();
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.sent("p2").size(), 1U) << "flooded";
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_EQ(learned(), 1U);
  EXPECT_THAT(sw.dump_flows(), HasSubstr("dl_dst=02:00:00:00:00:0a actions=output:p1"));

  sw.receive("p2", between(host_b, host_a));
  EXPECT_EQ(sw.sent("p1").size(), 1U);
  EXPECT_TRUE(sw.sent("p3").empty());
  EXPECT_EQ(learned(), 2U);
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_TRUE(sw.sent("p3").empty()) << "no longer flooded";
}

// Open vSwitch's tutorial: VLANs, learning into table 10, looking up there, flooding what nobody knows.
TEST_F(LearnStory, ALearningSwitchAsTheTutorialWritesIt) {
  sw.add_flow(
      "table=0,actions=learn(table=10,hard_timeout=300,priority=99,NXM_OF_VLAN_TCI[0..11],"
      "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]),resubmit(,10),"
      "resubmit(,1)");
  sw.add_flow("table=10,priority=0,actions=load:0->NXM_NX_REG0[0..15]");
  sw.add_flow("table=1,reg0=0,actions=flood");
  sw.add_flow("table=1,priority=0,actions=output:NXM_NX_REG0[0..15]");
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_THAT(sw.dump_flows(), HasSubstr("dl_dst=02:00:00:00:00:0a actions=load:0x1->NXM_NX_REG0[0..15]"));
  sw.receive("p3", between(host_b, host_a));
  EXPECT_EQ(sw.sent("p1").size(), 1U);
  EXPECT_TRUE(sw.sent("p2").empty());
  EXPECT_THAT(sw.trace("in_port=2,dl_src=02:00:00:00:00:0c,dl_dst=02:00:00:00:00:0a"), HasSubstr("learns table=10"));
}

TEST_F(LearnStory, EachPacketOfANewFlowLeavesOnceAndInOrder) {
  make_learning_switch();
  std::vector<Frame> frames;
  for (int i = 0; i < 30; ++i) {
    frames.push_back(between(host_a, host_b).payload("#" + std::to_string(i)));
    sw.datapath().inject(sw.bridge().port("p1")->port_id, {.bytes = frames.back().bytes()});
  }
  sw.settle();
  EXPECT_EQ(sw.sent("p2"), frames);
  EXPECT_EQ(sw.packets("table=0"), 30U);
  EXPECT_EQ(learned(), 1U);
}

TEST_F(LearnStory, TooManyWaitingPacketsOfAPortAreDroppedAndCounted) {
  make_learning_switch();
  for (int i = 0; i < 100; ++i) {
    sw.datapath().inject(sw.bridge().port("p1")->port_id, {.bytes = between(host_a, host_b).bytes()});
  }
  // All hundred are read before the control thread runs.
  sw.datapath().run_until_idle();
  sw.settle();
  EXPECT_EQ(sw.sent("p2").size() + sw.drops(DropReason::learn_queue_full), 100U);
  EXPECT_EQ(sw.drops(DropReason::learn_queue_full), 36U);
}

TEST_F(LearnStory, ACachedDecisionLooksAtWhatWasLearned) {
  make_learning_switch();
  sw.receive("p1", between(host_a, host_b));
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.megaflow_count(), 1U);
  sw.receive("p1", between("02:00:00:00:00:0c", host_b));
  EXPECT_EQ(learned(), 2U) << "another address is another flow";
}

TEST_F(LearnStory, AHostThatMovedIsLearnedAgain) {
  make_learning_switch();
  sw.receive("p1", between(host_a, host_b));
  sw.receive("p3", between(host_a, host_b));
  EXPECT_EQ(learned(), 1U);
  sw.sent("p1");
  sw.sent("p3");
  sw.receive("p2", between(host_b, host_a));
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_TRUE(sw.sent("p1").empty());
}

TEST_F(LearnStory, TrafficKeepsWhatItLearned) {
  make_learning_switch();
  for (int i = 0; i < 5; ++i) {
    sw.receive("p1", between(host_a, host_b));
    sw.advance(40);
  }
  EXPECT_EQ(learned(), 1U);
  sw.advance(40);
  EXPECT_EQ(learned(), 0U) << "idle for 80 seconds";
}

TEST_F(LearnStory, TrafficRestartsAHardTimeoutToo) {
  Learn learn = where_it_came_from();
  learn.idle_timeout = 0;
  learn.hard_timeout = 60;
  make_learning_switch(learn);
  for (int i = 0; i < 3; ++i) {
    sw.receive("p1", between(host_a, host_b));
    sw.advance(40);
  }
  EXPECT_EQ(learned(), 1U);
  sw.advance(40);
  EXPECT_EQ(learned(), 0U);
}

TEST_F(LearnStory, AFlowThatWasDeletedIsLearnedFromTheNextPacket) {
  make_learning_switch();
  sw.receive("p1", between(host_a, host_b));
  sw.del_flows("table=10,cookie=0x77/-1");
  EXPECT_EQ(learned(), 0U);
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(learned(), 1U);
}

TEST_F(LearnStory, RevalidationLearnsNothing) {
  make_learning_switch();
  sw.receive("p1", between(host_a, host_b));
  sw.del_flows("table=10,cookie=0x77/-1");
  sw.add_flow("table=0,priority=1,actions=drop");
  sw.settle();
  EXPECT_EQ(learned(), 0U);
}

TEST_F(LearnStory, RemovalIsToldWhenAskedFor) {
  Learn learn = where_it_came_from();
  learn.send_flow_removed = true;
  make_learning_switch(learn);
  sw.receive("p1", between(host_a, host_b));
  sw.advance(70);
  ASSERT_EQ(sw.heard().flows_removed.size(), 1U);
  EXPECT_EQ(sw.heard().flows_removed[0].cookie, 0x77U);
  EXPECT_EQ(sw.heard().flows_removed[0].reason, FlowRemovedReason::idle_timeout);
}

TEST_F(LearnStory, LearnedFlowsGoWithTheLastOneThatLearns) {
  Learn learn = where_it_came_from();
  learn.delete_learned = true;
  make_learning_switch(learn);
  add("table=1,priority=5", {LearnAction{learn}});
  sw.receive("p1", between(host_a, host_b));
  sw.del_flows("table=0");
  EXPECT_EQ(learned(), 1U) << "table 1 still learns";
  sw.mod_flows("table=1,actions=drop");
  EXPECT_EQ(learned(), 0U);
}

// All that they had learned went in one handler.
TEST_F(LearnStory, AFlowThatReplacesALearnerMayTouchMany) {
  Learn learn = where_it_came_from();
  const auto may_touch_many = [&](const char* text) {
    return sw.bridge().may_touch_many(*parse_flow(text, FlowModCommand::add));
  };
  make_learning_switch(learn);
  EXPECT_FALSE(may_touch_many("table=0,actions=drop")) << "what was learned stays";
  learn.delete_learned = true;
  add("table=1,priority=5", {LearnAction{learn}});
  EXPECT_FALSE(may_touch_many("table=1,priority=6,actions=drop"));
  EXPECT_FALSE(may_touch_many("table=255,priority=5,actions=drop")) << "there is no such table";
  EXPECT_TRUE(may_touch_many("table=1,priority=5,actions=drop"));
}

TEST_F(LearnStory, WhatAnExpiringFlowHasLearnedGoesInSlices) {
  Learn learn = where_it_came_from();
  learn.delete_learned = true;
  add("table=0,idle_timeout=5,send_flow_rem", {LearnAction{learn}});
  auto bundle = sw.bridge().make_bundle();
  constexpr size_t many = 100000;
  openflow::FlowMod flow = *parse_flow("table=10,cookie=0x77,actions=drop", FlowModCommand::add);
  for (size_t i = 0; i < many; ++i) {
    flow.match.set(FieldId::eth_dst, i);
    ASSERT_TRUE(bundle->add(flow, 1, {}));
  }
  sw.bridge().commit(std::move(bundle), [](const auto& failure) { EXPECT_FALSE(failure); });
  sw.settle();
  ASSERT_EQ(learned(), many);
  sw.add_flow("priority=40000,in_port=p2,actions=drop");
  sw.receive("p2", between(host_b, host_a));  // so that there are counters to wait for

  sw.clock().advance(std::chrono::seconds(6));
  sw.the_switch().expire_timeouts();
  sw.collect();
  EXPECT_FALSE(sw.bridge().may_change()) << "they are still on their way out";
  EXPECT_EQ(sw.bridge().table_stats()[10].active_count, many) << "half of them is not seen";
  sw.settle();
  EXPECT_THAT(sw.flow_stats({}), SizeIs(1));
  ASSERT_EQ(sw.heard().flows_removed.size(), 1U);
  EXPECT_EQ(sw.heard().flows_removed[0].reason, FlowRemovedReason::idle_timeout);
}

// What it had learned went between the two messages.
TEST_F(LearnStory, ALearnerThatIsPutAgainInOneBundleKeepsWhatItHasLearned) {
  Learn learn = where_it_came_from();
  learn.delete_learned = true;
  make_learning_switch(learn);
  sw.receive("p1", between(host_a, host_b));
  ASSERT_EQ(learned(), 1U);
  auto removal = parse_flow("table=0", FlowModCommand::remove);
  auto again = parse_flow("table=0,priority=7,actions=drop", FlowModCommand::add);
  again->instructions.apply = ActionList{LearnAction{learn}};
  const auto commit = [&](const std::vector<openflow::FlowMod>& messages) {
    auto bundle = sw.bridge().make_bundle();
    for (const openflow::FlowMod& message : messages) {
      ASSERT_TRUE(bundle->add(message, 1, {}));
    }
    sw.bridge().commit(std::move(bundle), [](const auto& failure) { EXPECT_FALSE(failure); });
    sw.settle();
  };
  commit({*removal, *again});
  EXPECT_EQ(learned(), 1U);
  commit({*removal});
  EXPECT_EQ(learned(), 0U);
}

TEST_F(LearnStory, ALimitIsKeptAndTheResultSaysSo) {
  Learn learn = where_it_came_from();
  learn.limit = 2;
  learn.result = result_bit;
  add("table=0", {LearnAction{learn}, ResubmitAction{.table = 20}});
  add("table=20,reg1=1", {OutputAction{.port = OfPort{2}}});
  add("table=20,reg1=0", {OutputAction{.port = OfPort{3}}});
  for (const char* src : {"02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:02"}) {
    sw.receive("p1", between(src, host_b));
  }
  EXPECT_EQ(sw.sent("p2").size(), 3U);
  EXPECT_EQ(sw.sent("p3").size(), 1U) << "the third address";
  EXPECT_EQ(learned(), 2U);
  // Once there is room it is learned: the refusal was not remembered.
  sw.del_flows("table=10,dl_dst=02:00:00:00:00:01");
  sw.receive("p1", between("02:00:00:00:00:03", host_b));
  EXPECT_EQ(sw.sent("p2").size(), 1U);
}

TEST_F(LearnStory, BitsAndValuesGoWhereTheyAreSaidTo) {
  Learn learn;
  learn.table_id = 10;
  learn.cookie = 0x77;
  learn.priority = 7;
  learn.fin_idle_timeout = 5;
  learn.specs = {{LearnSpec::Kind::match, 16, FieldValue{0, 0x0800}, {FieldId::eth_type, 0, 16}},
                 {LearnSpec::Kind::match, 8, FieldValue{0, 17}, {FieldId::ip_proto, 0, 8}},
                 {LearnSpec::Kind::match, 8, SubField{FieldId::udp_src, 0, 8}, {FieldId::udp_dst, 8, 8}},
                 {LearnSpec::Kind::match, 8, FieldValue{0, 1}, {FieldId::udp_dst, 0, 8}},
                 {LearnSpec::Kind::load, 4, SubField{FieldId::in_port, 0, 4}, {FieldId::reg0, 4, 4}}};
  add("table=0,udp", {LearnAction{learn}});
  sw.receive("p1", between(host_a, host_b));
  EXPECT_THAT(sw.dump_flows(), HasSubstr("udp,tp_dst=40961"));  // 4000 & 0xff = 0xa0
  const auto flows = sw.flow_stats({.table_id = 10});
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].priority, 7);
  const SetFieldAction load{FieldId::reg0, {0, 0x10}, {0, 0xf0}, true};
  EXPECT_EQ(*flows[0].instructions.apply, (ActionList{FinTimeoutAction{5, 0}, load}));
}

TEST_F(LearnStory, ALaterLookupOfTheSamePacketSeesWhatItLearned) {
  Learn learn;
  learn.table_id = 10;
  learn.cookie = 0x77;
  learn.specs = {{LearnSpec::Kind::match, 48, whole_eth_src, whole_eth_src},
                 {LearnSpec::Kind::output, 16, FieldValue{0, 3}, {}}};
  add("table=0", {LearnAction{learn}, ResubmitAction{.table = 10}});
  EXPECT_THAT(sw.trace("in_port=1,dl_src=02:00:00:00:00:0a"), HasSubstr("learns"));
  EXPECT_THAT(sw.trace("in_port=1,dl_src=02:00:00:00:00:0a"), HasSubstr("Datapath actions: output:p3"));
  EXPECT_EQ(learned(), 0U) << "a trace changes nothing";
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.sent("p3").size(), 1U);
}

TEST_F(LearnStory, APacketOutLearns) {
  make_learning_switch();
  sw.packet_out("p1", "resubmit(,0)", between(host_a, host_b));
  EXPECT_EQ(learned(), 1U);
  EXPECT_EQ(sw.sent("p2").size(), 1U);
}

// The second NORMAL teaches where the address is that the first one looked up: too late for the first.
TEST_F(LearnStory, AnAddressThatThePacketTeachesLateIsNotKnownEarlier) {
  add("table=0", {LearnAction{where_it_came_from()}, OutputAction{.port = of_port::normal},
                  SetFieldAction{FieldId::eth_src, FieldValue{0, 0x02000000000b}, FieldValue::ones(48)},
                  OutputAction{.port = of_port::normal}});
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.sent("p2").size(), 1U) << "flooded";
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  sw.packet_out("p2", "resubmit(,0)", between("02:00:00:00:00:0c", host_b));
  EXPECT_EQ(sw.sent("p1").size(), 1U) << "known there until the second NORMAL";
}

TEST_F(LearnStory, AFlowThatIsRefusedLetsThePacketGoOnWithoutIt) {
  Learn learn = where_it_came_from();
  learn.table_id = 254;  // no such table
  add("table=0", {LearnAction{learn}, OutputAction{.port = OfPort{2}}});
  sw.receive("p1", between(host_a, host_b));
  sw.receive("p1", between(host_a, host_b));
  EXPECT_EQ(sw.sent("p2").size(), 2U);
  EXPECT_EQ(sw.megaflow_count(), 0U);
}

}  // namespace
}  // namespace weft
