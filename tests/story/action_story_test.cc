// Actions that change a packet's headers: backbone headers, times to live of labels, types, and short frames.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Frame on(const Frame& link, uint8_t ttl = 64) {
  return link.ipv4("10.0.0.1", "10.0.0.2").ttl(ttl).udp(4000, 53).payload("as long as a wire wants it");
}

// --- PBB

TEST(PbbStory, FrameCrossesABackbone) {
  TestSwitch sw{"customer", "backbone"};
  sw.add_flow(
      "in_port=customer,actions=push_pbb:0x88e7,set_field:5001->pbb_isid,set_field:0a:00:00:00:00:02->eth_dst,"
      "set_field:0a:00:00:00:00:01->eth_src,push_vlan:0x88a8,set_field:4195->vlan_vid,output:backbone");
  sw.add_flow("in_port=backbone,dl_vlan=99,dl_type=0x88e7,pbb_isid=5001,actions=pop_vlan,pop_pbb,output:customer");
  const Frame backbone = frame()
                             .eth("0a:00:00:00:00:01", "0a:00:00:00:00:02")
                             .vlan(99, 3, 0x88a8)
                             .pbb(5001, "02:00:00:00:00:01", "02:00:00:00:00:02", 3);

  sw.receive("customer", on(frame().vlan(10, 3)));
  // The I-TAG takes the priority of the VLAN tag; the B-TAG has none to copy.
  EXPECT_THAT(sw.sent("backbone"), ElementsAre(on(frame()
                                                      .eth("0a:00:00:00:00:01", "0a:00:00:00:00:02")
                                                      .vlan(99, 0, 0x88a8)
                                                      .pbb(5001, "02:00:00:00:00:01", "02:00:00:00:00:02", 3)
                                                      .vlan(10, 3))));
  sw.receive("backbone", on(backbone.vlan(10, 3)));
  EXPECT_THAT(sw.sent("customer"), ElementsAre(on(frame().vlan(10, 3))));
}

TEST(PbbStory, PushLooksAtTheTypeAndThePriorityOfATag) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=push_pbb:0x88e7,output:p2");
  sw.receive("p1", on(frame()));
  sw.receive("p1", frame().eth("02:00:00:00:00:07", "02:00:00:00:00:08").ipv4("10.0.0.3", "10.0.0.4").tcp(1, 2));
  EXPECT_EQ(sw.misses(), 1U);
  sw.receive("p1", on(frame().vlan(10, 3)));
  sw.receive("p1", on(frame().vlan(11, 3)));
  EXPECT_EQ(sw.misses(), 2U);
  sw.receive("p1", on(frame().vlan(11, 4)));
  EXPECT_EQ(sw.misses(), 3U);
}

TEST(PbbStory, SecondHeaderCopiesTheServiceInstance) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=push_pbb:0x88e7,output:p2");
  sw.receive("p1", on(frame().pbb(77)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().pbb(77).pbb(77))));
}

TEST(PbbStory, WhatAPushHidesIsNotMatchedAndNotSet) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,actions=push_pbb:0x88e7,resubmit(,1)");
  sw.add_flow("table=1,priority=3,dl_vlan=10,actions=output:p3");
  sw.add_flow("table=1,priority=3,ip,actions=output:p3");
  sw.add_flow("table=1,priority=2,dl_type=0x88e7,pbb_isid=0,actions=set_field:7->pbb_isid,resubmit(,2)");
  sw.add_flow("table=2,dl_type=0x88e7,pbb_isid=6/6,actions=output:p2");
  sw.receive("p1", on(frame().vlan(10)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().pbb(7).vlan(10))));
  EXPECT_EQ(
      sw.megaflows(),
      "ip,in_port=p1,dl_vlan_pcp=0 actions=push_pbb(isid=0,pcp=0,eth_type=0x88e7),set_field:7->pbb_isid,output:p2\n");
}

// Its own addresses come back with the customer's frame, whatever was known of the backbone's.
TEST(PbbStory, AddressSetBehindAPopIsToldAlways) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "in_port=p1,dl_dst=0a:00:00:00:00:02,dl_type=0x88e7,actions=pop_pbb,set_field:00:00:00:00:00:00->eth_dst,output:"
      "p2");
  sw.receive("p1", on(frame().eth("0a:00:00:00:00:01", "0a:00:00:00:00:02").pbb(5)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().eth("02:00:00:00:00:01", "00:00:00:00:00:00"))));
}

TEST(PbbStory, MaskedServiceInstance) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("dl_type=0x88e7,pbb_isid=0x100/0xf00,actions=output:p2");
  sw.add_flow("priority=1,actions=output:p3");
  sw.receive("p1", on(frame().pbb(0x51ff)));
  sw.receive("p1", on(frame().pbb(0x5200)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().pbb(0x51ff))));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(on(frame().pbb(0x5200))));
}

// A pop lays bare addresses, tags and all behind them: the packet is read again before a table is asked.
TEST(PbbStory, CustomersFrameIsMatchedBehindAPop) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,dl_type=0x88e7,actions=pop_pbb,resubmit(,1)");
  sw.add_flow(
      "table=1,dl_src=02:00:00:00:00:01,dl_vlan=10,udp,tp_dst=53,actions=pop_vlan,set_field:9->udp_dst,output:p2");
  sw.add_flow("table=1,priority=0,actions=output:p3");
  const Frame backbone = frame().eth("0a:00:00:00:00:01", "0a:00:00:00:00:02").pbb(5);
  sw.receive("p1", on(backbone.vlan(10)));
  sw.receive("p1", on(backbone.vlan(11)));
  EXPECT_THAT(sw.sent("p2"),
              ElementsAre(frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 9).payload("as long as a wire wants it")));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(on(frame().vlan(11))));
}

TEST(PbbStory, TagBehindAPopIsPoppedToo) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,dl_type=0x88e7,actions=pop_pbb,output:p2");
  openflow::FlowMod mod;
  mod.priority = 0x9000;
  mod.match.set(FieldId::eth_type, 0x88e7);
  mod.instructions.apply = openflow::ActionList{openflow::PopPbbAction{}, openflow::PopVlanAction{},
                                                openflow::OutputAction{.port = OfPort{2}}};
  ASSERT_TRUE(sw.bridge().apply(mod));
  sw.settle();
  sw.receive("p1", on(frame().pbb(5).vlan(10)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame())));
}

// --- times to live

TEST(MplsTtlStory, TtlOfIpComesBackAtTheLastHop) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=1,actions=dec_mpls_ttl,copy_ttl_in,pop_mpls:0x0800,output:p2");
  sw.receive("p1", on(frame().mpls(100, 0, 20), 64));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame(), 19)));
}

TEST(MplsTtlStory, PushedLabelTakesWhatIpHas) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "in_port=p1,ip,actions=dec_ttl,push_mpls:0x8847,set_field:9->mpls_label,set_mpls_ttl(7),copy_ttl_out,output:p2");
  sw.receive("p1", on(frame(), 20));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(9, 0, 19), 19)));
}

// The datapath copies what the key does not reach, so packets of any TTL share a decision.
TEST(MplsTtlStory, CopyOutOfWhatIsHiddenIsOneDecision) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=1,actions=copy_ttl_out,output:p2");
  sw.receive("p1", on(frame().mpls(100, 0, 64), 20));
  sw.receive("p1", on(frame().mpls(100, 0, 63), 21));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(100, 0, 20), 20), on(frame().mpls(100, 0, 21), 21)));
  EXPECT_EQ(sw.megaflows(), "mpls,in_port=p1,mpls_bos=1 actions=copy_ttl_out,output:p2\n");
}

TEST(MplsTtlStory, DecrementOfACopiedTtlIsProvedByTheDatapath) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=1,actions=copy_ttl_out,dec_mpls_ttl,output:p2");
  sw.receive("p1", on(frame().mpls(100, 0, 64), 20));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(100, 0, 19), 20)));
  sw.receive("p1", on(frame().mpls(100, 0, 64), 1));
  EXPECT_THAT(sw.sent("p2"), ElementsAre());
  EXPECT_EQ(sw.drops(DropReason::ttl_exceeded), 1U);
}

TEST(MplsTtlStory, CopiedTtlIsReadBeforeATableIsAsked) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=1,actions=copy_ttl_out,resubmit(,1)");
  sw.add_flow("table=1,mpls,mpls_ttl=20,actions=output:p2");
  sw.receive("p1", on(frame().mpls(100, 0, 64), 20));
  sw.receive("p1", on(frame().mpls(100, 0, 64), 21));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(100, 0, 20), 20)));
}

TEST(MplsTtlStory, BetweenLabelsTheDecisionFollowsTheTtl) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=0,actions=copy_ttl_out,resubmit(,1)");
  sw.add_flow("table=1,mpls,mpls_ttl=30,actions=output:p2");
  sw.receive("p1", on(frame().mpls(200, 0, 64).mpls(100, 0, 30)));
  sw.receive("p1", on(frame().mpls(200, 0, 64).mpls(100, 0, 31)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(200, 0, 30).mpls(100, 0, 30))));
}

TEST(MplsTtlStory, CopyInIsSeenBehindAPop) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=0,actions=copy_ttl_in,pop_mpls:0x8847,resubmit(,1)");
  sw.add_flow("table=1,mpls,mpls_ttl=64,actions=output:p2");
  sw.receive("p1", on(frame().mpls(200, 0, 64).mpls(100, 0, 30)));
  sw.receive("p1", on(frame().mpls(200, 0, 63).mpls(100, 0, 64)));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(100, 0, 64))));
}

// In an action set the copies stand where the specification puts them, whatever their order in the flow.
TEST(MplsTtlStory, ActionSetCopiesInFirstAndOutLast) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,mpls,actions=write_actions(output:p2,pop_mpls:0x0800,copy_ttl_in)");
  sw.add_flow("in_port=p3,ip,actions=write_actions(output:p2,copy_ttl_out,push_mpls:0x8847,dec_ttl)");
  sw.receive("p1", on(frame().mpls(100, 0, 20), 64));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame(), 20)));
  sw.receive("p3", on(frame(), 33));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(0, 0, 33), 33)));
}

// --- types

TEST(ReshapeStory, PacketOfAnotherTypeIsThatInTheNextTable) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,dl_type=0x88b5,actions=set_field:0x88b6->eth_type,resubmit(,1)");
  sw.add_flow("table=1,dl_type=0x88b5,actions=output:p3");
  sw.add_flow("table=1,dl_type=0x88b6,actions=output:p2");
  sw.receive("p1", frame().vlan(3).eth_type(0x88b5).payload_size(50));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().vlan(3).eth_type(0x88b6).payload_size(50)));
}

TEST(ReshapeStory, ProtocolIsSetWithTheHeadersChecksum) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,ip,nw_proto=253,actions=set_field:254->ip_proto,output:p2");
  const auto of = [](uint8_t protocol) {
    return frame().ipv4("10.0.0.1", "10.0.0.2").protocol(protocol).payload_size(40);
  };
  sw.receive("p1", of(253));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(of(254)));
}

TEST(ReshapeStory, ProtocolBehindExtensionHeadersIsSetInTheLast) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,ipv6,nw_proto=253,actions=set_field:254->ip_proto,output:p2");
  const auto of = [](uint8_t protocol) {
    return frame().ipv6("fd00::1", "fd00::2").extension(0).extension(60, 16).protocol(protocol).payload_size(20);
  };
  sw.receive("p1", of(253));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(of(254)));
}

// The bytes behind stay and are read anew: an 'o' in the payload says that a TCP header of 24 bytes is whole.
TEST(ReshapeStory, WhatLiesBehindIsReadAnew) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,udp,actions=set_field:6->ip_proto,resubmit(,1)");
  sw.add_flow("table=1,priority=2,udp,actions=output:p3");
  sw.add_flow("table=1,priority=2,tcp,tp_dst=53,actions=output:p2");
  sw.receive("p1", on(frame()));
  EXPECT_EQ(sw.sent("p2").size(), 1U);
  EXPECT_EQ(sw.sent("p3").size(), 0U);
}

TEST(ReshapeStory, BottomOfStackIsSet) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,mpls,mpls_bos=1,actions=set_field:0->mpls_bos,output:p2");
  sw.receive("p1", frame().mpls(5).raw({0x00, 0x06, 0x41, 0x40}).payload_size(50));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().mpls(5).mpls(100, 0, 64).payload_size(50)));
}

// An unfinished checksum is finished before its protocol is called something else; a frame to be cut cannot be.
TEST(ReshapeStory, PromisesAreKeptFirst) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,tcp,actions=set_field:253->ip_proto,output:p2");
  const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2);
  sw.receive("p1", tcp.payload_size(100).partial_checksum());
  EXPECT_THAT(sw.sent("p2"), ElementsAre(testing::Not(tcp.payload_size(100).partial_checksum())));
  sw.receive("p1", tcp.payload_size(3000).gso(1000));
  EXPECT_EQ(sw.drops(DropReason::gso_unsupported), 1U);
}

TEST(ReshapeStory, WhatIsNoTypeIsRefused) {
  TestSwitch sw{"p1", "p2"};
  for (const uint64_t type : {0x0000U, 0x05ffU, 0x8100U, 0x88a8U}) {
    openflow::FlowMod mod;
    mod.instructions.apply = openflow::ActionList{
        openflow::SetFieldAction{FieldId::eth_type, FieldValue{0, type}, all_bits(field(FieldId::eth_type))}};
    const auto applied = sw.bridge().apply(mod);
    ASSERT_FALSE(applied) << type;
    EXPECT_EQ(applied.error(), openflow::OpenFlowError(openflow::ErrorCode::ofpbac_bad_set_argument));
  }
}

// --- tags that are pushed on others, and short frames

TEST(InheritanceStory, PushedTagIsACopyOfTheOuterOne) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=push_vlan:0x88a8,output:p2");
  sw.receive("p1", on(frame().vlan(10, 5)));
  sw.receive("p1", on(frame()));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().vlan(10, 5, 0x88a8).vlan(10, 5)), on(frame().vlan(0, 0, 0x88a8))));
}

TEST(InheritanceStory, PushedLabelIsACopyOfTheOuterOneOrHasTheTtlOfIp) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,actions=push_mpls:0x8847,output:p2");
  sw.receive("p1", on(frame().mpls(100, 5, 33)));
  sw.receive("p1", on(frame(), 17));
  sw.receive("p1", frame().ipv6("fd00::1", "fd00::2").ttl(9).udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(on(frame().mpls(100, 5, 33).mpls(100, 5, 33)), on(frame().mpls(0, 0, 17), 17),
                                         frame().mpls(0, 0, 9).ipv6("fd00::1", "fd00::2").ttl(9).udp(1, 2)));
}

TEST(PaddingStory, PoppedFrameLeavesNoShorterThanAWireAllows) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("in_port=p1,dl_vlan=10,actions=pop_vlan,output:p2,push_vlan:0x8100,set_field:4107->vlan_vid,output:p3");
  const Frame request = frame().vlan(10).arp_request("10.0.0.1", "10.0.0.2");
  sw.receive("p1", request);
  EXPECT_THAT(sw.sent("p2"), ElementsAre(frame().arp_request("10.0.0.1", "10.0.0.2").padded(60)));
  EXPECT_THAT(sw.sent("p3"), ElementsAre(frame().vlan(11).arp_request("10.0.0.1", "10.0.0.2").padded(60)));
}

}  // namespace
}  // namespace weft
