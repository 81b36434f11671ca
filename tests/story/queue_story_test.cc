// Queues: which one a packet leaves by, how much of it, and what they have counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using datapath::RateLimit;
using ofproto::QosConfig;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr size_t queued_bytes = 100;

// As much as so many frames of 100 bytes at once, and as many a second.
RateLimit frames(uint64_t count) { return {.rate = count * queued_bytes * 8, .burst = count * queued_bytes * 8}; }

// Frames of 100 bytes that can be told apart.
Frame numbered(unsigned n) {
  return frame().ipv4("10.0.0.1", "10.0.0.2").udp(static_cast<uint16_t>(n), 53).payload_size(queued_bytes - 42);
}
void send_numbered(TestSwitch& sw, unsigned first, unsigned last, const char* port = "p1") {
  for (unsigned n = first; n <= last; ++n) {
    sw.receive(port, numbered(n));
  }
}

// Packets and errors.
std::pair<uint64_t, uint64_t> counted(const openflow::QueueStats& stats) { return {stats.tx_packets, stats.tx_errors}; }
using Counted = std::pair<uint64_t, uint64_t>;

TEST(QueueStory, WhatExceedsTheRateIsDroppedUnderItsOwnReason) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {frames(4)}}}});
  sw.add_flow("in_port=p1,actions=set_queue:1,output:p2");
  send_numbered(sw, 1, 6);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(numbered(1), numbered(2), numbered(3), numbered(4)));
  EXPECT_EQ(sw.drops(DropReason::queue_rate_exceeded), 2U);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=enqueue:p2:1\n");

  sw.advance(0.5);
  send_numbered(sw, 7, 10);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(numbered(7), numbered(8)));
  const auto stats = sw.queue("p2", 1);
  EXPECT_EQ(counted(stats), Counted(6, 4));
  EXPECT_EQ(stats.tx_bytes, 600U);
  EXPECT_EQ(stats.duration, (openflow::Duration{0, 500'000'000}));
  EXPECT_EQ(sw.packets("in_port=p1"), 10U) << "a rule counts what it handled";
  const auto balance = sw.datapath().balance();
  EXPECT_EQ(balance.received + balance.originated, balance.sent + balance.dropped + balance.absorbed);
}

TEST(QueueStory, QueuesOfAPortAreLimitedApartAndKeepTheirOrder) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.set_qos("p3", QosConfig{.limit = {}, .queues = {{1, {frames(2)}}, {2, {frames(4)}}}});
  sw.add_flow("in_port=p1,actions=set_queue:1,output:p3");
  sw.add_flow("in_port=p2,actions=set_queue:2,output:p3");
  for (unsigned n = 1; n <= 5; ++n) {
    sw.receive("p1", numbered(n));
    sw.receive("p2", numbered(100 + n));
  }
  EXPECT_THAT(sw.sent("p3"),
              ElementsAre(numbered(1), numbered(101), numbered(2), numbered(102), numbered(103), numbered(104)));
  EXPECT_EQ(counted(sw.queue("p3", 1)), Counted(2, 3));
  EXPECT_EQ(counted(sw.queue("p3", 2)), Counted(4, 1));
}

TEST(QueueStory, AllQueuesTogetherAreLimitedToo) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.set_qos("p3", QosConfig{.limit = frames(5), .queues = {{1, {frames(3)}}}});
  sw.add_flow("in_port=p1,actions=set_queue:1,output:p3");
  sw.add_flow("in_port=p2,actions=output:p3");
  send_numbered(sw, 1, 4, "p1");
  send_numbered(sw, 1, 4, "p2");
  EXPECT_THAT(sw.sent("p3"), SizeIs(5));
  EXPECT_EQ(counted(sw.queue("p3", 1)), Counted(3, 1));
  EXPECT_EQ(counted(sw.queue("p3", 0)), Counted(2, 2));
}

// Two thirds of the port are promised to queue 1; the others are there first.
TEST(QueueStory, WhatIsGuaranteedIsNotTakenByOthers) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.set_qos("p3", QosConfig{.limit = frames(6), .queues = {{1, {.limit = {}, .guarantee = frames(4)}}}});
  sw.add_flow("in_port=p1,actions=set_queue:1,output:p3");
  sw.add_flow("in_port=p2,actions=output:p3");
  send_numbered(sw, 1, 9, "p2");
  send_numbered(sw, 1, 9, "p1");
  EXPECT_EQ(counted(sw.queue("p3", 0)), Counted(6, 3));
  EXPECT_EQ(counted(sw.queue("p3", 1)), Counted(4, 5));
  sw.advance(1);
  send_numbered(sw, 1, 9, "p2");
  send_numbered(sw, 1, 9, "p1");
  EXPECT_EQ(counted(sw.queue("p3", 0)), Counted(8, 10)) << "what was lent is paid back";
  EXPECT_EQ(counted(sw.queue("p3", 1)), Counted(8, 10));
  EXPECT_THAT(sw.trace("in_port=p1"), HasSubstr("queue 1 of port p3: no limit of its own, min-rate 3200 bit/s"));
}

// As Open vSwitch has it: queue 0 is there whether it is configured or not.
TEST(QueueStory, QueueZeroIsForAllThatHaveNoOther) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {frames(4)}}}});
  sw.add_flow("udp,tp_src=1,actions=output:p2");
  sw.add_flow("udp,tp_src=2,actions=set_queue:7,output:p2");
  sw.add_flow("udp,tp_src=3,actions=set_queue:1,pop_queue,output:p2");
  send_numbered(sw, 1, 3);
  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
  EXPECT_EQ(counted(sw.queue("p2", 0)), Counted(3, 0));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(0, 0));
}

TEST(QueueStory, EnqueueIsForOneOutput) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {}}, {2, {}}}});
  sw.add_flow("actions=set_queue:2,enqueue:p2:1,output:p2");
  sw.receive("p1", numbered(1));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=enqueue:p2:1,enqueue:p2:2\n");
}

// The copies for other ports must not go with it.
TEST(QueueStory, AFullQueueDropsItsOwnCopyOnly) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.set_qos("p3", QosConfig{.limit = {}, .queues = {{0, {frames(1)}}}});
  sw.add_flow("actions=flood");
  send_numbered(sw, 1, 3);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(numbered(1), numbered(2), numbered(3)));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(numbered(1)));
  EXPECT_THAT(sw.sent("p4"), SizeIs(3));
  EXPECT_EQ(sw.drops(DropReason::queue_rate_exceeded), 2U);
}

TEST(QueueStory, NormalGoesByTheQueueThatWasSet) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {}}}});
  sw.add_flow("actions=set_queue:1,normal");
  sw.receive("p1", numbered(1));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 0));
}

TEST(QueueStory, ABucketAndACloneKeepTheirQueueToThemselves) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  for (const auto* port : {"p2", "p3", "p4"}) {
    sw.set_qos(port, QosConfig{.limit = {}, .queues = {{1, {}}, {2, {}}, {3, {}}}});
  }
  sw.add_group("group_id=1,type=all,bucket=set_queue:1,output:p2,bucket=output:p3");
  sw.add_flow("actions=set_queue:2,clone(set_queue:3,output:p4),group:1,output:p4");
  sw.receive("p1", numbered(1));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=enqueue:p4:3,enqueue:p2:1,enqueue:p3:2,enqueue:p4:2\n");
}

// In a set, set_queue comes before the output wherever it was written.
TEST(QueueStory, AnActionSetHasAQueue) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {}}}});
  sw.add_flow("actions=write_actions(output:p2),goto_table:1");
  sw.add_flow("table=1,actions=write_actions(set_queue:1)");
  sw.receive("p1", numbered(1));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 0));
}

TEST(QueueStory, AQueueIsKeptAcrossTablesAndPatchPorts) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_port("q1", {}, "br1");
  sw.set_qos("q1", QosConfig{.limit = {}, .queues = {{1, {}}}}, "br1");
  sw.add_flow("actions=set_queue:1,resubmit(,1)");
  sw.add_flow("table=1,actions=output:to1");
  sw.add_flow("actions=output:q1", "br1");
  sw.receive("p1", numbered(1));
  EXPECT_EQ(counted(sw.queue("q1", 1, "br1")), Counted(1, 0));
}

TEST(QueueStory, AQueueIsKeptWhenThePacketIsLookedUpAgain) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {}}}});
  sw.add_flow("mpls,actions=set_queue:1,pop_mpls:0x0800,goto_table:1");
  sw.add_flow("table=1,udp,actions=dec_ttl,output:p2");
  sw.receive("p1", frame().mpls(7).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("as long as a wire wants it"));
  EXPECT_THAT(sw.megaflows(), HasSubstr("recirc(0x1)"));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 0));
}

TEST(QueueStory, AQueueIsKeptWhileThePacketWaitsForTheController) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {}}}});
  sw.add_flow("actions=set_queue:1,controller(pause),output:p2");
  sw.receive("p1", numbered(1));
  const auto waiting = sw.packet_ins();
  ASSERT_THAT(waiting, SizeIs(1));
  ASSERT_TRUE(sw.bridge().resume(waiting[0].message));
  sw.settle();
  EXPECT_THAT(sw.sent("p2"), ElementsAre(numbered(1)));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 0));
}

TEST(QueueStory, AnEgressTableMayChooseTheQueue) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {}}}});
  sw.set_first_egress(10);
  sw.add_flow("actions=output:p2");
  sw.add_flow("table=10,udp,actions=write_actions(set_queue:1)");
  sw.receive("p1", numbered(1));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 0));
}

TEST(QueueStory, ATunnelPortHasQueues) {
  TestSwitch sw{"p1"};
  datapath::TunnelSpec spec;
  spec.remote = *IpAddress::parse("192.0.2.7");
  sw.add_tunnel("vx0", spec);
  sw.set_qos("vx0", QosConfig{.limit = {}, .queues = {{1, {frames(1)}}}});
  sw.add_flow("actions=set_queue:1,output:vx0");
  send_numbered(sw, 1, 3);
  EXPECT_THAT(sw.sent_with_metadata("vx0"), SizeIs(1));
  EXPECT_EQ(counted(sw.queue("vx0", 1)), Counted(1, 2));
}

TEST(QueueStory, APacketOutGoesByAQueue) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {frames(1)}}}});
  for (unsigned n = 1; n <= 3; ++n) {
    sw.packet_out("CONTROLLER", "set_queue:1,output:p2", numbered(n));
  }
  EXPECT_THAT(sw.sent("p2"), ElementsAre(numbered(1)));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 2));
}

TEST(QueueStory, WorkersShareAQueue) {
  TestSwitch sw{{.worker_count = 2}, {"p1", "p2", "p3"}};
  sw.set_qos("p3", QosConfig{.limit = {}, .queues = {{1, {frames(5)}}}});
  sw.add_flow("actions=set_queue:1,output:p3");
  send_numbered(sw, 1, 4, "p1");
  send_numbered(sw, 5, 8, "p2");
  EXPECT_THAT(sw.sent("p3"), SizeIs(5));
  EXPECT_EQ(counted(sw.queue("p3", 1)), Counted(5, 3));
}

// --- while packets flow

TEST(QueueStory, AnotherRateHoldsAtOnceAndNothingIsForgotten) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {frames(1)}}}});
  sw.add_flow("actions=set_queue:1,output:p2");
  send_numbered(sw, 1, 3);
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  const auto misses = sw.misses();
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {frames(2)}}}});
  send_numbered(sw, 4, 6);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(numbered(4), numbered(5)));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(3, 3));
  EXPECT_EQ(sw.misses(), misses) << "the decision stays";
}

TEST(QueueStory, WhatIsLeftWhenAQueueGoes) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = {}, .queues = {{1, {frames(1)}}}});
  sw.add_flow("actions=set_queue:1,output:p2");
  send_numbered(sw, 1, 2);
  sw.set_qos("p2", QosConfig{});
  send_numbered(sw, 3, 4);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=enqueue:p2:0\n");
  EXPECT_THAT(sw.bridge().queue_numbers(OfPort{2}), ElementsAre(0U));
  sw.set_qos("p2", std::nullopt);
  send_numbered(sw, 5, 6);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n");
  EXPECT_THAT(sw.bridge().queue_numbers(OfPort{2}), IsEmpty());
  EXPECT_THAT(sw.sent("p2"), SizeIs(5));
  EXPECT_EQ(sw.bridge().queue_stats(OfPort{2}, 1), std::nullopt);
}

TEST(QueueStory, APortMayComeWithQueues) {
  TestSwitch sw{"p1"};
  datapath::PortSpec spec;
  spec.name = "p2";
  spec.type = datapath::PortType::memory;
  ASSERT_TRUE(
      sw.bridge().add_port({"p2", spec, std::nullopt, {}, QosConfig{.limit = {}, .queues = {{1, {frames(1)}}}}}));
  sw.add_flow("actions=set_queue:1,output:p2");
  send_numbered(sw, 1, 3);
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(1, 2));
}

// Nothing is sent to a device there: the far side's ports have their own.
TEST(QueueStory, APatchPortHasNoQueues) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.set_qos("to1", QosConfig{.limit = {}, .queues = {{1, {frames(1)}}}});
  EXPECT_THAT(sw.bridge().queue_numbers(sw.bridge().port("to1")->of_port), IsEmpty());
}

// --- what operators see

TEST(QueueStory, ATraceTellsTheQueueAndItsLimit) {
  TestSwitch sw{"p1", "p2"};
  sw.set_qos("p2", QosConfig{.limit = RateLimit{5'000'000, 7}, .queues = {{1, {RateLimit{1'000'000, 100'000}}}}});
  sw.add_flow("udp,actions=set_queue:1,output:p2");
  sw.add_flow("tcp,actions=set_queue:9,output:p2");
  EXPECT_THAT(
      sw.trace("in_port=p1,udp"),
      AllOf(HasSubstr("set_queue:1"), HasSubstr("queue 1 of port p2: max-rate 1000000 bit/s, burst 100000 bits"),
            HasSubstr("all queues of the port together: max-rate 5000000 bit/s, burst 7 bits"),
            HasSubstr("Datapath actions: enqueue:p2:1")));
  EXPECT_THAT(sw.trace("in_port=p1,tcp"),
              AllOf(HasSubstr("port p2 has no queue 9"), HasSubstr("queue 0 of port p2: no limit of its own"),
                    HasSubstr("Datapath actions: enqueue:p2:0")));
  EXPECT_EQ(counted(sw.queue("p2", 1)), Counted(0, 0)) << "a trace sends nothing";
}

// A limit is told in parts of the port's speed, and a memory port has none.
TEST(QueueStory, DescriptionsOfQueues) {
  TestSwitch sw{"p1"};
  sw.set_qos("p1", QosConfig{.limit = {}, .queues = {{3, {RateLimit{1'000'000, 1}}}}});
  EXPECT_EQ(sw.bridge().queue_desc(OfPort{1}, 3),
            (openflow::QueueDesc{.port = OfPort{1}, .queue_id = 3, .min_rate = {}, .max_rate = {}}));
  EXPECT_EQ(sw.bridge().queue_desc(OfPort{1}, 4), std::nullopt);
  EXPECT_EQ(sw.bridge().queue_desc(OfPort{9}, 3), std::nullopt);
}

}  // namespace
}  // namespace weft
