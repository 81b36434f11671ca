#include "lib/openflow/action_rules.h"

#include <algorithm>
#include <string>

#include "lib/openflow/nicira_error.h"

namespace weft::openflow {
namespace {

using Complaint = std::optional<OpenFlowError>;

template <class... Kinds>
bool is_any(const Action& action) {
  return (std::holds_alternative<Kinds>(action) || ...);
}

// The field an action writes, if that is what it does.
std::optional<FieldId> written_field(const Action& action) {
  if (const auto* set = std::get_if<SetFieldAction>(&action)) {
    return set->field;
  }
  if (const auto* move = std::get_if<MoveAction>(&action)) {
    return move->to.field;
  }
  return std::nullopt;
}

Complaint check_tracked(const Action& action) {
  if (is_any<NatAction>(action)) {
    return std::nullopt;
  }
  const auto written = written_field(action);
  if (!written) {
    return OpenFlowError{ErrorCode::ofpbac_bad_argument, "ct takes only nat and what sets ct_mark and ct_label"};
  }
  if (!is_connection_field(*written)) {
    return OpenFlowError{ErrorCode::ofpbac_bad_argument, std::string(field(*written).name) + " cannot be set by ct"};
  }
  return std::nullopt;
}

// OpenFlow 1.3.5 section 5.10; what Nicira's actions add to it is what Open vSwitch gives a place.
bool has_place_in_action_set(const Action& action) {
  return is_any<OutputAction, SetFieldAction, MoveAction, PushVlanAction, PopVlanAction, SetVlanVidAction,
                SetVlanPcpAction, PushMplsAction, PopMplsAction, PushPbbAction, PopPbbAction, SetTtlAction,
                DecTtlAction, SetMplsTtlAction, DecMplsTtlAction, CopyTtlInAction, CopyTtlOutAction, SetQueueAction,
                GroupAction, MeterAction, ResubmitAction, CtAction, CtClearAction, ControllerAction>(action);
}

Complaint check(const Action& action, ActionContext context) {
  if (context == ActionContext::tracked) {
    return check_tracked(action);
  }
  if (is_any<NatAction>(action)) {
    return OpenFlowError{ErrorCode::ofpbac_bad_set_argument, "nat stands only inside ct"};
  }
  if (const auto written = written_field(action); written && is_connection_field(*written)) {
    return OpenFlowError{ErrorCode::ofpbac_bad_set_argument,
                         std::string(field(*written).name) + " is set only inside ct(exec(...))"};
  }
  if (context == ActionContext::action_set && !has_place_in_action_set(action)) {
    return OpenFlowError{ErrorCode::ofpbac_bad_type, "this action has no place in an action set"};
  }
  return std::nullopt;
}

bool stands_beside_conjunction(const Action& action) { return is_any<ConjunctionAction, NoteAction>(action); }

}  // namespace

std::optional<Misplaced> find_misplaced(const ActionList& actions, ActionContext context) {
  for (size_t i = 0; i < actions.size(); ++i) {
    if (auto complaint = check(actions[i], context)) {
      return Misplaced{std::move(*complaint), i};
    }
  }
  const bool has_conjunction = std::ranges::any_of(actions, is_any<ConjunctionAction>);
  const auto stranger = std::ranges::find_if_not(actions, stands_beside_conjunction);
  if (has_conjunction && stranger != actions.end()) {
    return Misplaced{
        nicira_error(NiciraError::bad_conjunction, "beside a conjunction stand only conjunctions and notes"),
        static_cast<size_t>(stranger - actions.begin())};
  }
  return std::nullopt;
}

}  // namespace weft::openflow
