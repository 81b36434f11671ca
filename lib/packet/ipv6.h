// IPv6 header and extension headers (RFC 8200 sections 3 and 4).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/base/ip_address.h"
#include "lib/packet/ipv4.h"

namespace weft {

struct Ipv6Header {
  Be32 version_class_flow{0x60000000};
  Be16 payload_length;
  uint8_t next_header = 0;
  uint8_t hop_limit = 0;
  Ipv6Address src;
  Ipv6Address dst;

  constexpr uint8_t version() const { return static_cast<uint8_t>(version_class_flow.host() >> 28); }
  constexpr uint8_t traffic_class() const { return static_cast<uint8_t>(version_class_flow.host() >> 20); }
  constexpr uint32_t flow_label() const { return version_class_flow.host() & 0xfffff; }

  constexpr void set_traffic_class(uint8_t tc) {
    version_class_flow = Be32{(version_class_flow.host() & 0xf00fffffU) | uint32_t{tc} << 20};
  }
  constexpr void set_flow_label(uint32_t label) {
    version_class_flow = Be32{(version_class_flow.host() & 0xfff00000U) | (label & 0xfffffU)};
  }
};

inline constexpr size_t ipv6_header_bytes = sizeof(Ipv6Header);
static_assert(ipv6_header_bytes == 40);

// Hop-by-hop options, destination options, routing, mobility, HIP, shim6: sections 4.3, 4.4, 4.6.
struct Ipv6ExtensionHeader {
  uint8_t next_header = 0;
  uint8_t length = 0;

  // The field counts units of eight bytes after the first eight; this is bytes of all.
  constexpr size_t header_bytes() const { return (length + 1U) * 8U; }
  // The authentication header counts words less two (RFC 4302 section 2.2).
  constexpr size_t ah_header_bytes() const { return (length + 2U) * 4U; }
};

static_assert(sizeof(Ipv6ExtensionHeader) == 2);

// Section 4.5.
struct Ipv6FragmentHeader {
  uint8_t next_header = 0;
  uint8_t reserved = 0;
  Be16 offset_more;
  Be32 id;

  constexpr size_t fragment_offset() const { return offset_more.host() & 0xfff8U; }
  constexpr bool more_fragments() const { return (offset_more.host() & 1) != 0; }
};

inline constexpr size_t ipv6_fragment_header_bytes = sizeof(Ipv6FragmentHeader);
static_assert(ipv6_fragment_header_bytes == 8);

// True for the extension headers that a parser steps over by their length.
constexpr bool is_ipv6_extension(uint8_t next_header) {
  switch (next_header) {
    case ip_protocol::hop_by_hop:
    case ip_protocol::routing:
    case ip_protocol::fragment:
    case ip_protocol::ah:
    case ip_protocol::destination_options:
    case ip_protocol::mobility:
    case ip_protocol::hip:
    case ip_protocol::shim6:
      return true;
    default:
      return false;
  }
}

}  // namespace weft
