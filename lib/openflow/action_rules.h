// Where actions may stand, whatever the rule matches: nat only inside ct, the connection's mark and label only in
// ct(exec(...)), a conjunction only among conjunctions and notes, and in an action set only what has a place in its order.
//
// The wire codec refuses what does not belong with the error given here; the text parser marks the action.
// Threads: pure functions. Cost: a look at each action of one list; those inside were looked at with their own list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/openflow/action.h"
#include "lib/openflow/error.h"

namespace weft::openflow {

// What kind of list. Output to TABLE is for packet-out only; `action_set` is the write-actions instruction; `tracked` is
// what ct does to the connection.
enum class ActionContext : uint8_t { rule, action_set, bucket, packet_out, tracked };

// Written to the connection, not to the packet.
constexpr bool is_connection_field(FieldId id) { return id == FieldId::ct_mark || id == FieldId::ct_label; }

struct Misplaced {
  OpenFlowError error;
  size_t action_index = 0;
};

// Nothing: all is well.
std::optional<Misplaced> find_misplaced(const ActionList& actions, ActionContext context);

}  // namespace weft::openflow
