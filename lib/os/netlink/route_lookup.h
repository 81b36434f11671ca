// RouteLookup: where the kernel would send a datagram, asked of the kernel itself.
//
// Policy rules, source addresses, tables, learned path MTUs: all of it is in the answer, because it is the answer of
// the lookup that sending makes.
//
// Threads: one at a time; each thread that asks keeps a lookup of its own.
// Cost:    a netlink round trip and at most two ioctls, about 10 us, never waiting for anybody: for once a remote and
//          second, not for each packet.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/ip_address.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/fd.h"

struct nl_sock;

namespace weft::netlink {

struct RouteAnswer {
  uint32_t mtu = 0;                  // of the route, else of the device, lowered by a learned path MTU
  bool is_local = false;             // the remote is this host
  bool is_unicast = false;           // the remote is one other host: no group, no broadcast
  uint32_t ifindex = 0;              // of the device that the route leaves by
  std::optional<IpAddress> gateway;  // absent: the remote is a neighbour itself
  std::optional<IpAddress> source;   // what the kernel would send from, where `source` was not given
};

class RouteLookup {
 public:
  static Result<RouteLookup, OsError> open();
  RouteLookup(RouteLookup&&) noexcept;
  RouteLookup& operator=(RouteLookup&&) noexcept;
  ~RouteLookup();

  // ENETUNREACH, EHOSTUNREACH...: there is no way. `source`: the address to send from, when it is fixed.
  Result<RouteAnswer, OsError> lookup(const IpAddress& remote, const std::optional<IpAddress>& source = {});

 private:
  struct Implementation;
  explicit RouteLookup(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace weft::netlink
