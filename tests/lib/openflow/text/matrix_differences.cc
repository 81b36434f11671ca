#include "tests/lib/openflow/text/matrix_differences.h"

#include <algorithm>
#include <initializer_list>

namespace weft::openflow::testing {
namespace {

using enum Outcome;
using Flow = const GeneratedFlow&;

constexpr VersionSet every_version{Version::v1_0, Version::v1_3, Version::v1_4, Version::v1_5};
constexpr VersionSet only_10{Version::v1_0};
constexpr VersionSet only_15{Version::v1_5};

bool has(Flow flow, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return flow.text.find(word) != std::string::npos; });
}
bool is_about(Flow flow, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, flow.about) != names.end();
}
bool is_match(Flow flow) { return flow.category <= FlowCategory::match_without_base; }

constexpr Difference known[] = {
    // --- texts
    {we_accept, every_version,
     [](Flow f) {
       return is_about(f, {"in_phy_port", "pbb_isid", "pbb_uca", "ipv6_exthdr"});
     },
     "OpenFlow has these fields; ovs-ofctl does not know them"},
    {we_accept, every_version, [](Flow f) { return f.category == FlowCategory::match_alias; },
     "the names that OpenFlow's specification gives"},
    {we_accept, every_version,
     [](Flow f) {
       return is_about(f, {"push_pbb", "pop_pbb", "copy_ttl_in", "copy_ttl_out"});
     },
     "OpenFlow has these actions; ovs-ofctl does not know them"},
    {we_accept, every_version,
     [](Flow f) {
       return f.about == "sample" && has(f, {"NXM_NX_REG0", "metadata["});
     },
     "Open vSwitch 3.4 and later take fields here"},
    {we_accept, every_version,
     [](Flow f) {
       return !is_match(f) && (is_about(f, {"eth_type", "nw_proto", "mpls_bos"}) ||
                               has(f, {"pop:eth_type", "0x800->eth_type", ",eth_type[]", "5->eth_type"}));
     },
     "OpenFlow lets them be set; ovs-ofctl does not"},
    {we_accept, every_version, [](Flow f) { return f.about == "apply_actions"; }, "the instruction by its name"},
    {we_accept, every_version, [](Flow f) { return has(f, {"resubmit:IN_PORT"}); },
     "the port has this name everywhere else"},
    {we_accept, every_version, [](Flow f) { return f.about == "dl_vlan" && f.category == FlowCategory::match_masked; },
     "some bits of the VLAN id are said by vlan_vid's mask"},
    {we_accept, every_version, [](Flow f) { return has(f, {"mpls_bos=1/0x1"}); }, "a mask of all ones is none"},
    {we_accept, every_version,
     [](Flow f) {
       return has(f, {"XXREG1[0..15]->OXM_OF_IN_PORT", "output:OXM_OF_VLAN_VID[0..12]"});
     },
     "in_port has 16 bits however it is named, vlan_vid 13"},
    {we_accept, every_version, [](Flow f) { return has(f, {"set_field:2021->arp_op"}); }, "arp_op has 16 bits, not 8"},
    {we_accept, every_version, [](Flow f) { return has(f, {"icmp,actions=mod_tp_dst:1"}); },
     "of ICMP tp_dst is the code, as in a match"},
    {we_accept, every_version,
     [](Flow f) {
       return has(f, {",meter:", "(meter:"});
     },
     "1.5 has a meter at its place among actions; ovs-ofctl shows one there, but does not read it"},
    {we_accept, only_10,
     [](Flow f) {
       return has(f, {"push_vlan", "meter:"});
     },
     "a text says what a rule does; what 1.0 has no action for is left out of its messages"},
    {we_refuse, every_version, [](Flow f) { return f.category == FlowCategory::match_without_base; },
     "ovs-ofctl leaves out what the match does not allow, and matches more than was meant"},
    {we_refuse, every_version,
     [](Flow f) {
       return is_about(f, {"tun_tos", "tun_ttl"});
     },
     "no message can say them"},
    {we_refuse, every_version,
     [](Flow f) { return f.about == "packet_type" && f.category == FlowCategory::match_bad_mask; },
     "ovs-ofctl passes over the mask"},
    {we_refuse, every_version, [](Flow f) { return f.category == FlowCategory::bad_action; },
     "ovs-ofctl passes over what is wrong, or cuts a number to the bits that there are"},

    {we_accept, every_version,
     [](Flow f) {
       return has(f, {"->NXM_NX_TUN_METADATA0[]", "->NXM_NX_TUN_METADATA63[]"});
     },
     "a tunnel option has 32 bits, and in ovs-ofctl 992 as long as none is mapped"},

    // --- bytes
    {other_bytes, every_version,
     [](Flow f) {
       return has(f, {"tun_metadata", "TUN_METADATA"});
     },
     "a tunnel option has four bytes; ovs-ofctl writes as many as the value needs, or 124"},
    {other_bytes, every_version, [](Flow f) { return f.about == "in_port_oxm" || has(f, {"in_port_oxm"}); },
     "in_port has 16 bits however it is named, and is never set by its number of 32"},
    {other_bytes, every_version, [](Flow f) { return f.about == "actset_output"; }, "a port number has 16 bits inside"},
    {other_bytes, every_version, [](Flow f) { return f.about == "ct_state"; },
     "eight bits mean something, so ct_state has eight"},
    {other_bytes, every_version,
     [](Flow f) {
       return has(f, {"vlan_vid=4101)", "push:OXM_OF_VLAN_VID[]", "OXM_OF_VLAN_VID[])"});
     },
     "vlan_vid has thirteen bits, the present bit included"},
    {other_bytes, every_version,
     [](Flow f) {
       return is_about(f, {"ct_tp_src", "ct_tp_dst"}) && is_match(f);
     },
     "ovs-ofctl leaves them out of the match unless ct_nw_proto is there"},
    {other_bytes, every_version, [](Flow f) { return f.category == FlowCategory::match_any; },
     "a field that does not matter; ovs-ofctl then matches on the packet type"},
    {other_bytes, every_version, [](Flow f) { return has(f, {"arp_op=2021"}); }, "arp_op has 16 bits, not 8"},
    {other_bytes, every_version,
     [](Flow f) {
       return has(f, {"write_actions(drop)", "write_actions()"});
     },
     "an action set that is written empty is an instruction"},
    {other_bytes, only_10, [](Flow f) { return f.category == FlowCategory::set_masked; },
     "in 1.0 ovs-ofctl forgets the mask of what 1.0's own actions set"},
    {other_bytes, only_10, [](Flow f) { return f.about == "vlan_tci"; },
     "vlan_tci's bits are set as they are, not by way of a tag's id and priority"},
    {other_bytes, only_10, [](Flow f) { return has(f, {"set_tunnel64:5"}); }, "the shorter action is enough"},
    {other_bytes, only_10, [](Flow f) { return has(f, {"icmp,actions=mod_tp_dst:1"}); },
     "of ICMP tp_dst is the code, as in a match"},
    {other_bytes, only_15, [](Flow f) { return f.category == FlowCategory::set_load; },
     "what is set whole needs no mask; more than 64 bits are two loads, as in versions that have them"},

    // --- lines
    {other_line, every_version,
     [](Flow f) {
       return has(f, {"tun_metadata", "TUN_METADATA"}) && !is_match(f);
     },
     "a tunnel option has 32 bits"},
    {other_line, every_version,
     [](Flow f) {
       return has(f, {"learn(table=3,recirc_id", "learn(table=3,packet_type"});
     },
     "the value as a match shows it"},
    {other_line, every_version,
     [](Flow f) {
       return is_about(f, {"in_port_oxm", "actset_output", "ct_state"});
     },
     "all of its bits are all there are"},
    {other_line, every_version, [](Flow f) { return has(f, {"nat(src,random)"}); },
     "ovs-ofctl shows flags only behind a range"},
    {other_line, every_version, [](Flow f) { return has(f, {"10.0.0.1-10.0.0.1:5-5"}); },
     "ovs-ofctl shows a range of one as one, which has other bytes"},
    {other_line, every_version, [](Flow f) { return f.about == "table"; }, "output to TABLE is for packet-out only"},
    {other_line, only_15, [](Flow f) { return f.category == FlowCategory::set_load; },
     "what is no value with a mask in text, since the field has none, is shown as a load"},
    {other_line, every_version,
     [](Flow f) {
       return has(f, {"vlan_vid=4101)", "push:OXM_OF_VLAN_VID[]", "OXM_OF_VLAN_VID[])"});
     },
     "vlan_vid has thirteen bits, the present bit included"},
    {other_line, every_version, [](Flow f) { return has(f, {"output:in_port_oxm"}); },
     "in_port has 16 bits however it is named"},
    {other_line, only_10, [](Flow f) { return has(f, {"set_tunnel64:5"}); }, "the number says which action it was"},
};

}  // namespace

std::span<const Difference> differences() { return known; }

const Difference* find_difference(const GeneratedFlow& flow, Outcome outcome, Version version) {
  const auto* found = std::ranges::find_if(known, [&](const Difference& one) {
    return one.outcome == outcome && one.versions.has(version) && one.applies(flow);
  });
  return found == std::end(known) ? nullptr : found;
}

}  // namespace weft::openflow::testing
