#include "lib/os/netlink/netlink_mirror.h"

#include <linux/rtnetlink.h>
#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/object.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>

#include <algorithm>

#include "lib/base/log.h"
#include "lib/os/netlink/nl_socket.h"
#include "lib/os/netlink/parse.h"

namespace weft::netlink {

namespace {

log::Logger& logger = log::get("netlink");

constexpr int event_buffer_bytes = 4 << 20;

NetlinkMirror::RouteKey key_of(const Route& route) {
  return {route.table, route.destination, route.prefix_length, route.priority, route.tos};
}

NetlinkMirror::NeighbourKey key_of(const Neighbour& neighbour) { return {neighbour.ifindex, neighbour.address}; }

// Calls visit(object) for each object of a cache that libnl fills by a dump.
template <class Allocate, class Visit>
Result<void, OsError> dump_cache(const std::string& what, Allocate&& allocate, Visit&& visit) {
  nl_cache* cache = nullptr;
  if (const int error = allocate(&cache); error < 0) {
    return Unexpected(nl_error(error, "dump " + what));
  }
  for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
    visit(object);
  }
  nl_cache_free(cache);
  return {};
}

// The values of `before` that are not in `now`.
template <class Map>
std::vector<typename Map::key_type> keys_gone(const Map& before, const Map& now) {
  std::vector<typename Map::key_type> gone;
  for (const auto& [key, value] : before) {
    if (!now.contains(key)) {
      gone.push_back(key);
    }
  }
  return gone;
}

}  // namespace

struct NetlinkMirror::Sockets {
  NlSocket events;
  NlSocket dumps;
};

NetlinkMirror::NetlinkMirror() : sockets_(std::make_unique<Sockets>()) {}
NetlinkMirror::~NetlinkMirror() = default;

Result<std::unique_ptr<NetlinkMirror>, OsError> NetlinkMirror::open(EventLoop& loop) {
  std::unique_ptr<NetlinkMirror> mirror(new NetlinkMirror);
  if (auto subscribed = mirror->subscribe(loop); !subscribed) {
    return Unexpected(subscribed.error());
  }
  if (auto synced = mirror->resync(); !synced) {
    return Unexpected(synced.error());
  }
  return mirror;
}

Result<void, OsError> NetlinkMirror::subscribe(EventLoop& loop) {
  auto dumps = open_nl_socket();
  auto events = open_nl_socket();
  if (!dumps || !events) {
    return Unexpected(!dumps ? dumps.error() : events.error());
  }
  sockets_->dumps = std::move(*dumps);
  sockets_->events = std::move(*events);
  nl_sock* socket = sockets_->events.get();
  nl_socket_disable_seq_check(socket);

  // An object parsed out of an event; the message's type says whether it came or went.
  const nl_recvmsg_msg_cb_t on_message = [](nl_msg* message, void* mirror) -> int {
    struct Event {
      NetlinkMirror* mirror;
      int type;
    } event{static_cast<NetlinkMirror*>(mirror), nlmsg_hdr(message)->nlmsg_type};
    nl_msg_parse(
        message,
        [](nl_object* object, void* argument) {
          const auto& [self, type] = *static_cast<Event*>(argument);
          auto apply = [self = self](const auto& parsed, bool is_removal) {
            if (parsed && !self->is_discarding_) {
              is_removal ? self->remove(*parsed) : self->update(*parsed);
            }
          };
          switch (type) {
            case RTM_NEWLINK:
            case RTM_DELLINK:
              return apply(parse_link(reinterpret_cast<rtnl_link*>(object)), type == RTM_DELLINK);
            case RTM_NEWADDR:
            case RTM_DELADDR:
              return apply(parse_address(reinterpret_cast<rtnl_addr*>(object)), type == RTM_DELADDR);
            case RTM_NEWROUTE:
            case RTM_DELROUTE:
              return apply(parse_route(reinterpret_cast<rtnl_route*>(object)), type == RTM_DELROUTE);
            case RTM_NEWNEIGH:
            case RTM_DELNEIGH:
              return apply(parse_neighbour(reinterpret_cast<rtnl_neigh*>(object)), type == RTM_DELNEIGH);
            default:
              return;
          }
        },
        &event);
    return NL_OK;
  };
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, this);
  nl_socket_set_nonblocking(socket);
  if (nl_socket_set_buffer_size(socket, event_buffer_bytes, 0) < 0) {
    logger.dbg("the kernel keeps its default buffer for netlink events");
  }
  const int error = nl_socket_add_memberships(socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                              RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_NEIGH, 0);
  if (error < 0) {
    return Unexpected(nl_error(error, "subscribe to netlink events"));
  }
  watch_ = std::make_unique<FdWatch>(loop, nl_socket_get_fd(socket), [this] { read_events(); });
  return {};
}

void NetlinkMirror::read_events() {
  // One datagram a call; the bound keeps a flood of events from holding the control thread.
  constexpr int datagrams_at_once = 64;
  for (int i = 0; i < datagrams_at_once; ++i) {
    const int error = nl_recvmsgs_default(sockets_->events.get());
    if (error == -NLE_AGAIN) {
      return;
    }
    if (error < 0) {
      // -NLE_NOMEM is libnl's word for ENOBUFS; after any other error the mirror may be wrong as well.
      logger.warn("netlink events were lost ({}): reading everything again", nl_geterror(error));
      discard_events();
      if (auto synced = resync(); !synced) {
        logger.err("{}", synced.error().to_string());
      }
      return;
    }
  }
}

// What is queued from before the gap is older than the dump to come, and would overwrite it.
void NetlinkMirror::discard_events() {
  is_discarding_ = true;
  while (nl_recvmsgs_default(sockets_->events.get()) != -NLE_AGAIN) {
  }
  is_discarding_ = false;
}

Result<NetlinkMirror::State, OsError> NetlinkMirror::dump() const {
  State state;
  nl_sock* socket = sockets_->dumps.get();
  auto all = dump_cache(
      "links", [&](nl_cache** cache) { return rtnl_link_alloc_cache(socket, AF_UNSPEC, cache); },
      [&](nl_object* object) {
        if (auto link = parse_link(reinterpret_cast<rtnl_link*>(object))) {
          state.links[link->ifindex] = *link;
        }
      });
  if (all) {
    all = dump_cache(
        "addresses", [&](nl_cache** cache) { return rtnl_addr_alloc_cache(socket, cache); },
        [&](nl_object* object) {
          if (auto address = parse_address(reinterpret_cast<rtnl_addr*>(object))) {
            state.addresses[*address] = true;
          }
        });
  }
  if (all) {
    all = dump_cache(
        "routes", [&](nl_cache** cache) { return rtnl_route_alloc_cache(socket, AF_UNSPEC, 0, cache); },
        [&](nl_object* object) {
          if (auto route = parse_route(reinterpret_cast<rtnl_route*>(object))) {
            state.routes[key_of(*route)] = *route;
          }
        });
  }
  if (all) {
    all = dump_cache(
        "neighbours", [&](nl_cache** cache) { return rtnl_neigh_alloc_cache(socket, cache); },
        [&](nl_object* object) {
          if (auto neighbour = parse_neighbour(reinterpret_cast<rtnl_neigh*>(object))) {
            state.neighbours[key_of(*neighbour)] = *neighbour;
          }
        });
  }
  if (!all) {
    return Unexpected(all.error());
  }
  return state;
}

Result<void, OsError> NetlinkMirror::resync() {
  auto now = dump();
  if (!now) {
    return Unexpected(now.error());
  }
  // What is gone first: a link that came back under its old name is then gone before it is new.
  for (const auto& key : keys_gone(state_.routes, now->routes)) {
    remove(Route(state_.routes.at(key)));
  }
  for (const auto& key : keys_gone(state_.neighbours, now->neighbours)) {
    remove(Neighbour(state_.neighbours.at(key)));
  }
  for (const InterfaceAddress& address : keys_gone(state_.addresses, now->addresses)) {
    remove(address);
  }
  for (const uint32_t ifindex : keys_gone(state_.links, now->links)) {
    remove(Link(state_.links.at(ifindex)));
  }
  for (const auto& [ifindex, link] : now->links) {
    update(link);
  }
  for (const auto& [address, present] : now->addresses) {
    update(address);
  }
  for (const auto& [key, route] : now->routes) {
    update(route);
  }
  for (const auto& [key, neighbour] : now->neighbours) {
    update(neighbour);
  }
  return {};
}

template <class Call>
void NetlinkMirror::tell(Call&& call) {
  // A copy: a listener may leave while it is called. One that left is not called any more.
  for (NetlinkListener* listener : std::vector(listeners_)) {
    if (std::find(listeners_.begin(), listeners_.end(), listener) != listeners_.end()) {
      call(*listener);
    }
  }
}

void NetlinkMirror::remove_listener(NetlinkListener& listener) { std::erase(listeners_, &listener); }

void NetlinkMirror::update(Link link) {
  const auto found = state_.links.find(link.ifindex);
  if (found == state_.links.end()) {
    state_.links[link.ifindex] = link;
    tell([&](NetlinkListener& listener) { listener.on_link(link, nullptr); });
  } else if (found->second != link) {
    const Link before = std::exchange(found->second, link);
    tell([&](NetlinkListener& listener) { listener.on_link(link, &before); });
  }
}

void NetlinkMirror::update(const InterfaceAddress& address) {
  if (state_.addresses.emplace(address, true).second) {
    tell([&](NetlinkListener& listener) { listener.on_address(address, true); });
  }
}

void NetlinkMirror::update(Route route) {
  const auto [found, is_new] = state_.routes.try_emplace(key_of(route), route);
  if (is_new || found->second != route) {
    found->second = route;
    tell([](NetlinkListener& listener) { listener.on_routes_changed(); });
  }
}

void NetlinkMirror::update(Neighbour neighbour) {
  const auto [found, is_new] = state_.neighbours.try_emplace(key_of(neighbour), neighbour);
  if (is_new || found->second != neighbour) {
    found->second = neighbour;
    tell([&](NetlinkListener& listener) { listener.on_neighbour(neighbour, true); });
  }
}

void NetlinkMirror::remove(const Link& link) {
  if (state_.links.erase(link.ifindex) != 0) {
    tell([&](NetlinkListener& listener) { listener.on_link_removed(link); });
  }
}

void NetlinkMirror::remove(const InterfaceAddress& address) {
  if (state_.addresses.erase(address) != 0) {
    tell([&](NetlinkListener& listener) { listener.on_address(address, false); });
  }
}

void NetlinkMirror::remove(const Route& route) {
  if (state_.routes.erase(key_of(route)) != 0) {
    tell([](NetlinkListener& listener) { listener.on_routes_changed(); });
  }
}

void NetlinkMirror::remove(const Neighbour& neighbour) {
  if (state_.neighbours.erase(key_of(neighbour)) != 0) {
    tell([&](NetlinkListener& listener) { listener.on_neighbour(neighbour, false); });
  }
}

const Link* NetlinkMirror::find_link(std::string_view name) const {
  const auto found = std::find_if(state_.links.begin(), state_.links.end(),
                                  [&](const auto& entry) { return entry.second.name == name; });
  return found == state_.links.end() ? nullptr : &found->second;
}

const Link* NetlinkMirror::find_link(uint32_t ifindex) const {
  const auto found = state_.links.find(ifindex);
  return found == state_.links.end() ? nullptr : &found->second;
}

bool NetlinkMirror::is_own_address(const IpAddress& address) const {
  return std::any_of(state_.addresses.begin(), state_.addresses.end(),
                     [&](const auto& entry) { return entry.first.address == address; });
}

const Neighbour* NetlinkMirror::find_neighbour(uint32_t ifindex, const IpAddress& address) const {
  const auto found = state_.neighbours.find({ifindex, address});
  return found == state_.neighbours.end() ? nullptr : &found->second;
}

}  // namespace weft::netlink
