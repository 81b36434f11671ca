// Tunnels: what the outer header says, what it said on arrival, and segments that never mix.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

TunnelMetadata received(uint64_t vni, const char* from = "192.0.2.2", const char* to = "192.0.2.1") {
  TunnelMetadata tunnel;
  tunnel.begin();
  tunnel.id = vni;
  tunnel.set_source(ip(from));
  tunnel.set_destination(ip(to));
  tunnel.ttl = 64;
  tunnel.flags = TunnelMetadata::flag_key;
  return tunnel;
}

TEST(TunnelStory, FlowSetsKeyAndRemote) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0");
  sw.add_flow("in_port=p1,actions=set_field:5001->tun_id,set_field:192.0.2.2->tun_dst,output:vx0");

  sw.receive("p1", small_udp());

  const auto sent = sw.sent_with_metadata("vx0");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].tunnel.id, 5001U);
  EXPECT_EQ(sent[0].tunnel.destination(), ip("192.0.2.2"));
  EXPECT_EQ(sent[0].tunnel.ttl, 64);
  EXPECT_EQ(sw.megaflows(), "in_port=p1 actions=set_tunnel(tun_id=0x1389,dst=192.0.2.2,ttl=64,df,csum),output:vx0\n");
}

TEST(TunnelStory, FixedRemoteAndKeyComeFromThePort) {
  TestSwitch sw{"p1"};
  datapath::TunnelSpec spec;
  spec.remote = ip("192.0.2.7");
  spec.out_key = spec.in_key = 77;
  spec.tos = 0x10;
  spec.ttl = 9;
  sw.add_tunnel("vx0", spec);
  sw.add_flow("in_port=p1,actions=output:vx0");

  sw.receive("p1", small_udp());

  const auto sent = sw.sent_with_metadata("vx0");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].tunnel.id, 77U);
  EXPECT_EQ(sent[0].tunnel.destination(), ip("192.0.2.7"));
  EXPECT_EQ(sent[0].tunnel.tos, 0x10);
  EXPECT_EQ(sent[0].tunnel.ttl, 9);
}

TEST(TunnelStory, TunnelWithoutARemoteDropsWithItsReason) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0");
  sw.add_flow("in_port=p1,actions=set_field:5001->tun_id,output:vx0");

  sw.receive("p1", small_udp());

  EXPECT_THAT(sw.sent("vx0"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::tunnel_no_destination), 1U);
}

TEST(TunnelStory, EachOutputMayHaveItsOwnRemote) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0");
  sw.add_flow(
      "in_port=p1,actions=set_field:1->tun_id,set_field:192.0.2.2->tun_dst,output:vx0,"
      "set_field:192.0.2.3->tun_dst,output:vx0");

  sw.receive("p1", small_udp());

  const auto sent = sw.sent_with_metadata("vx0");
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].tunnel.destination(), ip("192.0.2.2"));
  EXPECT_EQ(sent[1].tunnel.destination(), ip("192.0.2.3"));
}

TEST(TunnelStory, InheritedTtlAndTosDependOnThePacket) {
  TestSwitch sw{"p1"};
  datapath::TunnelSpec spec;
  spec.remote = ip("192.0.2.7");
  spec.out_key = 1;
  spec.ttl_inherit = spec.tos_inherit = true;
  sw.add_tunnel("vx0", spec);
  sw.add_flow("in_port=p1,actions=output:vx0");

  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(33).tos(0x20).udp(1, 2));
  sw.receive("p1", frame().ipv4("10.0.0.1", "10.0.0.2").ttl(34).tos(0x20).udp(1, 2));

  const auto sent = sw.sent_with_metadata("vx0");
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].tunnel.ttl, 33);
  EXPECT_EQ(sent[1].tunnel.ttl, 34);
  EXPECT_EQ(sent[0].tunnel.tos, 0x20);
}

TEST(TunnelStory, KeyAndSourceOfArrivalAreMatched) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_tunnel("vx0");
  sw.add_flow("in_port=vx0,tun_id=5001,actions=output:p1");
  sw.add_flow("in_port=vx0,tun_id=5002,tun_src=192.0.2.2,actions=output:p2");
  sw.add_flow("in_port=vx0,tun_id=5002,tun_src=192.0.2.3,actions=output:p3");

  sw.receive("vx0", small_udp(), received(5001));
  sw.receive("vx0", small_udp(), received(5002, "192.0.2.2"));
  sw.receive("vx0", small_udp(), received(5002, "192.0.2.3"));
  sw.receive("vx0", small_udp(), received(5003));

  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  EXPECT_EQ(sw.drops(DropReason::table_miss), 1U);
}

// Two tenants with the same MAC and IP addresses, on both hosts: only the segment tells them apart.
TEST(TunnelStory, SegmentsWithEqualAddressesNeverMix) {
  TestSwitch sw{"a1", "b1"};
  sw.add_tunnel("vx0");
  sw.add_flow("in_port=a1,actions=set_field:5001->tun_id,set_field:192.0.2.2->tun_dst,output:vx0");
  sw.add_flow("in_port=b1,actions=set_field:5002->tun_id,set_field:192.0.2.2->tun_dst,output:vx0");
  sw.add_flow("in_port=vx0,tun_id=5001,actions=output:a1");
  sw.add_flow("in_port=vx0,tun_id=5002,actions=output:b1");

  for (int round = 0; round < 3; ++round) {
    sw.receive("a1", small_udp());
    sw.receive("b1", small_udp());
    sw.receive("vx0", small_udp(), received(5001));
    sw.receive("vx0", small_udp(), received(5002));
    EXPECT_THAT(sw.sent("a1"), SizeIs(1));
    EXPECT_THAT(sw.sent("b1"), SizeIs(1));
    const auto sent = sw.sent_with_metadata("vx0");
    ASSERT_THAT(sent, SizeIs(2));
    EXPECT_EQ(sent[0].tunnel.id, 5001U);
    EXPECT_EQ(sent[1].tunnel.id, 5002U);
  }
  EXPECT_EQ(sw.misses(), 4U);
}

TEST(TunnelStory, ControllerIsToldTheTunnel) {
  TestSwitch sw{};
  sw.add_tunnel("vx0");
  sw.add_flow("actions=CONTROLLER");

  sw.receive("vx0", small_udp(), received(5001));
  sw.receive("vx0", small_udp(), received(5002));

  const auto events = sw.packet_ins();
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].message.match.value(field(FieldId::tun_id)).lo, 5001U);
  EXPECT_EQ(events[1].message.match.value(field(FieldId::tun_id)).lo, 5002U);
}

}  // namespace
}  // namespace weft
