// A guest whose packet does not fit the tunnel is told what does, by the way that remote traffic takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t inner_mtu = 1450;

const IpAddress remote_vtep = *IpAddress::parse("192.0.2.2");

datapath::TunnelSpec with_rate(uint32_t rate) {
  datapath::TunnelSpec spec;
  spec.too_big_rate = rate;
  return spec;
}

Frame answer(const Frame& about) {
  const Bytes bytes = about.bytes();
  return frame()
      .eth("02:00:00:00:00:02", "02:00:00:00:00:01")
      .ipv4("10.0.0.2", "10.0.0.1")
      .dont_fragment()
      .icmp(3, 4, inner_mtu)
      .raw({bytes.begin() + 14, bytes.begin() + 14 + 576 - 28});
}

Frame too_big() { return frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().udp(1, 2).payload_size(1472); }

TEST(TooBigStory, TheAnswerComesAsIfTheRemoteHadSentIt) {
  TestSwitch sw{"p1", "p2"};
  datapath::TunnelSpec spec;
  spec.local_is_any = false;  // flows choose it
  sw.add_tunnel("vx0", spec, "br0", inner_mtu);
  sw.add_flow(
      "in_port=p1,actions=set_field:5001->tun_id,set_field:192.0.2.2->tun_dst,set_field:192.0.2.1->tun_src,output:vx0");
  sw.add_flow("in_port=vx0,tun_id=5001,tun_src=192.0.2.2,tun_dst=192.0.2.1,icmp,actions=output:p1");

  sw.receive("p1", too_big());

  EXPECT_THAT(sw.sent("vx0"), IsEmpty());
  EXPECT_THAT(sw.sent("p1"), testing::ElementsAre(answer(too_big())));
  EXPECT_EQ(sw.drops(DropReason::tunnel_mtu_exceeded), 1U);
  EXPECT_EQ(sw.packets("in_port=vx0"), 1U);
}

TEST(TooBigStory, ALargeFrameIsJudgedByItsPieces) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0", {}, "br0", inner_mtu);
  sw.add_flow("in_port=p1,actions=set_field:192.0.2.2->tun_dst,output:vx0");
  sw.add_flow("in_port=vx0,actions=output:p1");
  const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").dont_fragment().tcp(1, 2).payload_size(20000);

  sw.receive("p1", tcp.gso(inner_mtu - 40));
  EXPECT_THAT(sw.sent("vx0"), SizeIs(1));
  EXPECT_THAT(sw.sent("p1"), IsEmpty());

  sw.receive("p1", tcp.gso(inner_mtu - 39));
  EXPECT_THAT(sw.sent("vx0"), IsEmpty());
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
}

TEST(TooBigStory, AnswersAreLimitedAndCounted) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0", with_rate(3), "br0", inner_mtu);
  sw.add_flow("in_port=p1,actions=set_field:192.0.2.2->tun_dst,output:vx0");
  sw.add_flow("in_port=vx0,actions=output:p1");
  for (int i = 0; i < 10; ++i) {
    sw.receive("p1", too_big());
  }
  EXPECT_THAT(sw.sent("p1"), SizeIs(3));
  sw.advance(1);
  sw.receive("p1", too_big());
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_EQ(sw.drops(DropReason::tunnel_mtu_exceeded), 11U);
}

TEST(TooBigStory, AnswersCanBeSwitchedOff) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0", with_rate(0), "br0", inner_mtu);
  sw.add_flow("in_port=p1,actions=set_field:192.0.2.2->tun_dst,output:vx0");
  sw.add_flow("in_port=vx0,actions=output:p1");
  sw.receive("p1", too_big());
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::tunnel_mtu_exceeded), 1U);
}

TEST(TooBigStory, TagsOfTheTunnelComeOffOnTheWayBack) {
  TestSwitch sw{};
  sw.add_port("p1", ofproto::VlanConfig{.tag = 10});
  datapath::TunnelSpec spec;
  spec.remote = remote_vtep;
  sw.add_tunnel("vx0", spec, "br0", inner_mtu);
  sw.add_flow("actions=normal");

  sw.receive("p1", too_big());  // with its tag it exceeds the MTU by more

  const auto sent = sw.sent("p1");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].bytes()[12], 0x08);  // IPv4: no tag
}

// The frame may have been flooded: nobody knows whether its destination is there.
TEST(TooBigStory, NothingIsLearnedFromAnAnswer) {
  TestSwitch sw{"p1", "p2"};
  datapath::TunnelSpec spec;
  spec.remote = remote_vtep;
  sw.add_tunnel("vx0", spec, "br0", inner_mtu);
  sw.add_flow("actions=normal");

  sw.receive("p1", too_big());
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));  // flooded
  const Frame fits = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  sw.receive("p1", fits);
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));  // and so is the next
  EXPECT_THAT(sw.sent("vx0"), SizeIs(1));

  // What the other really sends is learned, also where its megaflow would be that of the answer.
  sw.receive("vx0", answer(too_big()));
  sw.receive("p1", fits);
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_THAT(sw.sent("vx0"), SizeIs(1));
}

// Nobody is there of whom an answer could seem to come.
TEST(TooBigStory, WhatGoesToAGroupGetsNoAnswer) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0", {}, "br0", inner_mtu);
  sw.add_flow("in_port=p1,actions=set_field:239.1.1.1->tun_dst,output:vx0");
  sw.add_flow("in_port=vx0,actions=output:p1");
  sw.receive("p1", too_big());
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::tunnel_mtu_exceeded), 1U);
}

// A flooded frame is too large on the way to each VTEP, and nobody learns where its destination is; one that goes
// straight is answered once, in its segment.
TEST(TooBigStory, InASegmentTheAnswerStaysInIt) {
  TestSwitch sw{};
  sw.add_flow("actions=NORMAL");
  sw.add_tunnel("vx0", {}, "br0", inner_mtu);
  sw.add_port("r1", {.segment = "red"});
  sw.add_port("b1", {.segment = "blue"});
  const std::vector<IpAddress> vteps{remote_vtep, *IpAddress::parse("192.0.2.3")};
  sw.set_segments({{.name = "red", .vni = 5001, .vteps = vteps}, {.name = "blue", .vni = 5002, .vteps = vteps}});

  sw.receive("r1", too_big());
  EXPECT_THAT(sw.sent("r1"), SizeIs(2));
  const Frame fits = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("hi");
  sw.receive("r1", fits);
  EXPECT_THAT(sw.sent("vx0"), SizeIs(2)) << "still flooded";

  TunnelMetadata from_remote;
  from_remote.begin();
  from_remote.id = 5001;
  from_remote.set_source(remote_vtep);
  sw.receive("vx0", answer(too_big()), from_remote);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  sw.receive("r1", too_big());
  EXPECT_THAT(sw.sent("r1"), testing::ElementsAre(answer(too_big())));
  EXPECT_THAT(sw.sent("b1"), IsEmpty());
}

TEST(TooBigStory, AnswersTeachNoFlows) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("vx0", {}, "br0", inner_mtu);
  sw.add_flow("in_port=p1,actions=set_field:192.0.2.2->tun_dst,output:vx0");
  sw.add_flow("in_port=vx0,actions=learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),output:p1");

  sw.receive("p1", too_big());
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_THAT(sw.dump_flows(), Not(HasSubstr("dl_dst=02:00:00:00:00:02")));

  sw.receive("vx0", answer(too_big()));
  EXPECT_THAT(sw.dump_flows(), HasSubstr("dl_dst=02:00:00:00:00:02"));
}

}  // namespace
}  // namespace weft
