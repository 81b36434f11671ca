// Pipeline: the way of a batch of received packets, from key to actions.
//
//     batch -> keys -> flow cache -> megaflow table -> hits: count, execute -> misses: upcall, count, execute
//                               |-> over the budget for misses (miss_budget.h): drop
//
// Hits leave before misses are translated, so one new flow does not make the others wait; a packet whose flow has a
// miss ahead of it in the batch waits for that, so order within a flow stays. Misses are looked up once more in turn:
// the first packet of a flow makes the megaflow that the next ones hit.
//
// A packet is counted (megaflow, rule credits) before its actions run, the hits of a batch together. A decision may hold
// its packet for a change that it waits for; later packets of the flow are held behind it (held_packets.h) until release().
//
// A megaflow that has counted some packets is offered to the kernel (datapath/kernel), which may take the next ones up
// itself.
//
// What actions recirculate goes the same way again behind the batch, in order, and before the next batch: packets of a
// flow do not overtake each other.
//
// Threads:   the worker. Ownership: none; references what the worker owns.
// Cost:      no allocation and no system call but for misses; keys of a batch live in the pipeline.
#pragma once

#include <array>
#include <cstdint>

#include "datapath/api/upcall.h"
#include "datapath/cache/flow_cache.h"
#include "datapath/cache/megaflow_table.h"
#include "datapath/kernel/kernel_path.h"
#include "datapath/port/port_table.h"
#include "datapath/worker/held_packets.h"
#include "datapath/worker/miss_budget.h"
#include "datapath/worker/transmit.h"
#include "datapath/worker/worker_counters.h"
#include "lib/base/clock.h"
#include "lib/base/index_set.h"
#include "lib/flow/flow_key.h"
#include "lib/packet/packet_batch.h"

namespace weft::datapath {

class Pipeline {
 public:
  struct Parts {
    unsigned worker;
    const Clock& clock;
    UpcallSink& sink;
    FlowCache& flow_cache;
    MegaflowTable& megaflows;
    MissBudget& budget;
    TransmitStep& transmit;
    WorkerCounters& counters;
    KernelPath& kernel;
  };
  explicit Pipeline(const Parts& parts) : parts_(parts) {}

  // Everything in the batch has left, or waits in a port's backlog, when this returns.
  void process(PacketBatch&& batch, const PortTable& ports);

  // Answers of ports (TxContext::answer): as process(), but nobody has received them.
  void process_answers(PacketBatch&& answers, const PortTable& ports);

  // Packets held for changes up to this number go on; when this returns they have left, or are held again.
  void release(uint64_t up_to);

  bool has_held() const { return !held_.empty(); }

  // A decision on a packet that no port received. It is counted through UpcallSink::credit.
  void execute(PacketPtr packet, const Decision& decision);

 private:
  static constexpr size_t capacity = PacketBatch::capacity;

  void end(Stage stage) { parts_.counters.stages.end(stage); }
  void receive(PacketBatch& batch, const PortTable& ports);
  void run_recirculated();
  void add(PacketPtr packet);
  void run_all();
  static Verdict admit(Packet& packet, FlowKey& key);
  void look_up();
  void look_up_misses(IndexSet missing);
  IndexSet admit_misses(IndexSet missing, std::array<MegaflowDomain*, capacity>& domains);
  void drop_misses(IndexSet refused);
  void admit_to_cache(uint64_t hash, Megaflow& megaflow);
  void run_hits();
  void offer_hits();
  void offer(Megaflow& megaflow);
  void choose_hits();
  void run_misses();

  // A packet on its way, from the batch or held; it has left when `packet` is null.
  struct Arrival {
    PacketPtr& packet;
    const FlowKey& key;
    uint64_t hash;
    bool is_released = false;
    bool is_known_miss = false;  // no megaflow covered it when the batch was looked up
  };
  Arrival arrival(size_t i) { return {packets_[i], keys_[i], hashes_[i], false, found_[i] == nullptr}; }
  void run(PacketPtr& packet, Megaflow& megaflow);
  void carry_out(PacketPtr& packet, const Installed& installed);
  void look_up_and_run(const Arrival& arrival);
  Megaflow* look_up_again(const Arrival& arrival);
  void translate_and_run(const Arrival& arrival);
  Decision translate(const Arrival& arrival);
  void hold(const Arrival& arrival, uint64_t held_for);
  void run_once(PacketPtr packet, const Decision& decision);
  Megaflow* remember(const FlowKey& key, std::unique_ptr<Installed>& installed);

  const Parts parts_;
  TimePoint now_{};
  // The batch: what is known about packet i. A packet that has left is null.
  size_t count_ = 0;
  std::array<PacketPtr, capacity> packets_;
  std::array<FlowKey, capacity> keys_;
  std::array<uint64_t, capacity> hashes_{};
  std::array<Megaflow*, capacity> found_{};
  IndexSet hits_;     // go before the misses are looked at
  IndexSet waiting_;  // do not; those in neither have left
  uint64_t insertions_at_look_up_ = 0;
  HeldPackets held_;
};

}  // namespace weft::datapath
