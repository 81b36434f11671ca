// FrozenState: a translation that was stopped, as one value: where in the pipeline the packet is, what is left to do, and
// what of the packet is not in its frame.
//
// A translation stops where it cannot see on: behind a label that it popped, nobody knows the fields before the packet
// is read again; a select group with dp_hash waits for the datapath to choose; a controller asked for the packet to be
// paused. It is resumed with the packet's new key (TranslationInput::resumed).
//
//   pipeline      tunnel fields, metadata and registers as far as they are known; the others are read from the packet,
//                 which still has them. Nothing in it differs between packets of the megaflow that stopped here.
//   steps         what is left, the first first: rest of an action list, then the rest of its rule's instructions
//   action_set    what is executed when the steps are through
//   hashed_group  the group whose bucket dp_hash names
//
// Threads: immutable. Ownership: shared by the megaflows that lead to it and those that go on from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "datapath/api/action.h"
#include "lib/base/ids.h"
#include "lib/flow/match.h"
#include "lib/openflow/action.h"
#include "lib/openflow/instruction.h"
#include "ofproto/table/flow_rule.h"
#include "ofproto/translate/dependency_id.h"

namespace weft::ofproto {

struct FrozenStep {
  openflow::ActionList actions;
  openflow::Instructions then;  // without `apply`
  uint8_t table_id = 0;
  std::shared_ptr<const FlowRule>
      rule;                        // whose actions these are; null: a packet-out's, or a controller gave them back
  uint64_t cookie = ~uint64_t{0};  // of the rule
  bool is_packet_out = false;
  bool is_in_action_set = false;
  bool is_in_group = false;
  bool is_pipeline = false;  // a miss of what it goes to ends all, the action set too

  friend bool operator==(const FrozenStep&, const FrozenStep&) = default;
};

class FrozenState final : public datapath::RecirculationContext {
 public:
  uint32_t id = 0;  // given by FrozenStates; 0: it has none
  BridgeId bridge = 0;
  OfPort in_port{};
  std::optional<OfPort> egress_port;  // in egress tables: the port that the packet is bound for
  MiniMatch pipeline;
  std::vector<FrozenStep> steps;
  openflow::ActionList action_set;
  std::vector<FieldValue> stack;  // of push and pop, the last one on top
  bool runs_action_set = false;   // not so in a bucket: what its rules write into the action set is forgotten
  std::optional<uint32_t> hashed_group;

  // All but the id.
  bool has_content_of(const FrozenState& other) const {
    return bridge == other.bridge && in_port == other.in_port && egress_port == other.egress_port &&
           pipeline == other.pipeline && steps == other.steps && action_set == other.action_set &&
           stack == other.stack && runs_action_set == other.runs_action_set && hashed_group == other.hashed_group;
  }
};

using FrozenStatePtr = std::shared_ptr<const FrozenState>;

}  // namespace weft::ofproto
