// The part of extraction that reads IP and what it carries; extract.h is the way in.
//
// Each function appends the words of its header and those behind it, notes the packet's layer offsets, and returns the
// presence bits of what was found.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/flow/flow_key.h"
#include "lib/packet/packet.h"

namespace weft {

uint16_t append_ipv4(Packet& packet, size_t offset, FlowKey& key);
uint16_t append_ipv6(Packet& packet, size_t offset, FlowKey& key);

}  // namespace weft
