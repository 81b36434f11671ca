// DecTtl: one hop fewer, in the IPv4 TTL or the IPv6 hop limit.
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// ttl_exceeded below 2; not_this_protocol for a packet that is not IP.
Verdict dec_ttl(EditedPacket& packet);

}  // namespace weft::datapath
