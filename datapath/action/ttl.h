// The time to live: one hop fewer, or copied between a label and what is next behind it (OpenFlow 1.5.1 section 5.9).
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// ttl_exceeded below 2; not_this_protocol for a packet that is not IP.
Verdict dec_ttl(EditedPacket& packet);

// ttl_exceeded below 2; no_mpls.
Verdict dec_mpls_ttl(EditedPacket& packet);

// no_mpls. Behind the bottom of the stack the first nibble tells IPv4 from IPv6; what is neither, or is cut off, has no
// time to live, and nothing happens.
Verdict copy_ttl_out(EditedPacket& packet);
Verdict copy_ttl_in(EditedPacket& packet);

}  // namespace weft::datapath
