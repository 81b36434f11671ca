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

namespace weft::datapath {

struct Installed {
  explicit Installed(Decision d) : sole_output(sole_output_of(d.actions)), decision(std::move(d)) {}

  // The port, when all that happens to a packet is that it is sent there; otherwise none.
  const PortId sole_output;
  // Written by the worker with release stores before the packets they count leave.
  std::atomic<uint64_t> packet_count{0};
  std::atomic<uint64_t> byte_count{0};
  std::atomic<int64_t> used_ns{0};  // Clock time of the last packet; 0: never

  Decision decision;

  // Collector's side (one thread, under the revalidator's lock): what was already credited.
  uint64_t credited_packets = 0;
  uint64_t credited_bytes = 0;

 private:
  static PortId sole_output_of(const ActionList& actions) {
    const auto* output = actions.size() == 1 ? std::get_if<Output>(&actions.front()) : nullptr;
    return output != nullptr && output->queue == nullptr ? output->port : port_id::none;
  }
};

struct Megaflow {
  FlowKey key;
  FlowMask mask;
  uint64_t id = 0;  // unique for the life of the datapath; printed as ufid
  unsigned worker = 0;
  TimePoint created{};
  std::atomic<Installed*> installed{nullptr};
  std::atomic<bool> is_dead{false};  // unlinked by its worker; waiting for its grace period
};

}  // namespace weft::datapath
