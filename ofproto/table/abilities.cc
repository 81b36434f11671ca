#include "ofproto/table/abilities.h"

#include <string>
#include <vector>

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::OpenFlowError;

namespace {

Refusal not_executed(std::string_view action) {
  return OpenFlowError(ErrorCode::ofpbac_bad_type, std::string(action) + " is not executed");
}

// One call an action.
struct Unable {
  Refusal operator()(const openflow::CopyTtlInAction&) const { return not_executed("copy_ttl_in"); }
  Refusal operator()(const openflow::CopyTtlOutAction&) const { return not_executed("copy_ttl_out"); }
  Refusal operator()(const openflow::PushPbbAction&) const { return not_executed("push_pbb"); }
  Refusal operator()(const openflow::PopPbbAction&) const { return not_executed("pop_pbb"); }
  Refusal operator()(const openflow::MeterAction&) const { return not_executed("meter"); }
  Refusal operator()(const openflow::ControllerAction& action) const {
    if (action.pause || action.meter_id) {
      return OpenFlowError(ErrorCode::ofpbpc_bad_type, "a controller action neither pauses nor meters");
    }
    return std::nullopt;
  }
  Refusal operator()(const openflow::MoveAction& action) const {
    return field(action.from.field).is_filled
               ? std::nullopt
               : Refusal(OpenFlowError(ErrorCode::ofpbac_bad_argument,
                                       std::string(field(action.from.field).name) + " is never filled"));
  }

  template <class Other>
  Refusal operator()(const Other&) const {
    return std::nullopt;
  }
};

const std::vector<const Field*>& unfilled_fields() {
  static const std::vector<const Field*> fields = [] {
    std::vector<const Field*> found;
    for (const Field& one : all_fields()) {
      if (!one.is_filled && one.has_place()) {
        found.push_back(&one);
      }
    }
    return found;
  }();
  return fields;
}

}  // namespace

Refusal find_unable(const openflow::ActionList& actions) {
  for (const openflow::Action& action : actions) {
    if (auto refusal = std::visit(Unable{}, action)) {
      return refusal;
    }
  }
  return std::nullopt;
}

Refusal find_unable(const Match& match, const openflow::Instructions& instructions) {
  for (const Field* unfilled : unfilled_fields()) {
    if (!match.is_wild(*unfilled)) {
      return OpenFlowError(ErrorCode::ofpbmc_bad_field, std::string(unfilled->name) + " is never filled");
    }
  }
  auto refusal = instructions.apply ? find_unable(*instructions.apply) : std::nullopt;
  return refusal || !instructions.write ? refusal : find_unable(*instructions.write);
}

}  // namespace weft::ofproto
