// VLAN tags (IEEE 802.1Q clause 9): TPID, then three bits of priority, one of drop eligibility and
// twelve of VLAN id. In a frame the tag lies between the MAC pair and the EtherType.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"

namespace weft {

struct VlanTag {
  Be16 tpid;
  Be16 tci;

  constexpr uint16_t vid() const { return tci.host() & 0x0fff; }
  constexpr uint8_t pcp() const { return static_cast<uint8_t>(tci.host() >> 13); }
  constexpr bool dei() const { return (tci.host() & 0x1000) != 0; }

  friend constexpr bool operator==(const VlanTag&, const VlanTag&) = default;
};

inline constexpr size_t vlan_tag_bytes = sizeof(VlanTag);
static_assert(vlan_tag_bytes == 4);

inline constexpr uint16_t vlan_vid_mask = 0x0fff;
inline constexpr uint16_t vlan_dei = 0x1000;
inline constexpr uint16_t vlan_pcp_mask = 0xe000;
inline constexpr unsigned vlan_pcp_shift = 13;

constexpr uint16_t make_vlan_tci(uint16_t vid, uint8_t pcp = 0, bool dei = false) {
  return static_cast<uint16_t>((vid & vlan_vid_mask) | (dei ? vlan_dei : 0) | pcp << vlan_pcp_shift);
}

}  // namespace weft
