// Questions about the kernel's devices that are asked once, for the message when a port cannot be had.
//
// Threads: any. Cost: a netlink socket and a request or two; find_tunnel_device dumps all links.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace weft::netlink {

// Which device (vxlan, geneve) holds a UDP port.
std::optional<std::string> find_tunnel_device(uint16_t udp_port);

// The device that this one belongs to: a bridge, a bond, a VRF. Nothing when there is none, or no such device.
std::optional<std::string> find_master(const std::string& name);

}  // namespace weft::netlink
