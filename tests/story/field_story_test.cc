// Fields with rules of their own, as an operator meets them: flows in text, frames in and out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/flow/ipv6_chain.h"
#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const Frame v4 = frame().ipv4("10.0.0.1", "10.0.0.2");
const Frame v6 = frame().ipv6("fd00::1", "fd00::2");

// Frames that match go to p2, all others to p3.
class Matching {
 public:
  explicit Matching(std::string_view match) : sw_{"p1", "p2", "p3"} {
    sw_.add_flow("priority=2," + std::string(match) + ",actions=output:p2");
    sw_.add_flow("priority=1,actions=output:p3");
  }
  bool holds(const Frame& frame) {
    // Twice: what the first one leaves in the cache must say the same.
    const bool first = once(frame);
    EXPECT_EQ(once(frame), first) << frame;
    return first;
  }

 private:
  bool once(const Frame& frame) {
    sw_.receive("p1", frame);
    const size_t matched = sw_.sent("p2").size();
    EXPECT_EQ(matched + sw_.sent("p3").size(), 1U);
    return matched == 1;
  }
  TestSwitch sw_;
};

Frame tagged_udp(uint16_t vid, uint8_t pcp = 0) {
  return frame().vlan(vid, pcp).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
}

TEST(VlanFieldStory, NonePresentExactAndMasked) {
  Matching none("vlan_tci=0x0000/0x1fff");
  EXPECT_TRUE(none.holds(v4.udp(1, 2)));
  EXPECT_FALSE(none.holds(tagged_udp(0)));
  EXPECT_FALSE(none.holds(tagged_udp(10)));

  Matching present("vlan_vid=0x1000/0x1000");
  EXPECT_FALSE(present.holds(v4.udp(1, 2)));
  EXPECT_TRUE(present.holds(tagged_udp(0)));
  EXPECT_TRUE(present.holds(tagged_udp(4095, 7)));

  Matching exact("dl_vlan=10");
  EXPECT_TRUE(exact.holds(tagged_udp(10, 3)));
  EXPECT_FALSE(exact.holds(tagged_udp(11)));

  Matching odd("vlan_vid=0x1001/0x1001");
  EXPECT_TRUE(odd.holds(tagged_udp(11)));
  EXPECT_FALSE(odd.holds(tagged_udp(10)));
  EXPECT_FALSE(odd.holds(v4.udp(1, 2)));

  Matching priority("dl_vlan=10,dl_vlan_pcp=5");
  EXPECT_TRUE(priority.holds(tagged_udp(10, 5)));
  EXPECT_FALSE(priority.holds(tagged_udp(10, 4)));
}

TEST(VlanFieldStory, SettingAPriorityOfAnUntaggedFrameDoesNothing) {
  TestSwitch sw{"p1", "p2"};
  openflow::FlowMod mod;
  mod.instructions.apply = openflow::ActionList{
      openflow::SetFieldAction{FieldId::vlan_pcp, FieldValue{0, 5}, all_bits(field(FieldId::vlan_pcp))},
      openflow::OutputAction{.port = OfPort{2}}};
  ASSERT_TRUE(sw.bridge().apply(mod));
  sw.settle();
  sw.receive("p1", v4.udp(1, 2));
  sw.receive("p1", tagged_udp(10));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(v4.udp(1, 2), tagged_udp(10, 5)));
}

// Which extension headers there are, with "unexpected order" and "unexpectedly repeated".
TEST(ExtensionHeaderStory, EachFlagIsMatched) {
  constexpr uint8_t hop = 0, routing = 43, fragment_header = 44, ah = 51, esp = 50, none = 59, dest = 60;
  struct Case {
    Frame frame;
    unsigned flags;
  };
  using namespace ipv6_exthdr;  // NOLINT(google-build-using-namespace): the flags, by their names
  (void)fragment_header;
  const Case cases[] = {
      {v6.udp(1, 2), 0},
      {v6.extension(hop).udp(1, 2), ipv6_exthdr::hop},
      {v6.extension(dest).udp(1, 2), ipv6_exthdr::dest},
      {v6.extension(routing).udp(1, 2), router},
      {v6.extension(ah, 12).udp(1, 2), auth},
      {v6.protocol(esp).payload_size(20), ipv6_exthdr::esp},
      {v6.protocol(none), no_next},
      {v6.fragment(800, true).payload("01234567"), frag},
      {v6.extension(hop).extension(dest).extension(routing).extension(ah, 12).extension(dest).udp(1, 2),
       ipv6_exthdr::hop | ipv6_exthdr::dest | router | auth},
      {v6.extension(routing).extension(hop).udp(1, 2), router | ipv6_exthdr::hop | unseq},
      {v6.extension(routing).extension(routing).udp(1, 2), router | unrep},
      {v6.extension(dest).extension(dest).udp(1, 2), ipv6_exthdr::dest},
      {v6.extension(dest).extension(dest).extension(dest).udp(1, 2), ipv6_exthdr::dest | unrep},
      {v6.extension(dest).extension(hop).udp(1, 2), ipv6_exthdr::dest | ipv6_exthdr::hop | unseq},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.frame);
    EXPECT_TRUE(Matching("ipv6,ipv6_exthdr=" + std::to_string(c.flags)).holds(c.frame));
    for (unsigned bit = 0; bit < 9; ++bit) {
      const unsigned flag = 1U << bit;
      const std::string mask = std::to_string(flag);
      EXPECT_EQ(Matching("ipv6,ipv6_exthdr=" + mask + "/" + mask).holds(c.frame), (c.flags & flag) != 0) << flag;
    }
  }
}

// A chain that is cut off says nothing, not even "no extension header".
TEST(ExtensionHeaderStory, ChainThatIsCutOffNeverMatches) {
  Matching none("ipv6,ipv6_exthdr=0/0x1ff");
  EXPECT_TRUE(none.holds(v6.udp(1, 2)));
  EXPECT_FALSE(none.holds(v6.extension(60, 64).ip_length(20).truncated(54 + 20)));
}

TEST(TcpFlagsStory, ExactAndMasked) {
  Matching syn_only("tcp,tcp_flags=+syn-ack");
  EXPECT_TRUE(syn_only.holds(v4.tcp(1, 2, tcp_flag::syn)));
  EXPECT_TRUE(syn_only.holds(v4.tcp(1, 2, tcp_flag::syn | tcp_flag::psh)));
  EXPECT_FALSE(syn_only.holds(v4.tcp(1, 2, tcp_flag::syn | tcp_flag::ack)));
  EXPECT_FALSE(syn_only.holds(v4.udp(1, 2)));
  Matching none("tcp,tcp_flags=0");
  EXPECT_TRUE(none.holds(v4.tcp(1, 2, 0)));
  EXPECT_FALSE(none.holds(v4.protocol(6).fragment(800, true).payload("01234567")));
  EXPECT_FALSE(none.holds(v4.tcp(1, 2, 0).truncated(14 + 20 + 10)));
}

TEST(MplsFieldStory, BottomOfStackAndLabel) {
  Matching bottom("mpls,mpls_bos=1,mpls_label=5,mpls_tc=3");
  EXPECT_TRUE(bottom.holds(frame().mpls(5, 3).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)));
  EXPECT_FALSE(bottom.holds(frame().mpls(5, 3).mpls(6).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)));
  EXPECT_FALSE(bottom.holds(frame().mpls(5, 2).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)));
  EXPECT_FALSE(bottom.holds(frame().mpls(5, 3).truncated(16)));
}

TEST(SctpFieldStory, PortsAreMatchedAndSetWithTheirCrc) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("in_port=p1,sctp,tp_src=100/0xfffc,actions=set_field:7->sctp_dst,output:p2");
  sw.receive("p1", v4.sctp(101, 2).payload("x"));
  sw.receive("p1", v4.sctp(104, 2).payload("x"));
  sw.receive("p1", v4.udp(101, 2).payload("x"));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(v4.sctp(101, 7).payload("x")));
}

TEST(ArpFieldStory, FieldsAreMatchedAndSet) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(
      "in_port=p1,arp,arp_op=1,arp_spa=10.0.0.0/24,arp_tha=00:00:00:00:00:00,"
      "actions=set_field:2->arp_op,set_field:0a:00:00:00:00:09->arp_tha,set_field:10.9.9.9->arp_tpa,output:p2");
  const auto arp = [](uint16_t op, MacArg tha, Ipv4Arg tpa) {
    return frame().arp(op, "02:00:00:00:00:01", "10.0.0.1", tha, tpa);
  };
  sw.receive("p1", arp(1, "00:00:00:00:00:00", "10.0.0.2"));
  sw.receive("p1", arp(2, "00:00:00:00:00:00", "10.0.0.2"));
  sw.receive("p1", v4.udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), ElementsAre(arp(2, "0a:00:00:00:00:09", "10.9.9.9")));
}

TEST(NeighbourFieldStory, TargetAndLinkAddresses) {
  Matching solicit("icmp6,icmp_type=135,icmp_code=0,nd_target=fd00::3,nd_sll=02:00:00:00:00:01");
  EXPECT_TRUE(solicit.holds(v6.nd_ns("fd00::3", "02:00:00:00:00:01")));
  EXPECT_FALSE(solicit.holds(v6.nd_ns("fd00::4", "02:00:00:00:00:01")));
  EXPECT_FALSE(solicit.holds(v6.nd_na("fd00::3", "02:00:00:00:00:01")));
  EXPECT_FALSE(solicit.holds(v6.icmpv6(135).payload_size(16)));
}

TEST(TunnelFieldStory, IdIsOfTunnelsAlone) {
  TestSwitch sw{"p1", "p2"};
  sw.add_tunnel("t1");
  sw.add_flow("priority=2,tun_id=0x100/0xf00,actions=output:p2");
  TunnelMetadata tunnel;
  tunnel.begin();
  tunnel.id = 0x123;
  sw.receive("t1", v4.udp(1, 2), tunnel);
  tunnel.id = 0x223;
  sw.receive("t1", v4.udp(1, 2), tunnel);
  sw.receive("p1", v4.udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// --- fields of the pipeline

// A port of ours lies on no other, so it is the physical one too.
TEST(PipelineFieldStory, PhysicalPortIsTheInputPort) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("priority=2,in_port=p1,in_phy_port=p1,actions=output:p2");
  sw.add_flow("priority=1,in_port=p1,actions=output:p3");
  sw.receive("p1", v4.udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST(PipelineFieldStory, EveryPacketIsEthernet) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("priority=3,packet_type=(1,0x800),actions=drop");
  sw.add_flow("priority=2,packet_type=(0,0),actions=output:p2");
  sw.receive("p1", v4.udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST(PipelineFieldStory, OutputOfTheActionSetIsMatched) {
  TestSwitch sw{"p1", "p2", "p3", "p4"};
  sw.add_flow("in_port=p1,ip,actions=write_actions(output:p2),goto_table:1");
  sw.add_flow("in_port=p1,arp,actions=write_actions(output:p3),goto_table:1");
  sw.add_flow("priority=0,in_port=p1,actions=goto_table:1");
  sw.add_flow("table=1,priority=2,actset_output=2,actions=goto_table:2");
  sw.add_flow("table=1,priority=2,actset_output=unset,actions=output:p4");
  sw.add_flow("table=1,priority=1,actions=clear_actions,goto_table:2");
  sw.add_flow("table=2,priority=2,actset_output=unset,actions=output:p4");
  sw.add_flow("table=2,priority=1,actions=drop");
  sw.receive("p1", v4.udp(1, 2));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p4"), IsEmpty());
  sw.receive("p1", frame().arp_request("10.0.0.1", "10.0.0.2"));
  sw.receive("p1", v6.udp(1, 2));
  EXPECT_THAT(sw.sent("p4"), SizeIs(2));
}

TEST(PipelineFieldStory, GroupTakesTheOutputsPlaceInTheActionSet) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_group("group_id=1,type=all,bucket=output:p2");
  sw.add_flow("in_port=p1,actions=write_actions(group:1,output:p2),goto_table:1");
  sw.add_flow("table=1,priority=2,actset_output=unset,actions=output:p3");
  sw.add_flow("table=1,priority=1,actions=drop");
  sw.receive("p1", v4.udp(1, 2));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

}  // namespace
}  // namespace weft
