// NetlinkMirror: a live copy of the kernel's links, addresses, routes and neighbours.
//
// It subscribes first and dumps then, so nothing is missed; what changes later comes as events and is told to the
// listeners after the mirror has it. When the kernel could not queue all events (ENOBUFS) everything is dumped again
// and compared, and the listeners hear of the differences: they never learn that there was a gap. An event that
// changes nothing the mirror keeps is not passed on.
//
// Threads:   the control thread; listeners are called there and may add or remove listeners.
// Ownership: the loop outlives the mirror, the mirror its listeners' registration.
// Cost:      memory for every route and neighbour of the host; a change costs one message.
// Not here:  decisions. Where a datagram would go is asked of the kernel (route_lookup.h), which knows policy rules,
//            learned path MTUs and everything else that a copy of tables does not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/event_loop.h"
#include "lib/os/netlink/types.h"

namespace weft::netlink {

// What a listener wants to hear it overrides.
class NetlinkListener {
 public:
  virtual ~NetlinkListener() = default;

  // `before` is null for a new link. A rename arrives as a change of the name.
  virtual void on_link(const Link& link, const Link* before) {
    (void)link;
    (void)before;
  }
  virtual void on_link_removed(const Link& link) { (void)link; }
  virtual void on_address(const InterfaceAddress& address, bool added) {
    (void)address;
    (void)added;
  }
  // Some route, or the address of some neighbour, is other than before.
  virtual void on_routes_changed() {}
  virtual void on_neighbour(const Neighbour& neighbour, bool present) {
    (void)neighbour;
    (void)present;
  }
};

class NetlinkMirror {
 public:
  using RouteKey = std::tuple<uint32_t, IpAddress, unsigned, uint32_t, uint8_t>;  // table, net, length, priority, tos
  using NeighbourKey = std::pair<uint32_t, IpAddress>;

  static Result<std::unique_ptr<NetlinkMirror>, OsError> open(EventLoop& loop);
  ~NetlinkMirror();
  NetlinkMirror(const NetlinkMirror&) = delete;
  NetlinkMirror& operator=(const NetlinkMirror&) = delete;

  void add_listener(NetlinkListener& listener) { listeners_.push_back(&listener); }
  void remove_listener(NetlinkListener& listener);

  const std::map<uint32_t, Link>& links() const { return state_.links; }
  const Link* find_link(std::string_view name) const;
  const Link* find_link(uint32_t ifindex) const;
  const std::map<InterfaceAddress, bool>& addresses() const { return state_.addresses; }
  bool is_own_address(const IpAddress& address) const;
  const std::map<RouteKey, Route>& routes() const { return state_.routes; }
  const Neighbour* find_neighbour(uint32_t ifindex, const IpAddress& address) const;

  // Takes in what the kernel has sent, without waiting. run by the loop; tests may call it.
  void read_events();
  // Dumps everything and tells the differences, as after lost events.
  Result<void, OsError> resync();

 private:
  struct State {
    std::map<uint32_t, Link> links;
    std::map<InterfaceAddress, bool> addresses;
    std::map<RouteKey, Route> routes;
    std::map<NeighbourKey, Neighbour> neighbours;
  };
  struct Sockets;

  NetlinkMirror();
  Result<void, OsError> subscribe(EventLoop& loop);
  void discard_events();
  Result<State, OsError> dump() const;

  void update(Link link);
  void update(const InterfaceAddress& address);
  void update(Route route);
  void update(Neighbour neighbour);
  void remove(const Link& link);
  void remove(const InterfaceAddress& address);
  void remove(const Route& route);
  void remove(const Neighbour& neighbour);
  template <class Call>
  void tell(Call&& call);

  std::unique_ptr<Sockets> sockets_;
  State state_;
  bool is_discarding_ = false;
  std::vector<NetlinkListener*> listeners_;
  std::unique_ptr<FdWatch> watch_;
};

}  // namespace weft::netlink
