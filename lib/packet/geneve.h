// Geneve header and option header (RFC 8926 sections 3.4 and 3.5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct GeneveHeader {
  uint8_t version_length = 0;  // version in the upper two bits, then the options' length in units of four bytes
  uint8_t flags = 0;
  Be16 protocol{ethernet};
  std::array<uint8_t, 3> vni_bytes{};
  uint8_t reserved = 0;

  static constexpr uint8_t flag_oam = 0x80;
  static constexpr uint8_t flag_critical = 0x40;  // some option is critical
  static constexpr uint16_t ethernet = 0x6558;    // Transparent Ethernet Bridging

  constexpr uint8_t version() const { return static_cast<uint8_t>(version_length >> 6); }
  constexpr size_t options_bytes() const { return size_t{version_length & 0x3fU} * 4; }
  constexpr void set_options_bytes(size_t size) { version_length = static_cast<uint8_t>(size / 4); }

  constexpr uint32_t vni() const { return uint32_t{vni_bytes[0]} << 16 | uint32_t{vni_bytes[1]} << 8 | vni_bytes[2]; }
  constexpr void set_vni(uint32_t vni) {
    vni_bytes = {static_cast<uint8_t>(vni >> 16), static_cast<uint8_t>(vni >> 8), static_cast<uint8_t>(vni)};
  }
};

inline constexpr size_t geneve_header_bytes = sizeof(GeneveHeader);
static_assert(geneve_header_bytes == 8);
inline constexpr size_t geneve_max_options_bytes = 252;

struct GeneveOption {
  Be16 option_class;
  uint8_t type = 0;
  uint8_t reserved_length = 0;  // length of the data in units of four bytes in the lower five bits

  static constexpr uint8_t flag_critical = 0x80;  // in `type`, and part of it

  constexpr bool is_critical() const { return (type & flag_critical) != 0; }
  constexpr size_t data_bytes() const { return size_t{reserved_length & 0x1fU} * 4; }
};

inline constexpr size_t geneve_option_header_bytes = sizeof(GeneveOption);
static_assert(geneve_option_header_bytes == 4);

}  // namespace weft
