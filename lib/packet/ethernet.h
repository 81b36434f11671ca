// Ethernet II header and EtherTypes (IEEE 802.3 clause 3; IANA ieee-802-numbers).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/base/mac_address.h"

namespace weft {

inline constexpr size_t mac_pair_bytes = 12;

struct EthernetHeader {
  MacAddress dst;
  MacAddress src;
  Be16 type;  // an EtherType, or below eth_type::min the length of an 802.3 frame with LLC
};

inline constexpr size_t ethernet_header_bytes = sizeof(EthernetHeader);
static_assert(ethernet_header_bytes == 14);

// The shortest frame of a wire, its check sequence not counted (IEEE 802.3 section 3.2.8).
inline constexpr size_t min_frame_bytes = 60;

namespace eth_type {
inline constexpr uint16_t min = 0x0600;  // below it the field is a length
inline constexpr uint16_t ipv4 = 0x0800;
inline constexpr uint16_t arp = 0x0806;
inline constexpr uint16_t teb = 0x6558;  // transparent Ethernet bridging: Ethernet inside a tunnel
inline constexpr uint16_t rarp = 0x8035;
inline constexpr uint16_t vlan = 0x8100;
inline constexpr uint16_t ipv6 = 0x86dd;
inline constexpr uint16_t mac_control = 0x8808;
inline constexpr uint16_t slow_protocols = 0x8809;  // LACP
inline constexpr uint16_t mpls = 0x8847;
inline constexpr uint16_t mpls_multicast = 0x8848;
inline constexpr uint16_t service_vlan = 0x88a8;  // 802.1ad
inline constexpr uint16_t pbb = 0x88e7;
inline constexpr uint16_t lldp = 0x88cc;
inline constexpr uint16_t nsh = 0x894f;
// What OpenFlow calls the type of a frame that has a length and no SNAP header.
inline constexpr uint16_t not_ethernet_ii = 0x05ff;

constexpr bool is_vlan(uint16_t type) { return type == vlan || type == service_vlan; }
constexpr bool is_mpls(uint16_t type) { return type == mpls || type == mpls_multicast; }
}  // namespace eth_type

// 802.2 LLC and SNAP, which may follow a length (RFC 1042).
struct LlcSnapHeader {
  uint8_t dsap = 0xaa;
  uint8_t ssap = 0xaa;
  uint8_t control = 3;
  std::array<uint8_t, 3> oui{};
  Be16 type;

  bool is_snap() const { return dsap == 0xaa && ssap == 0xaa && control == 3 && oui == std::array<uint8_t, 3>{}; }
};

static_assert(sizeof(LlcSnapHeader) == 8);

// 01:80:c2:00:00:0X, which a bridge does not forward (IEEE 802.1Q table 8-1).
constexpr bool is_reserved_multicast(const MacAddress& mac) {
  return (mac.to_uint64() & 0xfffffffffff0U) == 0x0180c2000000U;
}

}  // namespace weft
