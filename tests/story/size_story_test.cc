// The size of a frame: cut off for one port, or asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// --- output(port=,max_len=)

TEST(TruncationStory, OnePortGetsTheFrameCutOff) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output(port=p2,max_len=64),output:p3");
  sw.receive("p1", udp_of_size(500));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(udp_of_size(500).truncated(64)));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(udp_of_size(500)));
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=clone(trunc(64),output:p2),output:p3\n");
}

TEST(TruncationStory, AnotherBridgeFindsTheHeadersOfWhatIsCutOff) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1");
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("in_port=p1,actions=output(port=to1,max_len=64)");
  sw.add_flow("udp,tp_dst=2,actions=set_field:9->udp_dst,output:q1", "br1");
  sw.receive("p1", udp_of_size(500));
  EXPECT_THAT(sw.sent("q1"),
              ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 9).payload_size(458).truncated(64)));
}

TEST(TruncationStory, SegmentsOfALargeFrameAreCutOff) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=output(port=p2,max_len=80)");
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(3000).gso(1000));
  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
}

// A truncated frame that is read again on its way still has its headers.
TEST(TruncationStory, FrameThatIsLookedUpAgainIsCutOffInTheEnd) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1");
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("in_port=p1,actions=output(port=to1,max_len=80)");
  sw.add_flow("mpls,actions=pop_mpls:0x0800,goto_table:1", "br1");
  sw.add_flow("table=1,udp,actions=set_field:9->udp_dst,output:q1", "br1");
  sw.receive("p1", frame().mpls(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(300));
  EXPECT_THAT(sw.sent("q1"),
              ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 9).payload_size(300).truncated(76)));
}

// --- check_pkt_larger

TEST(PacketSizeStory, BitSaysWhetherThePacketIsLarger) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=check_pkt_larger(100)->NXM_NX_REG0[3],resubmit(,1)");
  sw.add_flow("table=1,reg0=8/8,actions=output:p2");
  sw.add_flow("table=1,reg0=0/8,actions=output:p3");
  for (const size_t size : {60U, 100U, 101U, 1000U}) {
    sw.receive("p1", udp_of_size(size));
  }
  EXPECT_THAT(sw.sent("p2"), ElementsAre(udp_of_size(101), udp_of_size(1000)));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(udp_of_size(60), udp_of_size(100)));
  EXPECT_THAT(sw.megaflows(), HasSubstr("actions=check_pkt_len(size=100,gt(recirc("));
  EXPECT_EQ(sw.packets("table=1,reg0=8/8"), 2U) << "each rule counts its own";
  EXPECT_EQ(sw.packets("table=0"), 4U);
}

// What is left of every list is done with the answer known.
TEST(PacketSizeStory, RestOfThePipelineIsGoneOnWith) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_flow("in_port=p1,actions=load:1->NXM_NX_REG0[0],resubmit(,1),output:p4");
  sw.add_flow("table=1,actions=check_pkt_larger(100)->NXM_NX_REG0[0],resubmit(,2)");
  sw.add_flow("table=2,reg0=1,actions=output:p2");
  sw.add_flow("table=2,reg0=0,actions=output:p3");
  sw.receive("p1", udp_of_size(200));
  sw.receive("p1", udp_of_size(80));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(udp_of_size(200)));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(udp_of_size(80)));
  EXPECT_THAT(sw.sent("p4"), SizeIs(2));
}

TEST(PacketSizeStory, LargeFrameIsAsLargeAsItsSegments) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=check_pkt_larger(1514)->NXM_NX_REG0[0],resubmit(,1)");
  sw.add_flow("table=1,reg0=1,actions=output:p2");
  sw.add_flow("table=1,reg0=0,actions=output:p3");
  const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(9000);
  sw.receive("p1", tcp.gso(1460));
  EXPECT_EQ(sw.sent("p3").size(), 1U);
  sw.receive("p1", tcp.gso(1461));
  EXPECT_EQ(sw.sent("p2").size(), 1U);
}

TEST(PacketSizeStory, OutputsBeforeAreNotRepeated) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=output:p2,check_pkt_larger(100)->NXM_NX_REG0[0],output:p3");
  sw.receive("p1", udp_of_size(200));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

}  // namespace
}  // namespace weft
