// Geneve options as fields: mapped, matched, set, taken away, and passed on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/openflow/nicira_error.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

IpAddress address(const char* text) { return *IpAddress::parse(text); }

// With options, {field, value}.
PacketTunnel with_options(std::initializer_list<std::pair<unsigned, uint32_t>> options) {
  PacketTunnel tunnel;
  tunnel.begin();
  tunnel.id = 5001;
  tunnel.set_source(address("192.0.2.2"));
  tunnel.set_destination(address("192.0.2.1"));
  tunnel.ttl = 64;
  tunnel.flags = TunnelMetadata::flag_key;
  for (const auto& [field, value] : options) {
    tunnel.options.set(field, value);
  }
  return tunnel;
}

datapath::TunnelSpec towards(const char* remote) {
  datapath::TunnelSpec spec;
  spec.remote = address(remote);
  return spec;
}

TunnelOptions only_options(const std::vector<datapath::MemoryFrame>& sent) {
  EXPECT_THAT(sent, SizeIs(1));
  return sent.size() == 1 ? sent[0].tunnel.options : TunnelOptions();
}

TEST(TunnelOptionStory, AFlowSetsAnOptionThatItsTunnelSends) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(3, 0x80);
  sw.add_flow("in_port=p1,actions=set_field:0x1234->tun_metadata3,output:gn0");

  sw.receive("p1", small_udp());

  const TunnelOptions options = only_options(sw.sent_with_metadata("gn0"));
  EXPECT_EQ(options.count(), 1U);
  EXPECT_EQ(options.value(3), 0x1234U);
  EXPECT_EQ(sw.megaflows(),
            "in_port=p1 actions=set_tunnel(tun_id=0x0,dst=192.0.2.2,ttl=64,df,csum),"
            "set_tunnel_options(tun_metadata3=0x1234),output:gn0\n");
}

// An option that a flow sets to zero is sent, and one that is absent matches no zero.
TEST(TunnelOptionStory, ZeroIsAValueAndAbsentIsNone) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(0, 1);
  sw.add_flow("priority=3,in_port=gn0,tun_metadata0=0,actions=output:p1");
  sw.add_flow("priority=2,in_port=gn0,tun_metadata0,actions=output:p2");
  sw.add_flow("priority=1,in_port=gn0,actions=output:p3");
  sw.add_flow("in_port=p1,actions=set_field:0->tun_metadata0,output:gn0");

  for (int round = 0; round < 2; ++round) {
    sw.receive("gn0", small_udp(), with_options({}));
    EXPECT_THAT(sw.sent("p3"), SizeIs(1));
    sw.receive("gn0", small_udp(), with_options({{0, 0}}));
    EXPECT_THAT(sw.sent("p1"), SizeIs(1));
    sw.receive("gn0", small_udp(), with_options({{0, 9}}));
    EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  }
  sw.receive("p1", small_udp());
  EXPECT_TRUE(only_options(sw.sent_with_metadata("gn0")).has(0));
}

TEST(TunnelOptionStory, AMaskedMatchRemembersItsBitsAlone) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0");
  sw.map_option(63, 1);
  sw.add_flow("in_port=gn0,tun_metadata63=0x10/0xf0,actions=output:p1");

  sw.receive("gn0", small_udp(), with_options({{63, 0x1f}}));
  sw.receive("gn0", small_udp(), with_options({{63, 0xab10}}));
  EXPECT_THAT(sw.sent("p1"), SizeIs(2));
  EXPECT_EQ(sw.misses(), 1U);
  sw.receive("gn0", small_udp(), with_options({{63, 0x2f}}));
  sw.receive("gn0", small_udp(), with_options({}));
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::table_miss), 2U);
}

// From one tunnel to another, as Open vSwitch does: what is not taken away goes on.
TEST(TunnelOptionStory, OptionsGoFromTunnelToTunnel) {
  TestSwitch sw{};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.add_tunnel("gn1", towards("192.0.2.3"));
  sw.map_option(1, 1);
  sw.map_option(2, 2);
  sw.add_flow("in_port=gn0,actions=delete_field:tun_metadata2,output:gn1");

  for (const uint32_t value : {5U, 6U}) {
    sw.receive("gn0", small_udp(), with_options({{1, value}, {2, 7}}));
    const TunnelOptions options = only_options(sw.sent_with_metadata("gn1"));
    EXPECT_EQ(options.count(), 1U);
    EXPECT_EQ(options.value(1), value);
  }
  sw.receive("gn0", small_udp(), with_options({{2, 7}}));
  EXPECT_TRUE(only_options(sw.sent_with_metadata("gn1")).empty());
  sw.receive("gn0", small_udp(), with_options({{2, 8}}));
  EXPECT_TRUE(only_options(sw.sent_with_metadata("gn1")).empty());
  EXPECT_EQ(sw.misses(), 3U) << "the value of what is taken away matters to nobody";
}

TEST(TunnelOptionStory, EachOutputMayHaveItsOwn) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(1, 1);
  sw.add_flow(
      "in_port=p1,actions=output:gn0,set_field:1->tun_metadata1,output:gn0,set_field:2/2->tun_metadata1,output:gn0,"
      "delete_field:tun_metadata1,output:gn0");
  sw.receive("p1", small_udp());
  const auto sent = sw.sent_with_metadata("gn0");
  ASSERT_THAT(sent, SizeIs(4));
  EXPECT_TRUE(sent[0].tunnel.options.empty());
  EXPECT_EQ(sent[1].tunnel.options.value(1), 1U);
  EXPECT_EQ(sent[2].tunnel.options.value(1), 3U);
  EXPECT_TRUE(sent[3].tunnel.options.empty());
}

TEST(TunnelOptionStory, RegistersAndOptionsAreMovedBothWays) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(1, 1);
  sw.add_flow(
      "table=0,in_port=p1,actions=load:0xbeef->NXM_NX_REG0[],move:NXM_NX_REG0[0..15]->NXM_NX_TUN_METADATA1[8..23],"
      "output:gn0");
  sw.add_flow("table=0,in_port=gn0,actions=move:NXM_NX_TUN_METADATA1[]->NXM_NX_REG1[],resubmit(,1)");
  sw.add_flow("table=1,reg1=0x77,actions=output:p1");
  sw.receive("p1", small_udp());
  EXPECT_EQ(only_options(sw.sent_with_metadata("gn0")).value(1), 0xbeef00U);
  sw.receive("gn0", small_udp(), with_options({{1, 0x77}}));
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  sw.receive("gn0", small_udp(), with_options({{1, 0x78}}));
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
}

TEST(TunnelOptionStory, TheOamBitGoesOnToo) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.add_flow("in_port=p1,actions=set_field:oam->tun_flags,output:gn0");
  sw.add_flow("in_port=gn0,tun_flags=+oam,actions=output:p1");
  sw.receive("p1", small_udp());
  const auto sent = sw.sent_with_metadata("gn0");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_NE(sent[0].tunnel.flags & TunnelMetadata::flag_oam, 0);
  PacketTunnel oam = with_options({});
  sw.receive("gn0", small_udp(), oam);
  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  oam.flags |= TunnelMetadata::flag_oam;
  sw.receive("gn0", small_udp(), oam);
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
}

TEST(TunnelOptionStory, WhatIsNotMappedIsRefused) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(1, 1);
  const std::string refusal = "NXFMFC_INVALID_TLV_FIELD: no Geneve option is mapped to tun_metadata2";
  for (const char* flow :
       {"tun_metadata2=5,actions=drop", "tun_metadata2,actions=drop", "actions=set_field:1->tun_metadata2",
        "actions=move:NXM_NX_REG0[]->NXM_NX_TUN_METADATA2[]", "actions=push:NXM_NX_TUN_METADATA2[]",
        "actions=clone(delete_field:tun_metadata2)", "actions=learn(table=3,NXM_NX_TUN_METADATA2[])",
        "actions=write_actions(set_field:1->tun_metadata2)", "actions=output:NXM_NX_TUN_METADATA2[0..15]"}) {
    EXPECT_EQ(sw.refusal_of(flow), refusal) << flow;
  }
  EXPECT_EQ(sw.refusal_of("tun_metadata1=5,actions=delete_field:tun_metadata1"), "");
}

TEST(TunnelOptionStory, AMappingInUseIsNotTakenAway) {
  using openflow::TlvTableCommand;
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(1, 1);
  sw.map_option(2, 2);
  sw.add_flow("in_port=p1,tun_metadata1=5,actions=drop");
  sw.add_group("group_id=1,type=all,bucket=actions=set_field:5->tun_metadata2,output:gn0");
  const openflow::TlvTableMod clear{TlvTableCommand::clear, {}};
  const auto remove = [](uint16_t n) { return openflow::TlvTableMod{TlvTableCommand::remove, {{0, 0, 4, n}}}; };
  EXPECT_FALSE(sw.bridge().apply(clear));
  EXPECT_FALSE(sw.bridge().apply(remove(1)));
  EXPECT_FALSE(sw.bridge().apply(remove(2)));
  sw.mod_group("group_id=1,type=all,bucket=actions=output:gn0");
  EXPECT_TRUE(sw.bridge().apply(remove(2)));
  sw.mod_flows("in_port=p1,actions=output:gn0");
  EXPECT_FALSE(sw.bridge().apply(clear)) << "its match still names it";
  sw.del_flows("in_port=p1");
  EXPECT_TRUE(sw.bridge().apply(clear));
  EXPECT_TRUE(sw.bridge().tlv_maps().empty());
}

// A decision that read the option by the old map is not in force any more.
TEST(TunnelOptionStory, AMapThatChangesIsSeenByCachedDecisions) {
  TestSwitch sw{};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.add_tunnel("gn1", towards("192.0.2.3"));
  sw.add_flow("in_port=gn0,actions=output:gn1");
  sw.receive("gn0", small_udp(), with_options({{1, 5}}));
  EXPECT_TRUE(only_options(sw.sent_with_metadata("gn1")).empty());
  sw.map_option(1, 1);
  sw.receive("gn0", small_udp(), with_options({{1, 5}}));
  EXPECT_EQ(only_options(sw.sent_with_metadata("gn1")).value(1), 5U);
}

TEST(TunnelOptionStory, MoreThanAHeaderHoldsIsDroppedByItsReason) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  std::string actions;
  for (uint16_t n = 0; n < 31; ++n) {
    sw.map_option(n, static_cast<uint8_t>(n));
    actions += "set_field:1->tun_metadata" + std::to_string(n) + ",";
  }
  sw.map_option(31, 31);
  sw.add_flow("in_port=p1,actions=" + actions + "output:gn0");
  sw.receive("p1", small_udp());
  EXPECT_EQ(only_options(sw.sent_with_metadata("gn0")).count(), 31U);
  sw.add_flow("in_port=p1,actions=" + actions + "set_field:1->tun_metadata31,output:gn0");
  sw.receive("p1", small_udp());
  EXPECT_THAT(sw.sent("gn0"), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::tunnel_options_too_long), 1U);
}

TEST(TunnelOptionStory, OptionsComeBackWithARecirculatedPacket) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.add_tunnel("gn1", towards("192.0.2.3"));
  sw.map_option(1, 1);
  sw.map_option(2, 2);
  sw.add_flow("table=0,mpls,in_port=gn0,actions=set_field:9->tun_metadata2,pop_mpls:0x0800,resubmit(,1)");
  sw.add_flow("table=1,ip,nw_dst=10.0.0.2,tun_metadata1=5,tun_metadata2=9,actions=output:gn1");
  sw.receive("gn0", frame().mpls(7).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2), with_options({{1, 5}}));
  const TunnelOptions options = only_options(sw.sent_with_metadata("gn1"));
  EXPECT_EQ(options.value(1), 5U);
  EXPECT_EQ(options.value(2), 9U);
}

TEST(TunnelOptionStory, TraceAndPacketInTellThem) {
  TestSwitch sw{"p1"};
  sw.add_tunnel("gn0", towards("192.0.2.2"));
  sw.map_option(1, 1);
  sw.map_option(2, 2);
  sw.add_flow("priority=2,in_port=gn0,tun_metadata1=5,actions=set_field:6->tun_metadata2,output:gn0,IN_PORT");
  sw.add_flow("priority=1,in_port=gn0,actions=controller");
  const std::string trace = sw.trace("in_port=gn0,tun_metadata1=5");
  EXPECT_THAT(trace, HasSubstr("tun_metadata1=0x5"));
  EXPECT_THAT(trace, HasSubstr("set_tunnel_options(tun_metadata1=0x5,tun_metadata2=0x6)"));
  EXPECT_THAT(sw.trace("in_port=gn0,tun_metadata1=6"), HasSubstr("tun_metadata1"));

  sw.receive("gn0", small_udp(), with_options({{1, 0}, {2, 3}}));
  const auto told = sw.packet_ins();
  ASSERT_THAT(told, SizeIs(1));
  const Match& metadata = told[0].message.match;
  EXPECT_EQ(metadata.value(FieldId::tun_metadata0 + 2).lo, 3U);
  EXPECT_TRUE(metadata.is_exact(field(FieldId::tun_metadata0 + 1)));
}

}  // namespace
}  // namespace weft
