// What the datapath asks of the slow path, and what it gets.
//
// A worker that meets a packet no megaflow covers calls UpcallSink::translate on its own thread, executes the
// decision and remembers it as a megaflow. The sink is implemented by ofproto and plugged in by the daemon;
// the datapath knows nothing of tables.
//
// Order of events for a miss (DESIGN section 4, "Change"):
//   1. decision = sink.translate(...)        effects (a MAC move) are in force when it returns
//   2. the megaflow is inserted, visible to the revalidator
//   3. sink.is_current(decision)             a sequentially consistent load; false: remove it, translate again,
//                                            after two attempts forward uncached
//   4. the packet is counted, then the actions run
// The revalidator begins its walk after a change is published, so it sees the megaflow or step 3 sees the change.
//
// Threads: every method may be called by any worker at once. None blocks; translate may allocate.
#pragma once

#include <cstdint>
#include <memory>

#include "datapath/api/action.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/kept_key.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

// What ofproto remembers about a decision: the rules, groups, MACs it relied on, and whom to credit. Opaque here.
class DecisionRecord {
 public:
  virtual ~DecisionRecord() = default;
};

struct Decision {
  ActionList actions;
  KeptMask mask;             // bits of the key that were looked at; in_port (PortId) always exact
  uint64_t version = 0;      // of the tables it was proved at
  bool is_cacheable = true;  // false: this packet only (e.g. an injected one, a learn's limit)
  // Not 0: the packet is held until Datapath::release_held() names this number or a later one, and is then translated
  // again, by translate_released(); packets of its flow wait behind it. Nothing else of the decision counts.
  uint64_t held_for = 0;
  std::unique_ptr<DecisionRecord> record;
};

class UpcallSink {
 public:
  virtual ~UpcallSink() = default;

  // `key` carries the datapath's PortId as in_port. `packet` is for effects and snooping only; the decision
  // depends on key alone.
  virtual Decision translate(const FlowKey& key, const Packet& packet) = 0;

  // Of a packet that was held and may go on now. The decision may hold it again.
  virtual Decision translate_released(const FlowKey& key, const Packet& packet) { return translate(key, packet); }

  // Whether no change has been published since the decision's version.
  virtual bool is_current(const Decision& decision) const = 0;

  // Credits packets that were forwarded by a decision that is not kept as a megaflow.
  virtual void credit(const Decision& decision, uint64_t packet_count, uint64_t byte_count) = 0;

  // A Controller action: takes a copy of the frame. False when its queue is full (the packet is then counted as
  // packet_in_queue_full unless it also went elsewhere).
  virtual bool punt(const PuntContext& context, const Packet& packet) = 0;
};

}  // namespace weft::datapath
