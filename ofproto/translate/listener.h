// TranslationListener: hears what a translation does while it does it. A trace is a translation with one.
//
// Threads: the translating thread. Cost: none when there is no listener.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/flow/flow_key.h"
#include "lib/openflow/action.h"
#include "lib/openflow/instruction.h"
#include "ofproto/table/flow_rule.h"
#include "ofproto/translate/frozen_state.h"
#include "ofproto/translate/snapshot.h"

namespace weft::ofproto {

class TranslationListener {
 public:
  virtual ~TranslationListener() = default;
  // Called first, and again at each patch port that is crossed.
  virtual void enter_bridge(const BridgeView& bridge, const Flow& flow) = 0;
  virtual void leave_bridge() = 0;
  // A copy starts through the egress tables, bound for the port; and has gone, the packet being `flow` again.
  virtual void begin_egress(uint8_t first_table, const PortView& port, const Flow& flow) = 0;
  virtual void end_egress(const Flow& flow) = 0;
  // `flow` was looked up, `rule` is null on a miss. Actions that follow are the rule's until the next call, or until
  // end_table().
  virtual void begin_table(uint8_t table_id, const FlowRule* rule, const Flow& flow) = 0;
  virtual void end_table() = 0;
  // Before an action is executed, and after: what it led to was told in between.
  virtual void action(const openflow::Action& action) = 0;
  virtual void action_done(const openflow::Action& action, const Flow& flow) = 0;
  virtual void instruction(const openflow::Instructions& what) = 0;
  // What happened inside an action, or why it did nothing.
  virtual void note(std::string_view text) = 0;
  // The packet will be looked up again; `state` says what goes on then. `flow`: its fields at this point. `hash`: what
  // sets dp_hash before, or null.
  virtual void recirculate(const FrozenStatePtr& state, const Flow& flow, const datapath::Hash* hash) = 0;
  // The packet's fields after all of it.
  virtual void end(const Flow& flow) = 0;
};

}  // namespace weft::ofproto
