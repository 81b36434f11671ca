#include "lib/os/netlink/link_lookup.h"

#include <netlink/cache.h>
#include <netlink/route/link.h>
#include <sys/socket.h>

#include "lib/os/netlink/nl_socket.h"
#include "lib/os/netlink/parse.h"

namespace weft::netlink {

namespace {

// By its name, or by its index when the name is null.
std::optional<Link> find_link(nl_sock* socket, int ifindex, const char* name) {
  rtnl_link* found = nullptr;
  if (rtnl_link_get_kernel(socket, ifindex, name, &found) < 0) {
    return std::nullopt;
  }
  auto link = parse_link(found);
  rtnl_link_put(found);
  return link;
}

}  // namespace

std::optional<std::string> find_tunnel_device(uint16_t udp_port) {
  const auto socket = open_nl_socket();
  nl_cache* cache = nullptr;
  if (!socket || rtnl_link_alloc_cache(socket->get(), AF_UNSPEC, &cache) < 0) {
    return std::nullopt;
  }
  std::optional<std::string> name;
  for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
    const auto link = parse_link(reinterpret_cast<rtnl_link*>(object));
    if (link && link->tunnel_udp_port == udp_port) {
      name = link->name;
    }
  }
  nl_cache_free(cache);
  return name;
}

std::optional<std::string> find_master(const std::string& name) {
  const auto socket = open_nl_socket();
  if (!socket) {
    return std::nullopt;
  }
  const auto link = find_link(socket->get(), 0, name.c_str());
  if (!link || link->master == 0) {
    return std::nullopt;
  }
  const auto master = find_link(socket->get(), static_cast<int>(link->master), nullptr);
  return master ? std::optional(master->name) : std::nullopt;
}

}  // namespace weft::netlink
