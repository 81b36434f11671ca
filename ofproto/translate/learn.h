// Learn: flows that packets make (ovs-actions(7), "learn").
//
// A translation that meets a learn action builds the flow from the packet's fields. When a rule like it is in its table
// already, traffic keeps it alive (Credits::Learned). Otherwise the flow is an effect: whoever asked for the translation
// hands it to the control thread and translates the packet again when the flow is in force. Lookups later in the same
// translation see it as if it were (Overlay), so one translation finds all that a packet teaches.
//
// Threads: values and pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "lib/openflow/flow_message.h"
#include "ofproto/table/flow_rule.h"
#include "ofproto/translate/dependency_id.h"

namespace weft::ofproto {

// A flow-mod that a packet asks for.
struct LearnedFlow {
  BridgeId bridge = 0;
  openflow::FlowMod flow;
  uint32_t limit = 0;  // how many flows with its cookie its table may have; 0: any number
};

// The bits of a packet that a learn action copies; zero where the packet lacks the header.
using BitReader = std::function<FieldValue(const openflow::SubField&)>;

openflow::FlowMod learned_flow(const openflow::Learn& learn, const BitReader& read);

// Whether the rule, which has the flow's table, match and priority, is what learning the flow would make. Timeouts are
// not compared: the end of a connection may have made them shorter.
bool is_as_learned(const FlowRule& rule, const openflow::FlowMod& flow);

// Flows learned by one translation, as rules that only it sees.
class Overlay {
 public:
  bool empty() const { return rules_.empty(); }
  void add(BridgeId bridge, const openflow::FlowMod& flow);
  // The rule of this table, match and priority, or null.
  const FlowRule* find(BridgeId bridge, const openflow::FlowMod& flow) const;
  // A share of one of its rules; null for every other rule.
  std::shared_ptr<const FlowRule> share_of(const FlowRule& rule) const;
  // The rule that decides for the packet where the tables say `found` (or null). Adds the bits looked at to `mask`.
  const FlowRule* lookup(BridgeId bridge, uint8_t table_id, const Flow& flow, const FlowRule* found, Flow& mask) const;

 private:
  struct Entry {
    BridgeId bridge;
    std::shared_ptr<const FlowRule> rule;
  };
  std::vector<Entry> rules_;
};

}  // namespace weft::ofproto
