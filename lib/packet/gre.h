// GRE header (RFC 2784, with the key and sequence number of RFC 2890). NVGRE (RFC 7637 section 3.2) is GRE with a key
// whose upper 24 bits are the virtual subnet id, and whose lower 8 the FlowID.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

// What every GRE packet begins with. Checksum (and 16 reserved bits), key and sequence number follow, in this order,
// as far as the flags say so: four bytes each.
struct GreHeader {
  Be16 flags_version;
  Be16 protocol;

  static constexpr uint16_t flag_checksum = 0x8000;
  static constexpr uint16_t flag_key = 0x2000;
  static constexpr uint16_t flag_sequence = 0x1000;
  static constexpr uint16_t must_be_zero = 0x4c07;  // routing and source route of RFC 1701, version

  static constexpr uint16_t ethernet = 0x6558;  // Transparent Ethernet Bridging
};

inline constexpr size_t gre_header_bytes = sizeof(GreHeader);
static_assert(gre_header_bytes == 4);
inline constexpr size_t gre_option_bytes = 4;
inline constexpr uint32_t max_vsid = 0xffffff;

}  // namespace weft
