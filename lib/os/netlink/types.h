// What the kernel's routing socket tells, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/mac_address.h"

namespace weft::netlink {

struct Link {
  uint32_t ifindex = 0;
  std::string name;
  std::string kind;  // "veth", "tun", "vxlan"...; empty: a physical device
  MacAddress mac{};
  uint32_t mtu = 0;
  uint32_t master = 0;  // ifindex of the bridge or bond it belongs to; 0: none
  bool is_admin_up = false;
  bool has_link = false;
  std::optional<uint16_t> tunnel_udp_port;  // of a kernel vxlan or geneve device

  friend bool operator==(const Link&, const Link&) = default;
};

}  // namespace weft::netlink
