// Which kernel device (vxlan, geneve) holds a UDP port: for the message when we cannot have it.
//
// Threads: any. Cost: a dump of all links.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace weft::netlink {

std::optional<std::string> find_tunnel_device(uint16_t udp_port);

}  // namespace weft::netlink
