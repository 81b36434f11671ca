// Writes bytes of a frame and keeps right every checksum that covers them.
//
// What must follow depends on where the bytes are (Covered) and how the L4 checksum is kept (L4Checksum): a full one is
// updated by the difference (RFC 1624), so one that was wrong stays wrong; a partial one holds the pseudo-header's sum
// and follows addresses only; UDP's zero stays zero; SCTP's CRC32c is moved by the difference of two passes.
//
// Threads: the packet's worker. Cost: the bytes written; with SCTP the whole packet, twice.
#pragma once

#include <cstdint>
#include <span>

#include "datapath/action/edited_packet.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

enum class Covered : uint8_t {
  by_nothing,
  by_ip_header,      // IPv4's own checksum
  by_pseudo_header,  // addresses: IPv4's own, and L4's
  by_route_header,   // an IPv6 destination that is not the final one: the pseudo-header has another
  by_l4,             // in the L4 header
};

// unsupported_action: the first fragment of an SCTP packet, whose CRC covers bytes that are not here.
Verdict write_and_fix(EditedPacket& packet, size_t offset, std::span<const uint8_t> bytes, Covered covered);

}  // namespace weft::datapath
