// The datapath as the slow path and the daemon see it: ports in, megaflows readable, commands to workers.
//
// Behind it, workers poll ports, look packets up, execute actions; a miss comes up through UpcallSink. Workers run
// as threads (start) or are driven by the caller (run_until_idle: tests, with a clock they move; no threads).
//
// Threads:
//   control thread    add_port, remove_port, execute, release_held, everything named "port"
//   revalidator       for_each_megaflow, send, fence; it is registered with RCU
//   any RCU thread    for_each_megaflow, counters (dumps)
// Commands to a worker go into a queue that grows as needed, and that the worker drains once a round, before it reads
// packets; a worker that sleeps with nothing to drain counts as having drained.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datapath/api/domain.h"
#include "datapath/api/megaflow.h"
#include "datapath/api/meter.h"
#include "datapath/api/port_spec.h"
#include "datapath/api/queue.h"
#include "datapath/api/tunnel_option_map.h"
#include "datapath/api/upcall.h"
#include "datapath/api/worker_perf.h"
#include "lib/base/clock.h"
#include "lib/base/ip_address.h"
#include "lib/base/result.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/offload.h"
#include "lib/packet/tunnel_metadata.h"

namespace weft::datapath {

enum class PollPolicy : uint8_t { adaptive, sleep, busy };

struct DatapathOptions {
  unsigned worker_count = 0;  // 0: one per core allowed, less one for everything else, at least one
  PollPolicy poll_policy = PollPolicy::adaptive;
  size_t megaflow_limit = 200000;  // per worker
  size_t flow_cache_entries = 0;   // 0: default
  DomainLimits domains{};
  uint64_t hash_seed = 0;        // 0: random
  const Clock* clock = nullptr;  // null: the system's
};

// What the kernel forwards by itself.
struct KernelStatus {
  enum class State : uint8_t { unused, forwards, switched_off, unavailable };
  State state = State::unused;  // unused: there was no system port yet
  size_t megaflow_count = 0;    // that it has, those included whose turn is about to come
};

struct WorkerStatus {
  unsigned index = 0;
  uint64_t rounds = 0, sleeps = 0, rx_packets = 0, flow_cache_hits = 0, megaflow_hits = 0, misses = 0;
  size_t megaflow_count = 0, mask_count = 0;
  WorkerPerf perf{};
};

// An rx queue of a port. Queues that several ports share (tunnels) are shown for each.
struct RxQueueStatus {
  PortId port = port_id::none;
  unsigned index = 0;   // among the port's queues
  unsigned worker = 0;  // that reads it
  uint64_t packets = 0;
  Duration busy{};  // what its worker has spent on it, until what it brought had left
};

// A change to one megaflow, executed by its worker. A megaflow that is already dead is left alone.
// What is removed or replaced is freed by the datapath after a grace period: who sent the command may read final
// counters from the megaflow, or from the Installed that it pointed to, after fence() and until it is next quiescent.
struct MegaflowCommand {
  Megaflow* megaflow = nullptr;
  std::unique_ptr<Installed> replacement;  // null: remove. The mask of a replacement equals the old one's.
};

// A frame at a memory port, with what a real port would know about it. A memory port whose spec describes a tunnel
// hands over and takes tunnel metadata as a tunnel port does, without an underlay.
struct MemoryFrame {
  std::vector<uint8_t> bytes;
  Offload offload{};
  PacketTunnel tunnel{};
};

class Datapath {
 public:
  virtual ~Datapath() = default;

  virtual void start() = 0;  // worker threads; the sink given to make_datapath must be ready
  virtual void stop() = 0;   // joins them; idempotent
  // Without threads: runs every worker until no port has a frame and no command is left.
  virtual void run_until_idle() = 0;

  // --- ports (control thread)
  virtual Result<PortId, PortError> add_port(const PortSpec& spec) = 0;
  // The id is not given again until a revalidation and a grace period have passed (release_port_id).
  virtual void remove_port(PortId port) = 0;
  virtual void release_port_id(PortId port) = 0;
  // Gives the port's device the MTU and the address of `spec`, where it has them; the port stays as it is.
  virtual Result<void, PortError> configure_port(PortId port, const PortSpec& spec) = 0;
  // The multicast groups of the underlay that a tunnel port receives from: all of them at each call. They are joined on
  // the interface that the host's route to the group names, when this returns. An error says what could not be joined;
  // the rest was, and the next call tries again.
  virtual Result<void, PortError> set_tunnel_groups(PortId port, std::vector<IpAddress> groups) = 0;
  // Which Geneve options the port reads as fields, and writes: none at first. Workers see it with their next packets.
  virtual void set_tunnel_options(PortId port, const TunnelOptionMap& map) = 0;
  // Of which tunnel ids TCP's MSS is lowered to what fits, in both directions: all of them at each call. None at first;
  // a port whose spec says so clamps for all. STT ports have no need.
  virtual void set_mss_clamp(PortId port, std::vector<uint32_t> tunnel_ids) = 0;
  virtual PortCounters port_counters(PortId port) const = 0;
  virtual std::optional<PortStatus> port_status(PortId port) const = 0;
  // Called on whichever thread notices that status may have changed or the device is gone; must only post.
  virtual void set_port_listener(std::function<void(PortId)> listener) = 0;

  // Executes a decision on a frame that no port received (packet-out, gratuitous ARP): queued to a worker.
  // Counts as originated. The bytes are copied. A fence() later than this call covers it.
  virtual void execute(std::span<const uint8_t> frame, PortId in_port, Decision decision) = 0;

  // Packets that decisions hold (Decision::held_for) for changes up to this number go on, in their order.
  virtual void release_held(uint64_t up_to) = 0;

  // --- meters and queues (control thread)
  // For ApplyMeter and Controller actions of any worker; on this datapath's clock, which it does not outlive.
  virtual std::shared_ptr<Meter> make_meter(const MeterSpec& spec) = 0;
  // For Output actions of any worker; the same holds. `whole`: the queue that it is part of, or null.
  virtual std::shared_ptr<Queue> make_queue(const QueueSpec& spec, std::shared_ptr<Queue> whole) = 0;

  // --- megaflows
  virtual unsigned worker_count() const = 0;
  // The caller must be registered with RCU and not report quiescent inside; visit may keep pointers until it does.
  virtual void for_each_megaflow(const std::function<void(Megaflow&)>& visit) const = 0;
  // Queues a command to the megaflow's worker. Never waits for the worker: the queue grows.
  virtual void send(MegaflowCommand command) = 0;
  // Returns when every worker has drained what was sent before and every packet it had in hand has left; one that
  // sleeps and has nothing to drain is not woken. No packet is handled afterwards by what was removed, replaced or
  // published before. Without threads it drains in place. Does not report quiescent.
  virtual void fence() = 0;

  // --- queues (control thread)
  virtual std::vector<RxQueueStatus> rx_queues() const = 0;
  // Gives a queue to another worker. Packets keep their order: the old worker stops reading, everything the queue has
  // brought leaves, then the new one reads. Comes back at once; rx_queues() shows when it is done. A queue stays where it
  // is when something that came before cannot leave within 20 ms. False: no such queue or worker, or it is on its way.
  virtual bool move_rx_queue(PortId port, unsigned index, unsigned worker) = 0;
  // Moves at most one queue from the busiest worker to the idlest, on a clear gain, judged by the time since the last
  // call (datapath/worker/rebalance.h). To be called every few seconds.
  virtual void rebalance() = 0;

  // --- domains (control thread)
  // In force, on all workers, when this returns. What there is beyond the new limits goes with its last use.
  virtual void set_domain_limits(const DomainLimits& limits) = 0;
  // Whether the kernel may forward packets by itself from one system port to another. It may at first; when this returns
  // with `false` it takes up none any more.
  virtual void set_kernel_forwarding(bool is_wanted) = 0;
  virtual KernelStatus kernel_status() const = 0;
  // Of every worker, in no order; those that nothing has come from are left out. Waits for the workers.
  virtual std::vector<DomainStatus> domain_status() = 0;

  // --- what it did
  virtual std::vector<WorkerStatus> worker_status() const = 0;
  virtual uint64_t drop_count(DropReason reason) const = 0;
  struct Balance {
    uint64_t received = 0, originated = 0, sent = 0, dropped = 0, absorbed = 0;
  };
  virtual Balance balance() const = 0;  // received + originated = sent + dropped + absorbed, at rest

  // --- memory ports (PortType::memory): what a test or benchmark puts in and takes out
  virtual void inject(PortId port, MemoryFrame frame) = 0;
  virtual std::vector<MemoryFrame> take_sent(PortId port) = 0;
};

std::unique_ptr<Datapath> make_datapath(const DatapathOptions& options, UpcallSink& sink);

}  // namespace weft::datapath
