// VXLAN header (RFC 7348 section 5) with the group policy extension's bits (the group-policy draft
// by Smith and Kreeger, section 2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct VxlanHeader {
  uint8_t flags = 0;
  uint8_t gbp_flags = 0;  // reserved without the extension
  Be16 gbp_id;
  std::array<uint8_t, 3> vni_bytes{};
  uint8_t reserved = 0;

  static constexpr uint8_t flag_vni = 0x08;  // the VNI is valid: must be set
  static constexpr uint8_t flag_gbp = 0x80;  // the group policy fields are valid
  static constexpr uint8_t gbp_dont_learn = 0x40;
  static constexpr uint8_t gbp_policy_applied = 0x08;

  static constexpr VxlanHeader make(uint32_t vni) {
    VxlanHeader header;
    header.flags = flag_vni;
    header.set_vni(vni);
    return header;
  }

  constexpr uint32_t vni() const { return uint32_t{vni_bytes[0]} << 16 | uint32_t{vni_bytes[1]} << 8 | vni_bytes[2]; }
  constexpr void set_vni(uint32_t vni) {
    vni_bytes = {static_cast<uint8_t>(vni >> 16), static_cast<uint8_t>(vni >> 8), static_cast<uint8_t>(vni)};
  }
};

inline constexpr size_t vxlan_header_bytes = sizeof(VxlanHeader);
static_assert(vxlan_header_bytes == 8);
inline constexpr uint32_t max_vni = 0xffffff;

}  // namespace weft
