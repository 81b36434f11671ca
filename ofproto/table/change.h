// Change: what a flow-mod or group-mod has done, prepared at a version that may not be published yet.
//
// The revalidator selects megaflows by it, flow-removed messages are made from it, and revert() undoes by it. Rules
// in it are kept alive by it.
//
// Threads: values, made on the control thread; may be handed to another.
#pragma once

#include <bitset>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

#include "lib/openflow/flow_message.h"
#include "ofproto/table/flow_rule.h"
#include "ofproto/table/group.h"

namespace weft::ofproto {

struct RuleChange {
  FlowRulePtr before = {};  // null: a rule was added where none was
  FlowRulePtr after = {};   // null: the rule was removed
  // Why `before` went; says nothing when there is an `after`. A replaced or modified rule causes no flow-removed.
  openflow::FlowRemovedReason reason = openflow::FlowRemovedReason::removed;
  uint32_t xid = 0;  // of the request that asked for it, if one did

  bool is_removal() const { return after == nullptr; }
  bool wants_flow_removed() const {
    return is_removal() && (before->flags() & openflow::flow_flag::send_flow_rem) != 0;
  }
};

struct GroupChange {
  GroupPtr before = {};  // null: added
  GroupPtr after = {};   // null: removed
};

struct Change {
  uint64_t version = 0;  // first version at which it is visible
  std::vector<RuleChange> rules = {};
  std::vector<GroupChange> groups = {};
  bool has_flow_removed = false;  // some rule wants a flow-removed
  std::bitset<256> tables = {};   // that the rules are in

  bool empty() const { return rules.empty() && groups.empty(); }
  // Adds what came later at the same version: the parts of a bundle.
  void append(Change later) {
    version = later.version;
    has_flow_removed = has_flow_removed || later.has_flow_removed;
    tables |= later.tables;
    rules.insert(rules.end(), std::make_move_iterator(later.rules.begin()), std::make_move_iterator(later.rules.end()));
    groups.insert(groups.end(), std::make_move_iterator(later.groups.begin()),
                  std::make_move_iterator(later.groups.end()));
  }
};

}  // namespace weft::ofproto
