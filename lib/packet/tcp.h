// TCP header (RFC 9293 section 3.1).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct TcpHeader {
  Be16 src_port;
  Be16 dst_port;
  Be32 sequence;
  Be32 acknowledgement;
  Be16 offset_flags;
  Be16 window;
  Be16 checksum;
  Be16 urgent;

  // Data offset counts words; this is bytes, options included. Below tcp_header_bytes it is a lie.
  constexpr size_t header_bytes() const { return (offset_flags.host() >> 12) * 4U; }
  // Nine defined flags and three reserved bits.
  constexpr uint16_t flags() const { return offset_flags.host() & 0x0fff; }

  static constexpr Be16 make_offset_flags(size_t header_bytes, uint16_t flags) {
    return Be16{static_cast<uint16_t>(header_bytes / 4 << 12 | (flags & 0x0fffU))};
  }
};

inline constexpr size_t tcp_header_bytes = sizeof(TcpHeader);  // without options
static_assert(tcp_header_bytes == 20);
inline constexpr uint16_t tcp_checksum_offset = 16;

namespace tcp_flag {
inline constexpr uint16_t fin = 0x001;
inline constexpr uint16_t syn = 0x002;
inline constexpr uint16_t rst = 0x004;
inline constexpr uint16_t psh = 0x008;
inline constexpr uint16_t ack = 0x010;
inline constexpr uint16_t urg = 0x020;
inline constexpr uint16_t ece = 0x040;  // RFC 3168
inline constexpr uint16_t cwr = 0x080;
inline constexpr uint16_t ae = 0x100;  // RFC 7560; once NS
}  // namespace tcp_flag

}  // namespace weft
