// SCTP common header (RFC 9260 section 3.1). Its checksum is a CRC32c over header and chunks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct SctpHeader {
  Be16 src_port;
  Be16 dst_port;
  Be32 verification_tag;
  std::array<uint8_t, 4> crc{};  // least significant byte first (appendix A)
};

inline constexpr size_t sctp_header_bytes = sizeof(SctpHeader);
static_assert(sctp_header_bytes == 12);
inline constexpr uint16_t sctp_checksum_offset = 8;

}  // namespace weft
