// Composing: a match becomes the plainest frame that it describes; the other way round than extract.h.
//
// Header after header is written, as eth_type and ip_proto say: Ethernet, a VLAN tag, an MPLS stack or a PBB tag, ARP and
// RARP, IPv4 or IPv6 (with a fragment header), TCP, UDP, SCTP, ICMP, ICMPv6 with neighbour discovery. What the match does not
// say is 0, lengths and checksums are right. A label that is not the bottom of its stack is followed by one that is.
//
// What a frame has no place for (in_port, tunnels, registers ...) is passed over: find_unsaid() tells what this is.
//
// Threads: pure functions. Cost: allocates; not for the packet path.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lib/flow/match.h"

namespace weft {

// So that every length field can say it, with all headers before it.
inline constexpr size_t max_composed_payload = 65'000;

// `payload` follows the last header; it has at most max_composed_payload bytes. Without one TCP without SYN, FIN and RST, UDP
// and echoes have 64 bytes, counted up from 0, and others none; a later fragment has none.
std::vector<uint8_t> compose_frame(const Match& match, std::optional<std::span<const uint8_t>> payload = std::nullopt);

// The part of the match that is not so in the frame.
Match find_unsaid(const Match& match, std::span<const uint8_t> frame);

}  // namespace weft
