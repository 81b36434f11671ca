#include "lib/os/netlink/link_lookup.h"

#include <netlink/cache.h>
#include <netlink/route/link.h>
#include <sys/socket.h>

#include "lib/os/netlink/nl_socket.h"
#include "lib/os/netlink/parse.h"

namespace weft::netlink {

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

}  // namespace weft::netlink
