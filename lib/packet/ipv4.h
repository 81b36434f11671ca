// IPv4 header (RFC 791 section 3.1) and the protocol numbers that IPv4 and IPv6 share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/base/ip_address.h"

namespace weft {

namespace ip_protocol {
inline constexpr uint8_t hop_by_hop = 0;  // IPv6 extension headers: RFC 8200 section 4
inline constexpr uint8_t icmp = 1;
inline constexpr uint8_t igmp = 2;
inline constexpr uint8_t ipv4 = 4;
inline constexpr uint8_t tcp = 6;
inline constexpr uint8_t udp = 17;
inline constexpr uint8_t ipv6 = 41;
inline constexpr uint8_t routing = 43;
inline constexpr uint8_t fragment = 44;
inline constexpr uint8_t gre = 47;
inline constexpr uint8_t esp = 50;
inline constexpr uint8_t ah = 51;
inline constexpr uint8_t icmpv6 = 58;
inline constexpr uint8_t no_next_header = 59;
inline constexpr uint8_t destination_options = 60;
inline constexpr uint8_t sctp = 132;
inline constexpr uint8_t mobility = 135;
inline constexpr uint8_t udplite = 136;
inline constexpr uint8_t hip = 139;
inline constexpr uint8_t shim6 = 140;
}  // namespace ip_protocol

struct Ipv4Header {
  uint8_t version_ihl = 0x45;
  uint8_t tos = 0;
  Be16 total_length;
  Be16 id;
  Be16 flags_fragment;
  uint8_t ttl = 0;
  uint8_t protocol = 0;
  Be16 checksum;
  Ipv4Address src;
  Ipv4Address dst;

  constexpr uint8_t version() const { return version_ihl >> 4; }
  // IHL counts words; this is bytes, options included. Below ipv4_header_bytes it is a lie.
  constexpr size_t header_bytes() const { return (version_ihl & 0x0fU) * 4U; }

  constexpr uint8_t dscp() const { return tos >> 2; }
  constexpr uint8_t ecn() const { return tos & 3; }

  constexpr bool dont_fragment() const { return (flags_fragment.host() & 0x4000) != 0; }
  constexpr bool more_fragments() const { return (flags_fragment.host() & 0x2000) != 0; }
  // The field counts units of eight bytes; this is bytes.
  constexpr size_t fragment_offset() const { return (flags_fragment.host() & 0x1fffU) * 8U; }
  constexpr bool is_fragment() const { return (flags_fragment.host() & 0x3fff) != 0; }
  constexpr bool is_later_fragment() const { return fragment_offset() != 0; }
};

inline constexpr size_t ipv4_header_bytes = sizeof(Ipv4Header);  // without options
static_assert(ipv4_header_bytes == 20);

inline constexpr uint16_t ipv4_dont_fragment = 0x4000;
inline constexpr uint16_t ipv4_more_fragments = 0x2000;
inline constexpr uint16_t ipv4_fragment_offset_mask = 0x1fff;

}  // namespace weft
