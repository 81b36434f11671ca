// The hash by which a select group chooses: over the packet's addresses and ports, or over the fields that the group
// names.
//
// Only what is hashed is looked at, so a megaflow behind a select group is as wide as the selection allows: with
// fields(ip_dst=255.255.255.0) it covers a whole network. Without fields, whatever the packet has counts: of IP the
// addresses, the protocol and the ports (without ports on every fragment, so that fragments stay together), of ARP the
// protocol addresses, of anything else the Ethernet addresses.
//
// Threads: pure functions, the translating thread.
#pragma once

#include <cstdint>
#include <string>

#include "lib/openflow/group_message.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {

// `hashed`, unless null, gets the names of the fields that went into it: "ip_src,ip_dst".
uint64_t select_hash(const openflow::GroupSelection& selection, const PacketState& packet, LookedAt& looked_at,
                     std::string* hashed);

}  // namespace weft::ofproto
