// SttPaths: how a worker reaches a remote with packets that it puts on a device itself: the device, its link-layer header,
// the address to send from, the MTU.
//
// Route, neighbour and device are the kernel's, asked for again after a second, so that what changes there changes here. A
// neighbour that the kernel has no address of is asked for as if the kernel had a packet for it; the path is `resolving`
// meanwhile, and looked up again every few milliseconds. After three seconds without an answer it is tunnel_no_neighbour, until
// one comes.
//
// Threads: one worker. Cost: a comparison for the remote of the last packet, a hash probe for another, about 25 us for one
//          that is to be asked for, 10,000 of which a second may cost.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "lib/base/clock.h"
#include "lib/base/ip_address.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/ethernet.h"

namespace weft::datapath {

// What the kernel says of the way to a remote.
struct SttHop {
  Verdict verdict;            // tunnel_no_route, tunnel_own_address; keep: there is a way
  bool has_neighbour = true;  // false: its link-layer address is not known, and being asked for
  uint32_t mtu = 0;
  uint32_t ifindex = 0;
  IpAddress source;
  std::array<uint8_t, ethernet_header_bytes> link_header{};
  size_t link_header_size = 0;  // 0: the device takes bare IP packets
};

struct SttPath {
  SttHop hop;
  bool is_resolving = false;
  TimePoint expires{};
  TimePoint asked_since{};  // while is_resolving, or the neighbour does not answer
};

class SttPaths {
 public:
  using Lookup = std::function<SttHop(const IpAddress& remote, const std::optional<IpAddress>& local)>;

  // Asks the kernel.
  explicit SttPaths(const Clock& clock);
  SttPaths(const Clock& clock, Lookup lookup) : clock_(clock), lookup_(std::move(lookup)) {}

  // Never null. tunnel_no_route also where too many others were asked for lately.
  const SttPath& find(const IpAddress& remote, const std::optional<IpAddress>& local);

  // What was sent there was refused: it is asked for again.
  void forget(const IpAddress& remote, const std::optional<IpAddress>& local);

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
  static constexpr unsigned lookups_per_second = 10000;

  bool may_ask(TimePoint now);
  void ask(const Key& key, SttPath& path, TimePoint now);

  const Clock& clock_;
  const Lookup lookup_;
  std::unordered_map<Key, SttPath, KeyHash> paths_;
  Key last_key_;
  SttPath* last_ = nullptr;
  TimePoint second_began_{};
  unsigned asked_ = 0;
};

}  // namespace weft::datapath
