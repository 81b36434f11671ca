// UDP header (RFC 768).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct UdpHeader {
  Be16 src_port;
  Be16 dst_port;
  Be16 length;    // header and payload
  Be16 checksum;  // zero: none (IPv4, and tunnels over IPv6 by RFC 6935)
};

inline constexpr size_t udp_header_bytes = sizeof(UdpHeader);
static_assert(udp_header_bytes == 8);
inline constexpr uint16_t udp_checksum_offset = 6;

namespace udp_port {
inline constexpr uint16_t dhcp_client = 68;
inline constexpr uint16_t vxlan = 4789;
}  // namespace udp_port

}  // namespace weft
