// The chain of IPv6 extension headers (RFC 8200 section 4) between the fixed header and what it carries.
//
// Steps over hop-by-hop and destination options, routing, authentication and fragment headers. Anything else ends the
// chain and is its protocol: TCP, ESP, mobility, "no next header". At a fragment that is not the first the chain ends
// with protocol 44, because whatever follows is not a header.
//
// Threads: pure function. Cost: one step a header; no allocation. Never reads beyond the bytes given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace weft {

// Bits of the match field ip_frag.
namespace ip_frag {
inline constexpr uint8_t any = 1;
inline constexpr uint8_t later = 2;  // not the first
}  // namespace ip_frag

// Bits of the match field ipv6_exthdr (OpenFlow 1.5.1 section 7.2.3.8, OFPIEH_*).
namespace ipv6_exthdr {
inline constexpr uint16_t no_next = 1 << 0;
inline constexpr uint16_t esp = 1 << 1;
inline constexpr uint16_t auth = 1 << 2;
inline constexpr uint16_t dest = 1 << 3;
inline constexpr uint16_t frag = 1 << 4;
inline constexpr uint16_t router = 1 << 5;
inline constexpr uint16_t hop = 1 << 6;
inline constexpr uint16_t unrep = 1 << 7;  // repeated where that is not expected
inline constexpr uint16_t unseq = 1 << 8;  // not in the order that RFC 8200 section 4.1 prefers
}  // namespace ipv6_exthdr

struct Ipv6Chain {
  uint8_t protocol = 0;     // behind the last extension header
  uint8_t fragment = 0;     // ip_frag bits
  uint16_t extensions = 0;  // ipv6_exthdr bits
  size_t size = 0;          // bytes of all extension headers
};

// `payload` is what follows the fixed header and belongs to the packet. Nothing when a header is cut off.
std::optional<Ipv6Chain> walk_ipv6_chain(std::span<const uint8_t> payload, uint8_t next_header);

}  // namespace weft
