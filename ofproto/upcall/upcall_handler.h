// UpcallHandler: answers a worker's misses: which bridge, what its tables say, what that teaches.
//
// translate() runs the translator on the worker's thread. Effects (an address learned or moved) are applied before
// it returns and the packet is translated once more, so that the decision already knows what it taught.
//
// Threads:   every method by any worker at once, registered with RCU.
// Ownership: refers to the published state, which outlives the datapath.
// Not here:  replacing decisions when something changes (revalidator.h).
#pragma once

#include <functional>

#include "datapath/api/upcall.h"
#include "lib/base/clock.h"
#include "ofproto/upcall/flow_record.h"
#include "ofproto/upcall/packet_in_queue.h"
#include "ofproto/upcall/published_state.h"

namespace weft::ofproto {

// What the handler tells: both may be called by any worker and must only wake somebody.
struct UpcallHooks {
  std::function<void()> changed;        // something was appended to the change log
  std::function<void()> made_decision;  // a megaflow may soon exist
};

class UpcallHandler final : public datapath::UpcallSink {
 public:
  UpcallHandler(PublishedState& state, const Clock& clock, PacketInQueue& packet_ins, UpcallHooks hooks);

  datapath::Decision translate(const FlowKey& key, const Packet& packet) override;
  bool is_current(const datapath::Decision& decision) const override;
  void credit(const datapath::Decision& decision, uint64_t packet_count, uint64_t byte_count) override;
  bool punt(const datapath::PuntContext& context, const Packet& packet) override;

  // Applies what a packet-out's translation taught, as for a miss.
  bool apply(const Effects& effects);

 private:
  PublishedState& state_;
  const Clock& clock_;
  PacketInQueue& packet_ins_;
  const UpcallHooks hooks_;
};

}  // namespace weft::ofproto
