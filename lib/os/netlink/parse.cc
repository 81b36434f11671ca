#include "lib/os/netlink/parse.h"

#include <linux/if.h>
#include <netlink/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/geneve.h>
#include <netlink/route/link/vxlan.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace weft::netlink {

namespace {

MacAddress to_mac(nl_addr* address) {
  MacAddress mac;
  if (address != nullptr && nl_addr_get_len(address) == mac.bytes.size()) {
    std::memcpy(mac.bytes.data(), nl_addr_get_binary_addr(address), mac.bytes.size());
  }
  return mac;
}

std::optional<uint16_t> tunnel_udp_port(rtnl_link* link) {
  uint32_t port = 0;
  if (rtnl_link_is_vxlan(link) != 0 && rtnl_link_vxlan_get_port(link, &port) == 0) {
    return static_cast<uint16_t>(port);
  }
  if (rtnl_link_is_geneve(link) != 0 && rtnl_link_geneve_get_port(link, &port) == 0) {
    return static_cast<uint16_t>(port);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Link> parse_link(rtnl_link* link) {
  const char* kind = rtnl_link_get_type(link);
  // Bridges announce their ports once more, as links of their own family and without a kind. libnl gives that family to
  // the bridge's own device too.
  const bool is_bridge = kind != nullptr && std::strcmp(kind, "bridge") == 0;
  if ((rtnl_link_get_family(link) != AF_UNSPEC && !is_bridge) || rtnl_link_get_name(link) == nullptr) {
    return std::nullopt;
  }
  Link parsed;
  parsed.ifindex = static_cast<uint32_t>(rtnl_link_get_ifindex(link));
  parsed.name = rtnl_link_get_name(link);
  parsed.kind = kind != nullptr ? kind : "";
  parsed.mac = to_mac(rtnl_link_get_addr(link));
  parsed.mtu = rtnl_link_get_mtu(link);
  parsed.master = static_cast<uint32_t>(std::max(0, rtnl_link_get_master(link)));
  const unsigned flags = rtnl_link_get_flags(link);
  parsed.is_admin_up = (flags & IFF_UP) != 0;
  parsed.has_link = (flags & IFF_RUNNING) != 0;
  parsed.tunnel_udp_port = tunnel_udp_port(link);
  return parsed;
}

}  // namespace weft::netlink
