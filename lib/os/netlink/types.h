// What the kernel's routing socket tells, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/ip_address.h"
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

struct InterfaceAddress {
  uint32_t ifindex = 0;
  IpAddress address;
  unsigned prefix_length = 0;
  bool is_link_local = false;

  friend auto operator<=>(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct Route {
  uint32_t table = 0;
  IpAddress destination;
  unsigned prefix_length = 0;
  uint32_t priority = 0;
  uint8_t tos = 0;
  bool is_local = false;  // delivers to this host
  std::optional<IpAddress> source;
  // Of the first next hop.
  std::optional<IpAddress> gateway;
  uint32_t ifindex = 0;
  std::optional<uint32_t> mtu;

  friend bool operator==(const Route&, const Route&) = default;
};

struct Neighbour {
  uint32_t ifindex = 0;
  IpAddress address;
  MacAddress mac{};
  bool is_reachable = false;  // the address may be used: reachable, stale, permanent, being probed

  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

}  // namespace weft::netlink
