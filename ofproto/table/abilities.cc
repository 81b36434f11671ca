#include "ofproto/table/abilities.h"

#include <algorithm>
#include <string>
#include <utility>

#include "lib/openflow/nicira_error.h"
#include "lib/packet/ethernet.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::OpenFlowError;

namespace {

Refusal bad_conjunction(std::string why) {
  return nicira_error(openflow::NiciraError::bad_conjunction, std::move(why));
}

// A clause does nothing itself, so nothing else but a note may stand beside it.
Refusal find_mixed_conjunction(const openflow::Instructions& instructions) {
  const auto is_conjunction = [](const openflow::Action& action) {
    return std::holds_alternative<openflow::ConjunctionAction>(action);
  };
  const auto is_other = [&](const openflow::Action& action) {
    return !is_conjunction(action) && !std::holds_alternative<openflow::NoteAction>(action);
  };
  if (!instructions.apply || std::ranges::none_of(*instructions.apply, is_conjunction)) {
    return std::nullopt;
  }
  openflow::Instructions rest = instructions;
  rest.apply.reset();
  return rest.empty() && std::ranges::none_of(*instructions.apply, is_other)
             ? std::nullopt
             : bad_conjunction("beside conjunction actions there may only be notes");
}

// One call an action.
struct Unable {
  // A frame's type is one that a frame may have, and no tag: tags are pushed.
  Refusal operator()(const openflow::SetFieldAction& action) const {
    const auto type = static_cast<uint16_t>(action.value.lo);
    if (action.field == FieldId::eth_type && (type < eth_type::min || eth_type::is_vlan(type))) {
      return OpenFlowError(ErrorCode::ofpbac_bad_set_argument, "no frame's payload has this type");
    }
    return std::nullopt;
  }
  // As Open vSwitch: where many ports, or none, would be meant.
  Refusal operator()(const openflow::OutputTruncAction& action) const {
    const OfPort port = action.port;
    if (is_ordinary(port) || port == of_port::local || port == of_port::in_port) {
      return std::nullopt;
    }
    return OpenFlowError(ErrorCode::ofpbac_bad_out_port, "a packet is cut off for one port at a time");
  }
  Refusal operator()(const openflow::ConjunctionAction& action) const {
    return action.clause_count >= 2 && action.clause_count <= 64 && action.clause < action.clause_count
               ? std::nullopt
               : bad_conjunction("a conjunction has 2 to 64 clauses, of which this must be one");
  }
  Refusal operator()(const openflow::CloneAction& action) const { return find_unable(action.nested->actions); }
  // Stored, and a packet that meets it is dropped: DropReason::connection_tracking.
  Refusal operator()(const openflow::CtAction& action) const { return find_unable(action.nested->actions); }

  template <class Other>
  Refusal operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

Refusal find_unable(const openflow::ActionList& actions) {
  for (const openflow::Action& action : actions) {
    if (auto refusal = std::visit(Unable{}, action)) {
      return refusal;
    }
  }
  return std::nullopt;
}

Refusal find_unable(const openflow::Instructions& instructions) {
  auto refusal = find_mixed_conjunction(instructions);
  if (!refusal && instructions.apply) {
    refusal = find_unable(*instructions.apply);
  }
  return refusal || !instructions.write ? refusal : find_unable(*instructions.write);
}

}  // namespace weft::ofproto
