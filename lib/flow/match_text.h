// A whole match, or one packet's flow, as text in ovs-ofctl's order and abbreviations.
//
//     tcp,in_port=p1,dl_vlan=10,nw_dst=10.0.0.0/8,tp_dst=80
//
// A keyword stands for eth_type and ip_proto (tcp, udp6, icmp, arp, ip, mpls ...), registers are printed as reg0 to
// reg15 only, a VLAN tag as dl_vlan and dl_vlan_pcp where these say it all, else as vlan_tci. Presence bits are hidden.
// What only a megaflow can name is printed behind: the inner tag as vlan_tci1, deeper labels as mpls_lse1 and
// mpls_lse2, a TPID other than 0x8100 as vlan_tpid.
//
// Threads: pure functions. Cost: allocates; not for the packet path.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lib/flow/match.h"
#include "lib/flow/port_names.h"

namespace weft {

// Adds what a keyword stands for, "tcp": eth_type and ip_proto. False when it is none.
bool add_keyword(Match& match, std::string_view keyword);

// Every keyword, for completion and suggestions.
std::span<const std::string_view> match_keywords();

// Empty for a match that matches everything.
std::string format_match(const Match& match, const PortNames* ports = nullptr);

// Every field that the packet has, and metadata that is not zero: "Flow:" in a trace.
std::string format_flow(const Flow& flow, const PortNames* ports = nullptr);

// The match that format_flow() prints: exactly this packet's fields.
Match match_of(const Flow& flow);

}  // namespace weft
