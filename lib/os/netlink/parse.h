// From libnl's objects to the values of types.h. The only place that knows libnl's accessors.
//
// Each answers nothing for what is not meant: another address family, a multicast neighbour, a route without an
// address. The objects stay the caller's.
#pragma once

#include <optional>

#include "lib/os/netlink/types.h"

struct rtnl_link;
struct rtnl_addr;
struct rtnl_route;
struct rtnl_neigh;

namespace weft::netlink {

std::optional<Link> parse_link(rtnl_link* link);
std::optional<InterfaceAddress> parse_address(rtnl_addr* address);
std::optional<Route> parse_route(rtnl_route* route);
std::optional<Neighbour> parse_neighbour(rtnl_neigh* neighbour);

}  // namespace weft::netlink
