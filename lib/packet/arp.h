// ARP for IPv4 over Ethernet (RFC 826), and RARP, which has the same layout (RFC 903).
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"

namespace weft {

struct ArpHeader {
  Be16 hardware_type;
  Be16 protocol_type;
  uint8_t hardware_size = 0;
  uint8_t protocol_size = 0;
  Be16 op;
  MacAddress sha;
  Ipv4Address spa;
  MacAddress tha;
  Ipv4Address tpa;

  // The one shape with these members; anything else is opaque to us.
  bool is_ethernet_ipv4() const {
    return hardware_type == Be16{1} && protocol_type == Be16{0x0800} && hardware_size == 6 && protocol_size == 4;
  }
};

inline constexpr size_t arp_header_bytes = sizeof(ArpHeader);
static_assert(arp_header_bytes == 28);

namespace arp_op {
inline constexpr uint16_t request = 1;
inline constexpr uint16_t reply = 2;
inline constexpr uint16_t rarp_request = 3;
inline constexpr uint16_t rarp_reply = 4;
}  // namespace arp_op

}  // namespace weft
