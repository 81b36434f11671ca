// Megaflow: one decision that the fast path remembers, as dumps and the revalidator see it.
//
// `key` is masked (bits outside `mask` are zero). The decision and its counters live together in an
// Installed, so that replacing the decision of a megaflow never mixes two decisions' packets: the worker swaps
// the pointer, the old Installed keeps its final count for the revalidator to collect.
//
// Threads:   the owning worker alone writes counters and swaps `installed`; anyone may read under RCU.
// Ownership: the worker's megaflow table; freed after a grace period.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "datapath/api/upcall.h"
#include "lib/base/big_endian.h"
#include "lib/base/clock.h"
#include "lib/base/counter.h"
#include "lib/base/small_blocks.h"
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

// What a megaflow's packets come to.
struct MegaflowCount {
  uint64_t packets = 0, bytes = 0;
  TimePoint used{};  // of the last packet, at most a tick of the kernel late; the epoch: there was none
};

// The part of a decision's packets that the kernel handles by itself, without a worker (datapath/kernel).
class KernelShare {
 public:
  virtual ~KernelShare() = default;
  virtual MegaflowCount count() const = 0;  // any thread
  virtual bool is_forwarding() const = 0;   // any thread; false: it waits for a moment when order stays
  // The kernel takes up no further packet by this decision. Any thread, again and again.
  virtual void withdraw() = 0;
};

// What a packet that is forwarded or dropped reads and writes lies in the first line.
struct alignas(cache_line_bytes) Installed : InSmallBlocks {
  explicit Installed(Decision d) : decision(std::move(d)) { shortcut = Shortcut(decision.actions); }
  ~Installed() { delete kernel_share.load(std::memory_order_relaxed); }
  Installed(const Installed&) = delete;
  Installed& operator=(const Installed&) = delete;

  // With the kernel's share. Any thread.
  MegaflowCount count() const {
    MegaflowCount sum{packet_count.load(std::memory_order_acquire), byte_count.load(std::memory_order_acquire),
                      TimePoint(Duration(used_ns.load(std::memory_order_acquire)))};
    if (const KernelShare* share = kernel_share.load(std::memory_order_acquire)) {
      const MegaflowCount more = share->count();
      sum = {sum.packets + more.packets, sum.bytes + more.bytes, std::max(sum.used, more.used)};
    }
    return sum;
  }
  // Whether the kernel handles its packets by itself now.
  bool is_in_kernel() const {
    const KernelShare* share = kernel_share.load(std::memory_order_acquire);
    return share != nullptr && share->is_forwarding();
  }
  void withdraw_from_kernel() const {
    if (KernelShare* share = kernel_share.load(std::memory_order_acquire)) {
      share->withdraw();
    }
  }

  // Written by the worker with release stores before the packets they count leave.
  std::atomic<uint64_t> packet_count{0};
  std::atomic<uint64_t> byte_count{0};
  std::atomic<int64_t> used_ns{0};  // Clock time of the last packet; 0: never

  Shortcut shortcut;

  // The worker offers it to the kernel when it has counted so many packets.
  static constexpr uint64_t first_offer = 16;
  static constexpr uint64_t no_offer = ~uint64_t{0};
  uint64_t offer_at = first_offer;
  std::atomic<KernelShare*> kernel_share{nullptr};  // owned; set once, by the worker

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

// The port that the megaflow's packets come from: always exact.
inline PortId in_port_of(const Megaflow& megaflow) {
  return PortId{static_cast<uint32_t>(swap_network_order(megaflow.key.word(KeyWord::hash_port)))};
}

}  // namespace weft::datapath
