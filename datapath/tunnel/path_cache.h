// PathCache: what a worker knows about the way to a remote: whether there is one, and how large a datagram it takes.
//
// The answers are the kernel's (lib/os/netlink/route_lookup.h), learned path MTUs included, and are asked for again
// after a second, or at once after forget() (a send was refused as too large). How many questions a second may cost is
// bounded, because on the receiving side strangers choose the addresses; beyond the bound an old answer stays good, so
// that strangers take no path away that is in use.
//
// Threads: one worker. Cost: a comparison for the remote of the last packet, a hash probe for another, 10 us for one
//          that is not known.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "lib/base/clock.h"
#include "lib/base/ip_address.h"
#include "lib/os/netlink/route_lookup.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

struct Path {
  Verdict verdict;                    // tunnel_no_route, tunnel_own_address; keep: usable
  uint32_t mtu = 0;                   // of the underlay, IP header included
  std::optional<IpAddress> source{};  // what the kernel would send from
  TimePoint expires{};
};

class PathCache {
 public:
  using Lookup = std::function<Result<netlink::RouteAnswer, OsError>(const IpAddress& remote,
                                                                     const std::optional<IpAddress>& local)>;

  // Asks the kernel.
  PathCache(const Clock& clock, unsigned lookups_per_second);
  PathCache(const Clock& clock, unsigned lookups_per_second, Lookup lookup)
      : clock_(clock), lookups_per_second_(lookups_per_second), lookup_(std::move(lookup)) {}

  // Null: never known, and too many were asked for lately.
  const Path* find(const IpAddress& remote, const std::optional<IpAddress>& local = {});

  void forget(const IpAddress& remote, const std::optional<IpAddress>& local = {});

 private:
  struct Key {
    IpAddress remote;
    std::optional<IpAddress> local;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  static constexpr size_t max_entries = 65536;

  bool may_ask(TimePoint now);
  Path ask(const Key& key, TimePoint now);

  const Clock& clock_;
  const unsigned lookups_per_second_;
  const Lookup lookup_;
  std::unordered_map<Key, Path, KeyHash> paths_;
  Key last_key_;
  const Path* last_ = nullptr;
  TimePoint second_began_{};
  unsigned asked_ = 0;
};

}  // namespace weft::datapath
