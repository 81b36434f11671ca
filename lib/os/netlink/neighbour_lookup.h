// NeighbourLookup: the link-layer address of a neighbour, asked of the kernel, for who sends beside the kernel's stack.
//
// find() says what the kernel knows; use() tells it that somebody has a packet for the neighbour, whereupon it resolves an
// unknown one and confirms an old one as for a packet of its own. Neither waits for the network.
//
// Threads: one at a time; each thread that asks keeps a lookup of its own.
// Cost:    a netlink round trip each, some 5 us.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"

namespace weft::netlink {

struct Neighbour {
  std::optional<MacAddress> mac;  // absent: not known, or it does not answer
  bool wants_use = true;          // the kernel neither asks nor has heard of it lately
};

class NeighbourLookup {
 public:
  static Result<NeighbourLookup, OsError> open();
  NeighbourLookup(NeighbourLookup&&) noexcept;
  NeighbourLookup& operator=(NeighbourLookup&&) noexcept;
  ~NeighbourLookup();

  // One that the kernel has never heard of is one without an address.
  Result<Neighbour, OsError> find(uint32_t ifindex, const IpAddress& address);
  Result<void, OsError> use(uint32_t ifindex, const IpAddress& address);

 private:
  struct Implementation;
  explicit NeighbourLookup(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace weft::netlink
