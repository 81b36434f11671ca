#include "lib/os/netlink/parse.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/geneve.h>
#include <netlink/route/link/vxlan.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace weft::netlink {

namespace {

std::optional<IpAddress> to_ip(nl_addr* address) {
  if (address == nullptr) {
    return std::nullopt;
  }
  const auto* bytes = static_cast<const uint8_t*>(nl_addr_get_binary_addr(address));
  const size_t size = nl_addr_get_len(address);
  // libnl gives a default route as a destination of no bytes.
  if (nl_addr_get_family(address) == AF_INET && size <= 4) {
    Ipv4Address ip;
    std::copy_n(bytes, size, ip.bytes.begin());
    return ip;
  }
  if (nl_addr_get_family(address) == AF_INET6 && size <= 16) {
    Ipv6Address ip;
    std::copy_n(bytes, size, ip.bytes.begin());
    return ip;
  }
  return std::nullopt;
}

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
  // Bridges announce their ports once more, as links of their own family.
  if (rtnl_link_get_family(link) != AF_UNSPEC || rtnl_link_get_name(link) == nullptr) {
    return std::nullopt;
  }
  Link parsed;
  parsed.ifindex = static_cast<uint32_t>(rtnl_link_get_ifindex(link));
  parsed.name = rtnl_link_get_name(link);
  if (const char* kind = rtnl_link_get_type(link)) {
    parsed.kind = kind;
  }
  parsed.mac = to_mac(rtnl_link_get_addr(link));
  parsed.mtu = rtnl_link_get_mtu(link);
  parsed.master = static_cast<uint32_t>(std::max(0, rtnl_link_get_master(link)));
  const unsigned flags = rtnl_link_get_flags(link);
  parsed.is_admin_up = (flags & IFF_UP) != 0;
  parsed.has_link = (flags & IFF_RUNNING) != 0;
  parsed.tunnel_udp_port = tunnel_udp_port(link);
  return parsed;
}

std::optional<InterfaceAddress> parse_address(rtnl_addr* address) {
  nl_addr* local = rtnl_addr_get_local(address);
  const auto ip = to_ip(local);
  if (!ip) {
    return std::nullopt;
  }
  InterfaceAddress parsed;
  parsed.ifindex = static_cast<uint32_t>(rtnl_addr_get_ifindex(address));
  parsed.address = *ip;
  parsed.prefix_length = static_cast<unsigned>(rtnl_addr_get_prefixlen(address));
  parsed.is_link_local = rtnl_addr_get_scope(address) == RT_SCOPE_LINK;
  return parsed;
}

std::optional<Route> parse_route(rtnl_route* route) {
  const auto destination = to_ip(rtnl_route_get_dst(route));
  const bool is_cached = (rtnl_route_get_flags(route) & RTM_F_CLONED) != 0;
  if (!destination || is_cached) {
    return std::nullopt;
  }
  Route parsed;
  parsed.table = rtnl_route_get_table(route);
  parsed.destination = *destination;
  parsed.prefix_length = nl_addr_get_prefixlen(rtnl_route_get_dst(route));
  parsed.priority = rtnl_route_get_priority(route);
  parsed.tos = rtnl_route_get_tos(route);
  parsed.is_local = rtnl_route_get_type(route) == RTN_LOCAL;
  parsed.source = to_ip(rtnl_route_get_pref_src(route));
  uint32_t mtu = 0;
  if (rtnl_route_get_metric(route, RTAX_MTU, &mtu) == 0) {
    parsed.mtu = mtu;
  }
  if (rtnl_nexthop* hop = rtnl_route_get_nnexthops(route) > 0 ? rtnl_route_nexthop_n(route, 0) : nullptr) {
    parsed.ifindex = static_cast<uint32_t>(rtnl_route_nh_get_ifindex(hop));
    parsed.gateway = to_ip(rtnl_route_nh_get_gateway(hop));
  }
  return parsed;
}

std::optional<Neighbour> parse_neighbour(rtnl_neigh* neighbour) {
  const auto ip = to_ip(rtnl_neigh_get_dst(neighbour));
  if (!ip || ip->is_multicast()) {
    return std::nullopt;
  }
  constexpr int usable = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
  Neighbour parsed;
  parsed.ifindex = static_cast<uint32_t>(rtnl_neigh_get_ifindex(neighbour));
  parsed.address = *ip;
  parsed.mac = to_mac(rtnl_neigh_get_lladdr(neighbour));
  parsed.is_reachable = (rtnl_neigh_get_state(neighbour) & usable) != 0;
  return parsed;
}

}  // namespace weft::netlink
