// Matches in Open vSwitch's notation. The expected strings are what `ovs-ofctl parse-flow` (3.1) prints for the text on
// the left; what it prints only for a megaflow is marked.
#include "lib/flow/match_text.h"

#include <gtest/gtest.h>

#include "tests/lib/flow/match_builder.h"

namespace weft {
namespace {

struct MatchCase {
  std::string_view text;
  std::string_view printed;
};

constexpr MatchCase cases[] = {
    {"", ""},
    // Ethernet.
    {"dl_src=00:11:22:33:44:55/ff:ff:00:00:00:00", "dl_src=00:11:00:00:00:00/ff:ff:00:00:00:00"},
    {"dl_dst=01:00:00:00:00:00/01:00:00:00:00:00", "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00"},
    {"eth_dst=00:00:00:00:00:02,eth_src=00:00:00:00:00:01", "dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02"},
    {"dl_type=0x800", "ip"},
    {"eth_type=0x86dd", "ipv6"},
    {"dl_type=0x1234", "dl_type=0x1234"},
    {"dl_type=0x5ff", "dl_type=0x05ff"},
    {"dl_type=0x88cc", "dl_type=0x88cc"},
    {"dl_type=0x8847", "mpls"},
    {"dl_type=0x894f", "dl_type=0x894f"},
    // VLAN.
    {"dl_vlan=10", "dl_vlan=10"},
    {"dl_vlan=0", "dl_vlan=0"},
    {"dl_vlan=0xffff", "vlan_tci=0x0000"},
    {"dl_vlan=10,dl_vlan_pcp=3", "dl_vlan=10,dl_vlan_pcp=3"},
    {"dl_vlan_pcp=3", "dl_vlan_pcp=3"},
    {"vlan_pcp=3", "dl_vlan_pcp=3"},
    {"dl_vlan=10,vlan_pcp=3", "dl_vlan=10,dl_vlan_pcp=3"},
    {"vlan_vid=10", "vlan_tci=0x000a/0x1fff"},
    {"vlan_vid=0x100a", "dl_vlan=10"},
    {"vlan_vid=0x1000/0x1000", "vlan_tci=0x1000/0x1000"},
    {"vlan_vid=0/0x1fff", "vlan_tci=0x0000/0x1fff"},
    {"vlan_vid=0x1002/0x1003", "vlan_tci=0x1002/0x1003"},
    {"vlan_tci=0x1000/0x1000", "vlan_tci=0x1000/0x1000"},
    {"vlan_tci=0", "vlan_tci=0x0000"},
    {"vlan_tci=0x1123", "dl_vlan=291,dl_vlan_pcp=0"},
    {"vlan_tci=0x300a", "dl_vlan=10,dl_vlan_pcp=1"},
    {"vlan_tci=0x000a/0x0fff", "vlan_tci=0x000a/0x0fff"},
    {"vlan_tci=0x100a/0x1fff", "dl_vlan=10"},
    {"vlan_tci=0/0x1000", "vlan_tci=0x0000/0x1000"},
    {"vlan_tci=0/0x1fff", "vlan_tci=0x0000/0x1fff"},
    {"vlan_tci=0xf000/0xf000", "dl_vlan_pcp=7"},
    // MPLS.
    {"mpls,mpls_label=100,mpls_tc=3,mpls_bos=1,mpls_ttl=5", "mpls,mpls_label=100,mpls_tc=3,mpls_ttl=5,mpls_bos=1"},
    {"mplsm", "mplsm"},
    // ARP.
    {"arp,nw_src=1.2.3.4,nw_proto=1", "arp,arp_spa=1.2.3.4,arp_op=1"},
    {"rarp,arp_spa=1.2.3.4", "rarp,arp_spa=1.2.3.4"},
    {"arp,arp_sha=00:00:00:00:00:01,arp_tha=00:00:00:00:00:02/ff:00:00:00:00:00,arp_op=2,arp_tpa=10.0.0.0/8",
     "arp,arp_tpa=10.0.0.0/8,arp_op=2,arp_sha=00:00:00:00:00:01,arp_tha=00:00:00:00:00:00/ff:00:00:00:00:00"},
    // IPv4.
    {"ip,nw_src=10.0.0.0/8,nw_dst=10.0.0.1/255.0.0.255", "ip,nw_src=10.0.0.0/8,nw_dst=10.0.0.1/255.0.0.255"},
    {"ip,nw_dst=0.0.0.0/0", "ip"},
    {"ip,nw_dst=0.0.0.0", "ip,nw_dst=0.0.0.0"},
    {"ip,nw_src=*", "ip"},
    {"ip,nw_proto=2", "ip,nw_proto=2"},
    {"ip,nw_proto=47", "ip,nw_proto=47"},
    {"ipv6,nw_proto=47", "ipv6,nw_proto=47"},
    {"dl_type=0x800,nw_proto=6", "tcp"},
    {"ip,nw_tos=0xe0,nw_ecn=2,nw_ttl=64", "ip,nw_tos=224,nw_ecn=2,nw_ttl=64"},
    {"ip,nw_tos=3", "ip,nw_tos=0"},
    {"ip,ip_dscp=10", "ip,nw_tos=40"},
    {"ip,nw_tos=4,ip_frag=first", "ip,nw_tos=4,nw_frag=first"},
    {"ip,ip_frag=yes", "ip,nw_frag=yes"},
    {"ip,ip_frag=no", "ip,nw_frag=no"},
    {"ip,nw_frag=later", "ip,nw_frag=later"},
    {"ip,ip_frag=not_later", "ip,nw_frag=not_later"},
    // IPv6.
    {"ipv6,ipv6_src=2001:db8::/32,ipv6_dst=::1", "ipv6,ipv6_src=2001:db8::/32,ipv6_dst=::1"},
    {"ipv6,ipv6_src=2001:db8::1/ffff::ffff", "ipv6,ipv6_src=2001::1/ffff::ffff"},
    {"ipv6,ipv6_src=::ffff:1.2.3.4", "ipv6,ipv6_src=::ffff:1.2.3.4"},
    {"ipv6,ipv6_label=0x12345", "ipv6,ipv6_label=0x12345"},
    {"ipv6,ipv6_label=5", "ipv6,ipv6_label=0x00005"},
    {"ipv6,ipv6_label=0x5/0xff", "ipv6,ipv6_label=0x00005/0x000ff"},
    // Transport.
    {"ip,nw_proto=6,tp_src=80", "tcp,tp_src=80"},
    {"udp,udp_src=53,udp_dst=0x50/0xfff0", "udp,tp_src=53,tp_dst=0x50/0xfff0"},
    {"udp6,tp_dst=53", "udp6,tp_dst=53"},
    {"sctp,sctp_dst=7,tp_src=8", "sctp,tp_src=8,tp_dst=7"},
    {"sctp6", "sctp6"},
    {"tcp6,tcp_dst=7", "tcp6,tp_dst=7"},
    {"tcp,tcp_flags=+syn-ack", "tcp,tcp_flags=+syn-ack"},
    {"tcp,tcp_flags=syn", "tcp,tcp_flags=syn"},
    {"tcp,tcp_flags=0x12", "tcp,tcp_flags=syn|ack"},
    {"tcp,tcp_flags=0x2/0x12", "tcp,tcp_flags=+syn-ack"},
    {"tcp,tcp_flags=0x800/0x800", "tcp,tcp_flags=+[800]"},
    {"tcp,tcp_flags=0/0xfff", "tcp,tcp_flags=0"},
    {"tcp,tcp_flags=0", "tcp,tcp_flags=0"},
    {"tcp,tcp_flags=+syn+ack+psh", "tcp,tcp_flags=+syn+psh+ack"},
    {"icmp,icmp_type=8,icmp_code=0", "icmp,icmp_type=8,icmp_code=0"},
    {"icmp,tp_src=8", "icmp,icmp_type=8"},
    {"icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=00:01:02:03:04:05",
     "icmp6,icmp_type=135,icmp_code=0,nd_target=fe80::1,nd_sll=00:01:02:03:04:05"},
    {"icmp6,icmpv6_type=136,icmpv6_code=0,nd_tll=00:01:02:03:04:05,nd_target=fe80::/64",
     "icmp6,icmp_type=136,icmp_code=0,nd_target=fe80::/64,nd_tll=00:01:02:03:04:05"},
    {"icmp6,icmpv6_type=136,icmpv6_code=0,nd_reserved=5,nd_options_type=2",
     "icmp6,icmp_type=136,icmp_code=0,nd_reserved=5,nd_options_type=2"},
    // Connections.
    {"ct_state=+trk+est-new", "ct_state=-new+est+trk"},
    {"ct_state=trk|est", "ct_state=est|trk"},
    {"ct_state=0x21/0x21", "ct_state=+new+trk"},
    {"ct_state=0x21", "ct_state=new|trk"},
    {"ct_state=0", "ct_state=0"},
    {"ct_state=+trk-new-est-rel-rpl-inv-snat-dnat", "ct_state=trk"},
    {"ct_state=*", ""},
    {"ct_zone=0x14", "ct_zone=20"},
    {"ct_mark=5", "ct_mark=0x5"},
    {"ct_mark=0x5/0xf", "ct_mark=0x5/0xf"},
    {"ct_label=5", "ct_label=0x5"},
    {"ct_label=0x10000000000000000/0xff0000000000000000", "ct_label=0x10000000000000000/0xff0000000000000000"},
    {"ct_state=+new+trk,tcp,ct_nw_src=10.0.0.0/8,ct_nw_proto=6,ct_tp_dst=80",
     "ct_state=+new+trk,ct_nw_src=10.0.0.0/8,ct_nw_proto=6,ct_tp_dst=80,tcp"},
    {"ct_state=-new+est,tcp6,ct_ipv6_src=::1,ct_nw_proto=6,ct_tp_dst=0x50/0xf0,ct_mark=4",
     "ct_state=-new+est,ct_mark=0x4,ct_ipv6_src=::1,ct_nw_proto=6,ct_tp_dst=0x50/0xf0,tcp6"},
    // Tunnels.
    {"tun_id=5", "tun_id=0x5"},
    {"tunnel_id=0x500/0xff00", "tun_id=0x500/0xff00"},
    {"tun_id=0/0xf", "tun_id=0/0xf"},
    {"tun_id=5000000000", "tun_id=0x12a05f200"},
    {"tun_src=1.2.3.4,tun_dst=1.2.3.0/24", "tun_src=1.2.3.4,tun_dst=1.2.3.0/24"},
    {"tun_ipv6_src=::1,tun_ipv6_dst=fe80::/10", "tun_ipv6_src=::1,tun_ipv6_dst=fe80::/10"},
    {"tun_flags=oam", "tun_flags=+oam"},
    {"tun_flags=-oam", "tun_flags=-oam"},
    {"tun_flags=0", "tun_flags=-oam"},
    {"tun_gbp_id=5,tun_gbp_flags=0x10", "tun_gbp_id=5,tun_gbp_flags=0x10"},
    {"tun_gbp_id=0x5/0xf", "tun_gbp_id=0x5/0xf"},
    {"tun_metadata63=0,tun_metadata0=0x5/0xf,tun_flags=oam", "tun_flags=+oam,tun_metadata0=0x5/0xf,tun_metadata63=0"},
    {"tun_metadata7=*,tun_metadata5", "tun_metadata5,tun_metadata7"},
    // Metadata.
    {"metadata=0,reg1=0,tun_id=0", "reg1=0,tun_id=0,metadata=0"},
    {"metadata=0x5/0xf", "metadata=0x5/0xf"},
    {"reg0=5,reg15=0x5/0xff", "reg0=0x5,reg15=0x5/0xff"},
    {"reg0=0/0xf", "reg0=0/0xf"},
    {"xreg0=5", "reg0=0,reg1=0x5"},
    {"xreg1=0x5/0xf", "reg3=0x5/0xf"},
    {"xxreg0=5", "reg0=0,reg1=0,reg2=0,reg3=0x5"},
    {"xxreg1=0x500000000000000000/0xf00000000000000000", "reg5=0x50/0xf0"},
    {"pkt_mark=0x5/0xf", "pkt_mark=0x5/0xf"},
    {"recirc_id=0", "recirc_id=0"},
    {"dp_hash=0x5/0xf", "dp_hash=0x5/0xf"},
    {"conj_id=5", "conj_id=5"},
    {"actset_output=LOCAL", "actset_output=LOCAL"},
    {"packet_type=(0,0)", ""},
    {"packet_type=(1,0x800)", "packet_type=(1,0x800)"},
    {"in_port=1", "in_port=1"},
    {"in_port=local", "in_port=LOCAL"},
    {"in_port=CONTROLLER", "in_port=CONTROLLER"},
    {"in_port=in_port", "in_port=IN_PORT"},
    {"in_port=ANY", "in_port=ANY"},
    {"in_port=*", ""},
    // Everything, in order.
    {"reg0=1,tun_id=1,metadata=1,in_port=1,dl_vlan=1,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,tcp,"
     "nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_tos=4,nw_ecn=1,nw_ttl=3,ip_frag=no,tp_src=1,tp_dst=2,tcp_flags=+syn,"
     "pkt_mark=1,recirc_id=1,dp_hash=1,conj_id=1,actset_output=1,ct_state=+trk,ct_zone=1,ct_mark=1,ct_label=1",
     "pkt_mark=0x1,recirc_id=0x1,dp_hash=0x1,conj_id=1,actset_output=1,ct_state=+trk,ct_zone=1,ct_mark=0x1,"
     "ct_label=0x1,tcp,reg0=0x1,tun_id=0x1,metadata=0x1,in_port=1,dl_vlan=1,dl_src=00:00:00:00:00:01,"
     "dl_dst=00:00:00:00:00:02,nw_src=1.1.1.1,nw_dst=2.2.2.2,nw_tos=4,nw_ecn=1,nw_ttl=3,nw_frag=no,tp_src=1,"
     "tp_dst=2,tcp_flags=+syn"},
};

class NamedPorts : public PortNames {
 public:
  std::optional<OfPort> find_port(std::string_view name) const override {
    return name == "p1" ? std::optional(OfPort{1}) : name == "s1-eth2" ? std::optional(OfPort{2}) : std::nullopt;
  }
  std::optional<std::string> port_name(OfPort port) const override {
    return port == OfPort{1}   ? std::optional<std::string>("p1")
           : port == OfPort{2} ? std::optional<std::string>("s1-eth2")
                               : std::nullopt;
  }
};

TEST(MatchText, PrintsAsOvsOfctlDoes) {
  for (const MatchCase& c : cases) {
    EXPECT_EQ(format_match(match(c.text)), c.printed) << "from " << c.text;
  }
}

TEST(MatchText, WhatIsPrintedReadsBackAsTheSameMatch) {
  for (const MatchCase& c : cases) {
    const Match first = match(c.text);
    EXPECT_EQ(format_match(match(format_match(first))), c.printed) << "from " << c.text;
  }
}

TEST(MatchText, NamesPortsWhenToldThem) {
  const NamedPorts names;
  EXPECT_EQ(format_match(match("in_port=p1", &names), &names), "in_port=p1");
  EXPECT_EQ(format_match(match("in_port=p1", &names)), "in_port=1");
  EXPECT_EQ(format_match(match("in_port=\"s1-eth2\"", &names), &names), "in_port=\"s1-eth2\"");
  EXPECT_EQ(format_match(match("in_port=s1-eth2", &names)), "in_port=2");
  EXPECT_EQ(format_match(match("in_port=7", &names), &names), "in_port=7");
}

TEST(MatchText, ReadsReservedPortsByNameAndByEitherNumber) {
  EXPECT_EQ(parse_port("LOCAL"), of_port::local);
  EXPECT_EQ(parse_port("4294967294"), of_port::local);
  EXPECT_EQ(parse_port("0xfffffffd"), of_port::controller);
  EXPECT_EQ(parse_port("70000"), std::nullopt);
  EXPECT_EQ(parse_port("nowhere"), std::nullopt);
}

// What no OpenFlow field names, but a megaflow's mask may hold.
TEST(MatchText, ShowsInnerTagsAndLabelsOfMegaflows) {
  Match m;
  m.set(FieldId::eth_type, 0x8847);
  m.mask().word(KeyWord::vlan) = swap_network_order(uint64_t{0xffff1fffffffefff});
  m.value().word(KeyWord::vlan) = swap_network_order(uint64_t{0x88a8100a81002014});
  m.mask().word(KeyWord::mpls01) = swap_network_order(uint64_t{0xffffffff});
  m.value().word(KeyWord::mpls01) = swap_network_order(uint64_t{0x5140});
  EXPECT_EQ(format_match(m), "mpls,dl_vlan=10,vlan_tpid=0x88a8,vlan_tci1=0x2014/0xefff,mpls_lse1=0x5140");
}

TEST(MatchText, PresenceBitsAreHidden) {
  Match m;
  m.set(FieldId::eth_type, 0x0800);
  m.mask().word(present_word) |= present_in_word(present::ip | present::ports);
  EXPECT_EQ(format_match(m), "ip");
}

TEST(MatchText, KeywordsSetTypeAndProtocol) {
  Match m;
  EXPECT_TRUE(add_keyword(m, "sctp6"));
  EXPECT_EQ(m.value(FieldId::eth_type).lo, 0x86ddU);
  EXPECT_EQ(m.value(FieldId::ip_proto).lo, 132U);
  EXPECT_FALSE(add_keyword(m, "stcp"));
  EXPECT_EQ(match_keywords().size(), 14U);
}

TEST(FlowText, SaysAllThatAPacketHas) {
  Flow flow;
  set(flow, FieldId::in_port, {0, 3});
  set(flow, FieldId::eth_src, {0, 1});
  set(flow, FieldId::eth_dst, {0, 2});
  set(flow, FieldId::eth_type, {0, 0x0800});
  set(flow, FieldId::ipv4_src, {0, 0x0a000001});
  set(flow, FieldId::ip_proto, {0, 17});
  set(flow, FieldId::udp_dst, {0, 53});
  set(flow, FieldId::nw_ttl, {0, 64});
  flow.word(present_word) |= present_in_word(present::ip | present::ip_protocol | present::ports);
  EXPECT_EQ(format_flow(flow),
            "udp,in_port=3,vlan_tci=0x0000,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,nw_src=10.0.0.1,"
            "nw_dst=0.0.0.0,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,tp_src=0,tp_dst=53");
  EXPECT_TRUE(match_of(flow).matches(flow));
}

}  // namespace
}  // namespace weft
