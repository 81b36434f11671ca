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
  Refusal operator()(const openflow::StackPushAction&) const { return not_executed("push"); }
  Refusal operator()(const openflow::StackPopAction&) const { return not_executed("pop"); }
  Refusal operator()(const openflow::CheckPacketLargerAction&) const { return not_executed("check_pkt_larger"); }
  Refusal operator()(const openflow::DeleteFieldAction&) const { return not_executed("delete_field"); }
  Refusal operator()(const openflow::OutputRegAction&) const { return not_executed("output to a register"); }
  Refusal operator()(const openflow::OutputTruncAction&) const { return not_executed("output with truncation"); }
  Refusal operator()(const openflow::MultipathAction&) const { return not_executed("multipath"); }
  Refusal operator()(const openflow::BundleAction&) const { return not_executed("bundle"); }
  Refusal operator()(const openflow::LearnAction&) const { return not_executed("learn"); }
  Refusal operator()(const openflow::FinTimeoutAction&) const { return not_executed("fin_timeout"); }
  Refusal operator()(const openflow::ConjunctionAction&) const { return not_executed("conjunction"); }
  Refusal operator()(const openflow::SampleAction&) const { return not_executed("sample"); }
  Refusal operator()(const openflow::CloneAction&) const { return not_executed("clone"); }
  // Stored, and a packet that meets it is dropped: DropReason::connection_tracking.
  Refusal operator()(const openflow::CtAction& action) const { return find_unable(action.nested->actions); }
  Refusal operator()(const openflow::ControllerAction& action) const {
    if (action.meter_id) {
      return OpenFlowError(ErrorCode::ofpbpc_bad_type, "a controller action does not meter");
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
