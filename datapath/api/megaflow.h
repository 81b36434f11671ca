// Megaflow: one decision that the fast path remembers, as dumps and the revalidator see it.
//
// `key` is masked (bits outside `mask` are zero). The decision and its counters live together in an
// Installed, so that replacing the decision of a megaflow never mixes two decisions' packets: the worker swaps
// the pointer, the old Installed keeps its final count for the revalidator to collect.
//
// Threads:   the owning worker alone writes counters and swaps `installed`; anyone may read under RCU.
// Ownership: the worker's megaflow table; freed after a grace period.
#pragma once

#include <atomic>
#include <cstdint>

#include "datapath/api/upcall.h"
#include "lib/base/clock.h"
#include "lib/base/counter.h"
#include "lib/flow/kept_key.h"

namespace weft::datapath {

// What most lists come down to: the packet is sent to one port, perhaps with a tunnel header, or dropped. Refers to the
// list.
struct Shortcut {
  Shortcut() = default;
  explicit Shortcut(const ActionList& actions) {
    const auto* set_tunnel = actions.size() == 2 ? std::get_if<SetTunnel>(&actions.front()) : nullptr;
    const auto* output = actions.size() == 1 || set_tunnel != nullptr ? std::get_if<Output>(&actions.back()) : nullptr;
    if (output != nullptr && output->queue == nullptr) {
      port = output->port;
      tunnel = set_tunnel != nullptr ? &set_tunnel->tunnel : nullptr;
    } else if (const auto* ending = actions.size() == 1 ? std::get_if<Drop>(&actions.front()) : nullptr) {
      drop = ending->reason;
    }
  }

  bool is_all() const { return port != port_id::none || drop; }  // false: there is more to do

  PortId port = port_id::none;
  Verdict drop = keep;
  const TunnelMetadata* tunnel = nullptr;
};

// What a packet that is forwarded or dropped reads and writes lies in the first line.
struct alignas(cache_line_bytes) Installed {
  explicit Installed(Decision d) : decision(std::move(d)) { shortcut = Shortcut(decision.actions); }

  // Written by the worker with release stores before the packets they count leave.
  std::atomic<uint64_t> packet_count{0};
  std::atomic<uint64_t> byte_count{0};
  std::atomic<int64_t> used_ns{0};  // Clock time of the last packet; 0: never

  Shortcut shortcut;

  const Decision decision;

  // Collector's side (one thread, under the revalidator's lock): what was already credited.
  uint64_t credited_packets = 0;
  uint64_t credited_bytes = 0;
};

struct Megaflow {
  KeptKey key;
  KeptMask mask;
  uint64_t id = 0;  // unique for the life of the datapath; printed as ufid
  unsigned worker = 0;
  bool is_crowded = false;  // its domain had half of what it may have when it came: it should not be kept idle for long
  TimePoint created{};
  std::atomic<Installed*> installed{nullptr};
  std::atomic<bool> is_dead{false};  // unlinked by its worker; waiting for its grace period
};

}  // namespace weft::datapath
