// ofproto/trace: what a switch would do with a packet, in words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string why(TestSwitch& sw, std::string_view flow) {
  return sw.trace(ofproto::TraceRequest{.bridge = "br0", .flow = flow, .explains = true});
}

TEST(TraceStory, TraceTellsTheWayAndChangesNothing) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("table=0,priority=7,udp,actions=dec_ttl,resubmit(,1)");
  sw.add_flow("table=1,in_port=p1,actions=output:p2");

  const std::string text = sw.trace("in_port=p1,udp,nw_src=10.0.0.1,tp_dst=53");

  EXPECT_THAT(text, HasSubstr("bridge(\"br0\")"));
  EXPECT_THAT(text, HasSubstr(" 0. udp, priority 7"));
  EXPECT_THAT(text, HasSubstr("resubmit(,1)"));
  EXPECT_THAT(text, HasSubstr("output:p2"));
  EXPECT_THAT(text, HasSubstr("Datapath actions: dec_ttl,output:p2"));
  EXPECT_EQ(sw.packets(), 0U);
  EXPECT_EQ(sw.megaflow_count(), 0U);
}

// What an action's own text does not say is told behind it.
TEST(TraceStory, RegistersAreToldAsTheyChange) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "udp,actions=move:NXM_OF_UDP_DST[]->NXM_NX_REG3[0..15],set_field:7->reg1,load:1->NXM_NX_REG1[8],dec_ttl,output:"
      "p2");

  const std::string text = sw.trace("in_port=p1,udp,nw_ttl=9,tp_dst=53");

  EXPECT_THAT(text, HasSubstr("-> now reg3=0x35\n"));
  EXPECT_THAT(text, HasSubstr("-> now reg1=0x107\n"));
  EXPECT_THAT(text, HasSubstr("-> now nw_ttl=8\n"));
  EXPECT_THAT(text, Not(HasSubstr("now reg1=0x7\n"))) << "set_field:7->reg1 says it";
}

TEST(TraceStory, AMeterStandsBeforeWhatItMeters) {
  TestSwitch sw{"p1", "p2"};
  sw.add_meter("meter=1,pktps,band=type=drop,rate=5");
  sw.add_flow("udp,actions=meter:1,output:p2");

  const std::string text = sw.trace("in_port=p1,udp");

  EXPECT_LT(text.find("meter:1"), text.find("output:p2"));
}

TEST(TraceStory, ATagThatGoesIsNoLongerThere) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("dl_vlan=10,actions=pop_vlan,output:p2");

  EXPECT_THAT(sw.trace("in_port=p1,dl_vlan=10,dl_vlan_pcp=3,ip"), HasSubstr("-> no longer dl_vlan,dl_vlan_pcp\n"));
}

TEST(TraceStory, AskedWhyItTellsTheNearestBetterRules) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=300,tcp,nw_dst=10.1.0.0/16,tp_dst=80,actions=output:p2");
  sw.add_flow("priority=200,udp,tp_dst=53,actions=output:p2");
  sw.add_flow("priority=100,udp,dl_vlan=10,actions=output:p2");
  sw.add_flow("priority=1,actions=drop");

  const std::string text = why(sw, "in_port=p1,udp,nw_dst=10.0.0.2,tp_dst=54");

  EXPECT_THAT(text, HasSubstr("not priority=200,udp,tp_dst=53: udp_dst is 54, not 53\n"));
  EXPECT_THAT(text, HasSubstr("not priority=100,udp,dl_vlan=10: there is no VLAN tag\n"));
  EXPECT_THAT(text, HasSubstr("ip_dst is 10.0.0.2, not 10.1.0.0/16; nw_proto is 17, not 6"));
  EXPECT_THAT(sw.trace("in_port=p1,udp,nw_dst=10.0.0.2,tp_dst=54"), Not(HasSubstr("not priority")));
}

// A rule of lower priority would not have been better, and the one that was found is not told.
TEST(TraceStory, OnlyBetterRulesAreTold) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=50,udp,actions=output:p2");
  sw.add_flow("priority=40,tcp,actions=drop");

  EXPECT_THAT(why(sw, "in_port=p1,udp"), Not(HasSubstr("not priority")));
  EXPECT_THAT(why(sw, "in_port=p1,icmp"),
              AllOf(HasSubstr("No match."), HasSubstr("not priority=50,udp: nw_proto is 1, not 17")));
}

TEST(TraceStory, APacketsBytesStandForItsHeaders) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,udp,tp_dst=53,actions=output:p2");
  const auto bytes = frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload("hi").bytes();

  const std::string text = sw.trace(ofproto::TraceRequest{.bridge = "br0", .flow = "in_port=p1", .packet = bytes});

  EXPECT_THAT(text, HasSubstr("tp_src=4000,tp_dst=53"));
  EXPECT_THAT(text, HasSubstr("Datapath actions: output:p2"));
}

TEST(TraceStory, APacketThatIsTooShortIsRefused) {
  TestSwitch sw{"p1"};
  const std::vector<uint8_t> bytes(13);

  EXPECT_THAT(sw.trace(ofproto::TraceRequest{.bridge = "br0", .flow = "in_port=p1", .packet = bytes}),
              HasSubstr("shorter than an Ethernet header"));
}

TEST(TraceStory, ActionsOfAPacketOutTakeTheTablesPlace) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=output:p3");

  const std::string text =
      sw.trace(ofproto::TraceRequest{.bridge = "br0", .flow = "in_port=p1,udp", .actions = "output:p2"});

  EXPECT_THAT(text, HasSubstr("Datapath actions: output:p2"));
  EXPECT_THAT(sw.trace(ofproto::TraceRequest{.bridge = "br0", .flow = "in_port=p1,udp", .actions = "outptu:p2"}),
              HasSubstr("^~~~~~"));
}

}  // namespace
}  // namespace weft
