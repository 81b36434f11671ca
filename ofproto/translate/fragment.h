// What lookups see of IP fragments: set-frags of Open vSwitch (ovs-ofctl(8)), one mode for a bridge.
//
//   normal     every fragment has ports 0, and an ICMP type and code of 0
//   nx_match   those behind the first one have
//   drop       fragments are dropped before they are looked up
//
// Fields that are hidden so are there, as zeros; actions read and change what the packet has. A lookup that looked at no
// hidden bit found the same whatever the packet is, so that only the others need to know whether it is a fragment.
//
// Threads: pure functions.
#pragma once

#include "lib/flow/flow_key.h"
#include "lib/openflow/session_message.h"

namespace weft::ofproto {

// Whether a packet with these fields has some hidden.
bool is_hidden(const Flow& flow, openflow::FragmentHandling mode);
// The bits that may be: ports, type and code of ICMP, and that they are there.
bool has_hideable_bits(const Flow& mask);
void clear_hideable_bits(Flow& mask);
// Bits of `known` that were looked at say whether the packet is a fragment.
bool knows_fragment(const Flow& known);
// What a lookup sees of the packet.
Flow seen_by_lookups(const Flow& flow, openflow::FragmentHandling mode);
// The same where only the bits of `known` are known: what is hidden is, if that it is hidden is.
void hide_fragment(Flow& flow, Flow& known, openflow::FragmentHandling mode);

}  // namespace weft::ofproto
