// ICMP (RFC 792), ICMPv6 (RFC 4443) and Neighbor Discovery (RFC 4861 section 4).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"

namespace weft {

// The first eight bytes of either; `rest` is id and sequence of an echo, the MTU of "too big".
struct IcmpHeader {
  uint8_t type = 0;
  uint8_t code = 0;
  Be16 checksum;
  Be32 rest;
};

inline constexpr size_t icmp_header_bytes = sizeof(IcmpHeader);
static_assert(icmp_header_bytes == 8);
inline constexpr uint16_t icmp_checksum_offset = 2;

namespace icmp_type {
inline constexpr uint8_t echo_reply = 0;
inline constexpr uint8_t destination_unreachable = 3;
inline constexpr uint8_t echo_request = 8;
inline constexpr uint8_t time_exceeded = 11;
}  // namespace icmp_type

namespace icmpv6_type {
inline constexpr uint8_t destination_unreachable = 1;
inline constexpr uint8_t packet_too_big = 2;
inline constexpr uint8_t time_exceeded = 3;
inline constexpr uint8_t echo_request = 128;
inline constexpr uint8_t echo_reply = 129;
inline constexpr uint8_t router_solicitation = 133;
inline constexpr uint8_t router_advertisement = 134;
inline constexpr uint8_t neighbor_solicitation = 135;
inline constexpr uint8_t neighbor_advertisement = 136;
inline constexpr uint8_t redirect = 137;

constexpr bool is_neighbor_discovery(uint8_t type) {
  return type == neighbor_solicitation || type == neighbor_advertisement;
}
}  // namespace icmpv6_type

// Neighbor solicitation and advertisement, sections 4.3 and 4.4. Options follow.
struct NdHeader {
  IcmpHeader icmp;  // rest: of an advertisement the flags, highest three bits
  Ipv6Address target;
};

inline constexpr size_t nd_header_bytes = sizeof(NdHeader);
static_assert(nd_header_bytes == 24);

namespace nd_flag {
inline constexpr uint32_t router = 0x80000000;
inline constexpr uint32_t solicited = 0x40000000;
inline constexpr uint32_t override_cached = 0x20000000;
}  // namespace nd_flag

// Section 4.6.
struct NdOption {
  uint8_t type = 0;
  uint8_t length = 0;

  // The field counts units of eight bytes; this is bytes. Zero is a lie: drop the packet.
  constexpr size_t option_bytes() const { return length * 8U; }
};

namespace nd_option_type {
inline constexpr uint8_t source_link_layer = 1;
inline constexpr uint8_t target_link_layer = 2;
}  // namespace nd_option_type

// Section 4.6.1 over Ethernet.
struct NdLinkLayerOption {
  NdOption option;
  MacAddress mac;
};

static_assert(sizeof(NdLinkLayerOption) == 8);

}  // namespace weft
