// UpcallHandler: answers a worker's misses: which bridge, what its tables say, what that teaches.
//
// translate() runs the translator on the worker's thread. Effects (an address learned or moved) are applied before
// it returns and the packet is translated once more, so that the decision already knows what it taught. A packet that
// teaches flows (learn) is held until the control thread has put them into the tables (learn_queue.h), and translated
// again then, for the last time: what was refused is not asked for again by the same packet.
//
// Threads:   every method by any worker at once, registered with RCU.
// Ownership: refers to the published state, which outlives the datapath.
// Not here:  replacing decisions when something changes (revalidator.h).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "datapath/api/upcall.h"
#include "lib/base/clock.h"
#include "ofproto/upcall/flow_record.h"
#include "ofproto/upcall/learn_queue.h"
#include "ofproto/upcall/packet_in_queue.h"
#include "ofproto/upcall/published_state.h"

namespace weft::ofproto {

// What the handler tells: both may be called by any worker and must only wake somebody.
struct UpcallHooks {
  std::function<void()> changed;        // something was appended to the change log
  std::function<void()> made_decision;  // a megaflow may soon exist
  // Flows that a packet of this port asks for: the number of the request (LearnQueue::push).
  std::function<std::optional<uint64_t>(PortId, std::vector<LearnedFlow>)> learn;
  // MacLearn::must_announce, and the address has moved.
  std::function<void(const MacLearn&)> address_came;
};

class UpcallHandler final : public datapath::UpcallSink {
 public:
  UpcallHandler(PublishedState& state, const Clock& clock, PacketInQueue& packet_ins, UpcallHooks hooks);

  datapath::Decision translate(const FlowKey& key, const Packet& packet) override;
  datapath::Decision translate_released(const FlowKey& key, const Packet& packet) override;
  bool is_current(const datapath::Decision& decision) const override;
  void credit(const datapath::Decision& decision, uint64_t packet_count, uint64_t byte_count) override;
  bool punt(const datapath::PuntContext& context, const Packet& packet) override;

  // Applies what a packet-out's translation taught, as for a miss.
  bool apply(const Effects& effects);

 private:
  datapath::Decision translate(const FlowKey& key, bool may_learn);
  datapath::Decision translate_answer(const FlowKey& key);
  datapath::Decision learn_first(PortId port, std::vector<LearnedFlow> flows);

  PublishedState& state_;
  const Clock& clock_;
  PacketInQueue& packet_ins_;
  const UpcallHooks hooks_;
};

}  // namespace weft::ofproto
