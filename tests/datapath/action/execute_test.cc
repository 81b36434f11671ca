#include "datapath/action/execute.h"

#include <gmock/gmock.h>

#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const Frame original = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x");
const Frame changed = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 99).payload("x");
const Action change = set(FieldId::udp_dst, 99);
const Controller controller{std::make_shared<NamedContext>("c")};

Output to(uint32_t port) { return {PortId{port}}; }
Action clone(ActionList actions) { return std::make_shared<const Clone>(Clone{std::move(actions)}); }

class ExecuteTest : public ActionTest {
 protected:
  std::vector<uint32_t> ports() const {
    std::vector<uint32_t> all;
    for (const Sent& sent : exits_.sent) {
      all.push_back(number(sent.port));
    }
    return all;
  }
};

TEST_F(ExecuteTest, EachOutputSeesThePacketAsItIsThere) {
  run({to(1), change, to(2)}, original);
  EXPECT_THAT(ports(), ElementsAre(1, 2));
  EXPECT_EQ(exits_.sent[0].frame, original);
  EXPECT_EQ(exits_.sent[1].frame, changed);
  EXPECT_EQ(exits_.originated_count, 1U);
}

TEST_F(ExecuteTest, AFloodIsThatManyOutputs) {
  run({OutputSet{{PortId{1}, PortId{2}, PortId{3}}}}, original);
  EXPECT_THAT(ports(), ElementsAre(1, 2, 3));
  EXPECT_EQ(exits_.originated_count, 2U);
}

TEST_F(ExecuteTest, AnEmptyListIsADrop) {
  run({}, original);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::no_output));
  run({change}, original);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::no_output));
  run({OutputSet{}}, original);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::no_output));
}

TEST_F(ExecuteTest, ADropSaysWhyUnlessThePacketWentSomewhere) {
  run({Drop{DropReason::table_miss}, to(1)}, original);
  EXPECT_THAT(ports(), SizeIs(0));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::table_miss));
  run({to(1), Drop{DropReason::table_miss}}, original);
  EXPECT_THAT(ports(), ElementsAre(1));
  EXPECT_THAT(exits_.drops, SizeIs(0));
}

TEST_F(ExecuteTest, APacketForTheControllerAloneIsAbsorbed) {
  run({change, controller}, original);
  ASSERT_THAT(exits_.punted, SizeIs(1));
  EXPECT_EQ(exits_.punted[0].second, changed);
  EXPECT_EQ(exits_.absorbed_count, 1U);
}

// The controller's copy is no packet of the data path: sent once, nothing originated.
TEST_F(ExecuteTest, APuntBesidesAnOutputIsNotCounted) {
  for (const ActionList& actions : {ActionList{to(1), controller}, ActionList{controller, to(1)}}) {
    run(actions, original);
    EXPECT_THAT(ports(), ElementsAre(1));
    EXPECT_THAT(exits_.punted, SizeIs(1));
    EXPECT_EQ(exits_.absorbed_count + exits_.originated_count, 0U);
  }
}

TEST_F(ExecuteTest, APuntThatFailsIsADropForItsReasonUnlessThePacketWentSomewhere) {
  for (const DropReason reason : {DropReason::packet_in_queue_full, DropReason::no_buffer}) {
    RecordingExits refusing;
    refusing.refuses_punts = reason;
    execute({controller}, packet(original), refusing);
    EXPECT_THAT(refusing.drops, ElementsAre(reason));
  }
  RecordingExits other;
  other.refuses_punts = DropReason::packet_in_queue_full;
  execute({controller, to(1)}, packet(original), other);
  EXPECT_THAT(other.drops, SizeIs(0));
}

TEST_F(ExecuteTest, WhatACloneChangesStaysInIt) {
  run({clone({change, to(1)}), to(2), clone({to(3), change, to(4)})}, original);
  EXPECT_THAT(ports(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(exits_.sent[0].frame, changed);
  EXPECT_EQ(exits_.sent[1].frame, original);
  EXPECT_EQ(exits_.sent[2].frame, original);
  EXPECT_EQ(exits_.sent[3].frame, changed);
  EXPECT_EQ(exits_.originated_count, 3U);
}

// As a segment floods: the tunnel's far end changes before each copy.
ActionList flood(uint32_t count) {
  ActionList actions;
  for (uint32_t i = 0; i < count; ++i) {
    SetTunnel set;
    set.tunnel.begin();
    set.tunnel.id = i;
    actions.emplace_back(set);
    actions.emplace_back(Output{PortId{1 + i % 3}});
  }
  return actions;
}

TEST_F(ExecuteTest, ALongFloodIsExecutedInPartsWithTheSameOutcome) {
  for (const size_t part : {1U, 7U, 64U, 1000U}) {
    RecordingExits exits;
    execute({clone(flood(100)), Output{PortId{9}}}, packet(frame().udp(1, 2)), exits);
    EXPECT_EQ(exits.sent.size(), 1U) << "what stands behind it has left";
    ASSERT_EQ(exits.later.size(), 1U);
    EXPECT_TRUE(exits.is_balanced());
    PartedExecution later = std::move(exits.later.front());
    exits = {};
    while (later.run(part, exits)) {
    }
    EXPECT_TRUE(exits.is_balanced());
    ASSERT_EQ(exits.sent.size(), 100U);
    for (uint32_t i = 0; i < 100; ++i) {
      EXPECT_EQ(exits.sent[i].port, PortId{1 + i % 3});
      EXPECT_EQ(exits.sent[i].tunnel.id, i);
    }
  }
}

TEST_F(ExecuteTest, AnEmptyLongListIsADropOfOnePacket) {
  RecordingExits exits;
  ActionList nothing;
  nothing.resize(100, SetField{FieldId::nw_ttl, {0, 1}, {0, 0xff}});
  execute({clone(nothing)}, packet(frame().udp(1, 2)), exits);
  ASSERT_EQ(exits.later.size(), 1U);
  PartedExecution later = std::move(exits.later.front());
  exits = {};
  EXPECT_FALSE(later.run(10, exits));
  EXPECT_TRUE(exits.is_balanced());
  EXPECT_EQ(exits.drops, std::vector{DropReason::no_output});
}

// It may be looked up again, which somebody else waits for.
TEST_F(ExecuteTest, ALongListThatDoesMoreThanSendRunsAtOnce) {
  RecordingExits exits;
  ActionList list = flood(100);
  list.emplace_back(Recirculate{7, nullptr});
  execute({clone(list)}, packet(frame().udp(1, 2)), exits);
  EXPECT_TRUE(exits.later.empty());
  EXPECT_EQ(exits.sent.size(), 100U);
  EXPECT_EQ(exits.recirculated.size(), 1U);
  EXPECT_TRUE(exits.is_balanced());
}

TEST_F(ExecuteTest, ACloneThatSendsNothingIsNoPacket) {
  run({clone({Drop{DropReason::action_drop}}), to(1)}, original);
  EXPECT_THAT(ports(), ElementsAre(1));
  EXPECT_EQ(exits_.originated_count, 0U);
  run({clone({Drop{DropReason::action_drop}})}, original);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::action_drop));
}

// What fails after an output is one more packet that was there.
TEST_F(ExecuteTest, AVerdictEndsTheList) {
  run({to(1), PopVlan{}, to(2)}, original);
  EXPECT_THAT(ports(), ElementsAre(1));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::not_tagged));
  run({clone({PopVlan{}, to(1)}), to(2)}, original);
  EXPECT_THAT(ports(), ElementsAre(2));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::not_tagged));
}

TEST_F(ExecuteTest, TunnelMetadataGoesWithThePacket) {
  TunnelMetadata tunnel;
  tunnel.begin();
  tunnel.id = 5001;
  run({to(1), SetTunnel{tunnel}, to(2)}, original);
  EXPECT_FALSE(exits_.sent[0].tunnel.present);
  EXPECT_TRUE(exits_.sent[1].tunnel.present);
  EXPECT_EQ(exits_.sent[1].tunnel.id, 5001U);
}

TEST_F(ExecuteTest, CopiesThatFindNoBufferAreCounted) {
  PacketPool tiny({.small_count = 2, .large_count = 0});
  std::vector<PacketPtr> taken;
  PacketPtr last = tiny.copy_of(original.bytes());
  while (PacketPtr more = tiny.copy_of(original.bytes())) {
    taken.push_back(std::move(more));
  }
  RecordingExits exits;
  execute({to(1), to(2), to(3)}, std::move(last), exits);
  EXPECT_TRUE(exits.is_balanced());
  EXPECT_THAT(exits.drops, ElementsAre(DropReason::no_buffer, DropReason::no_buffer));
  EXPECT_THAT(exits.sent, SizeIs(1));
}

}  // namespace
}  // namespace weft::datapath
