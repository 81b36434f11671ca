// Output: one port, many, the numbers with a meaning, and what is not sent where it came from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Frame hello() { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hello"); }

TEST(OutputStory, PacketGoesWhereItsFlowSays) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output:p2");

  sw.receive("p1", hello());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2\n");
}

// The first packet is translated, the second hits what it left, whatever else it says.
TEST(OutputStory, MegaflowCoversPacketsThatDifferInNothingLookedAt) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");

  sw.receive("p1", hello());
  sw.receive("p1", frame().vlan(7).ipv6("fd00::1", "fd00::2").tcp(1, 2));

  EXPECT_EQ(sw.misses(), 1U);
  EXPECT_EQ(sw.sent("p2").size(), 2U);
}

TEST(OutputStory, InPortMatters) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output:p3");

  sw.receive("p1", hello());
  sw.receive("p2", hello());

  EXPECT_EQ(sw.sent("p3").size(), 1U);
  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p3\nin_port=p2 actions=drop(table_miss)\n");
}

TEST(OutputStory, SeveralOutputsGetACopyEach) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_flow("in_port=p1,actions=output:p2,output:p3,output:p4");

  sw.receive("p1", hello());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(hello()));
  EXPECT_THAT(sw.sent("p4"), ElementsAre(hello()));
}

TEST(OutputStory, NothingGoesBackUnlessInPortIsNamed) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p1,output:p2");
  sw.add_flow("in_port=p2,actions=in_port");

  sw.receive("p1", hello());
  sw.receive("p2", hello());

  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_EQ(sw.sent("p2").size(), 2U);
}

TEST(OutputStory, OnlyOutputToTheInputPortIsADrop) {
  TestSwitch sw{"p1"};
  sw.add_flow("actions=output:p1");

  sw.receive("p1", hello());

  EXPECT_EQ(sw.drops(DropReason::no_output), 1U);
}

TEST(OutputStory, FloodReachesAllPortsButItsOwnAndThoseThatDoNotFlood) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=flood");
  ASSERT_TRUE(sw.bridge().set_port_config(OfPort{3}, openflow::port_config::no_flood, openflow::port_config::no_flood));

  sw.receive("p1", hello());

  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

TEST(OutputStory, AllReachesPortsThatDoNotFloodToo) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=all");
  ASSERT_TRUE(sw.bridge().set_port_config(OfPort{3}, openflow::port_config::no_flood, openflow::port_config::no_flood));

  sw.receive("p1", hello());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(hello()));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p2,output:p3\n");
}

TEST(OutputStory, FloodFollowsPortsThatComeAndGo) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=flood");
  sw.receive("p1", hello());

  sw.add_port("p3");
  sw.receive("p1", hello());
  EXPECT_EQ(sw.sent("p3").size(), 1U);

  sw.remove_port("p2");
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=output:p3\n");
}

TEST(OutputStory, OutputToAPortThatIsNotThereIsCounted) {
  TestSwitch sw{"p1"};
  sw.add_flow("actions=output:9");

  sw.receive("p1", hello());

  EXPECT_EQ(sw.drops(DropReason::port_gone), 1U);
}

// A flow may name a port before there is one.
TEST(OutputStory, PortThatAppearsIsUsedByFlowsThatNamedItsNumber) {
  TestSwitch sw{"p1"};
  sw.add_flow("actions=output:2");
  sw.receive("p1", hello());

  sw.add_port("p2");
  sw.receive("p1", hello());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
}

TEST(OutputStory, PortThatIsConfiguredDownNeitherSendsNorReceives) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("in_port=p2,actions=output:p1");
  ASSERT_TRUE(sw.bridge().set_port_config(OfPort{2}, openflow::port_config::down, openflow::port_config::down));

  sw.receive("p1", hello());
  sw.receive("p2", hello());

  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::port_down), 2U);
}

TEST(OutputStory, LocalIsAPortLikeOthers) {
  TestSwitch sw{"p1", "br0"};
  sw.add_flow("in_port=p1,actions=LOCAL");
  sw.add_flow("in_port=LOCAL,actions=output:p1");

  sw.receive("p1", hello());
  sw.receive("br0", hello());

  EXPECT_EQ(sw.bridge().port("br0")->of_port, of_port::local);
  EXPECT_EQ(sw.sent("br0").size(), 1U);
  EXPECT_EQ(sw.sent("p1").size(), 1U);
}

// Each was called LOCAL.
TEST(OutputStory, MegaflowsTellTheLocalPortsOfTwoBridgesApart) {
  TestSwitch sw{"p1", "br0"};
  sw.add_bridge("br1");
  sw.add_port("br1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("in_port=p1,actions=LOCAL,output:to1");
  sw.add_flow("in_port=LOCAL,actions=output:p1");
  sw.add_flow("actions=LOCAL", "br1");

  sw.receive("p1", hello());
  sw.receive("br0", hello());

  EXPECT_THAT(sw.megaflows(), HasSubstr("in_port=p1 actions=output:br0,output:br1\n"));
  EXPECT_THAT(sw.megaflows(), HasSubstr("in_port=br0 actions=output:p1\n"));
}

TEST(OutputStory, EmptyActionsDropAndSaySo) {
  TestSwitch sw{"p1"};
  sw.add_flow("actions=drop");

  sw.receive("p1", hello());

  EXPECT_EQ(sw.drops(DropReason::action_drop), 1U);
  EXPECT_EQ(sw.packets(), 1U);
}

// What a packet-out says happens once and leaves nothing behind.
TEST(OutputStory, PacketOutIsExecutedWithoutACachedDecision) {
  TestSwitch sw{"p1", "p2"};

  sw.packet_out("CONTROLLER", "output:p1,output:p2", hello());

  EXPECT_THAT(sw.sent("p1"), ElementsAre(hello()));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
  EXPECT_EQ(sw.megaflow_count(), 0U);
}

TEST(OutputStory, PacketOutToTableMeetsTheFlowsAndIsCounted) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output:p2");

  sw.packet_out("p1", "set_field:02:00:00:00:00:99->eth_dst,table", hello());

  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame()
                                             .eth("02:00:00:00:00:01", "02:00:00:00:00:99")
                                             .ipv4("10.0.0.1", "10.0.0.2")
                                             .udp(4000, 53)
                                             .payload("hello")));
  EXPECT_EQ(sw.packets(), 1U);
}

TEST(OutputStory, PacketOutStartsWithThePipelineFieldsItNames) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=10,metadata=5,reg0=7,reg1=0,tun_id=9,pkt_mark=3,actions=output:p2");
  sw.add_flow("priority=9,actions=output:p1");

  sw.packet_out_with("metadata=5,reg0=7,tun_id=9,pkt_mark=3", "CONTROLLER", "table", hello());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(hello()));
  EXPECT_TRUE(sw.sent("p1").empty());

  sw.packet_out_with("metadata=5,reg0=7,reg1=1,tun_id=9,pkt_mark=3", "CONTROLLER", "table", hello());
  EXPECT_TRUE(sw.sent("p2").empty());
  EXPECT_THAT(sw.sent("p1"), ElementsAre(hello()));
}

TEST(OutputStory, PacketOutMayNameTheTableTwiceAndGoesOnAsItself) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("cookie=7,in_port=p1,actions=output:p2");

  sw.packet_out("p1", "table,table,CONTROLLER", hello());

  EXPECT_EQ(sw.packets(), 2U);
  const auto punted = sw.packet_ins();
  ASSERT_EQ(punted.size(), 1U);
  EXPECT_EQ(punted[0].message.cookie, ~uint64_t{0});
}

// 1.0's output by way of a queue. A port without any is reached all the same.
TEST(OutputStory, EnqueueIsAnOutput) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=enqueue:p2:7");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));

  EXPECT_EQ(sw.sent("p2").size(), 1U);
}

}  // namespace
}  // namespace weft
