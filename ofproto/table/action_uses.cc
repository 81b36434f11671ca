#include "ofproto/table/action_uses.h"

#include <algorithm>
#include <variant>

namespace weft::ofproto {

namespace {

// The list in an action, if it has one.
const openflow::ActionList* nested_in(const openflow::Action& action) {
  if (const auto* clone = std::get_if<openflow::CloneAction>(&action)) {
    return &clone->nested->actions;
  }
  const auto* ct = std::get_if<openflow::CtAction>(&action);
  return ct != nullptr ? &ct->nested->actions : nullptr;
}

bool is_output_to(const openflow::Action& action, OfPort port) {
  if (const auto* output = std::get_if<openflow::OutputAction>(&action)) {
    return output->port == port;
  }
  if (const auto* cut = std::get_if<openflow::OutputTruncAction>(&action)) {
    return cut->port == port;
  }
  if (const auto* enqueue = std::get_if<openflow::EnqueueAction>(&action)) {
    return enqueue->port == port;
  }
  if (const openflow::ActionList* nested = nested_in(action)) {
    return outputs_to(*nested, port);
  }
  return port == of_port::controller && std::holds_alternative<openflow::ControllerAction>(action);
}

}  // namespace

bool outputs_to(const openflow::ActionList& actions, OfPort port) {
  return std::any_of(actions.begin(), actions.end(),
                     [port](const openflow::Action& action) { return is_output_to(action, port); });
}

bool outputs_to(const openflow::Instructions& instructions, OfPort port) {
  return (instructions.apply && outputs_to(*instructions.apply, port)) ||
         (instructions.write && outputs_to(*instructions.write, port));
}

bool chooses_output(const openflow::Action& action) {
  const auto* bundle = std::get_if<openflow::BundleAction>(&action);
  return std::holds_alternative<openflow::OutputAction>(action) ||
         std::holds_alternative<openflow::GroupAction>(action) ||
         std::holds_alternative<openflow::EnqueueAction>(action) ||
         std::holds_alternative<openflow::OutputRegAction>(action) ||
         std::holds_alternative<openflow::OutputTruncAction>(action) || (bundle != nullptr && !bundle->to);
}

bool uses_group(const openflow::Instructions& instructions, uint32_t group_id) {
  bool found = false;
  for_each_group(instructions, [&](uint32_t used) { found = found || used == group_id; });
  return found;
}

void for_each_group(const openflow::ActionList& actions, const std::function<void(uint32_t)>& visit) {
  for (const openflow::Action& action : actions) {
    if (const auto* group = std::get_if<openflow::GroupAction>(&action)) {
      visit(group->group_id);
    } else if (const openflow::ActionList* nested = nested_in(action)) {
      for_each_group(*nested, visit);
    }
  }
}

void for_each_learn(const openflow::ActionList& actions, const std::function<void(const openflow::Learn&)>& visit) {
  for (const openflow::Action& action : actions) {
    if (const auto* learn = std::get_if<openflow::LearnAction>(&action)) {
      visit(*learn->learn);
    } else if (const openflow::ActionList* nested = nested_in(action)) {
      for_each_learn(*nested, visit);
    }
  }
}

void for_each_learn(const openflow::Instructions& instructions,
                    const std::function<void(const openflow::Learn&)>& visit) {
  if (instructions.apply) {
    for_each_learn(*instructions.apply, visit);
  }
}

bool takes_along_learned(const openflow::Instructions& instructions) {
  bool takes_along = false;
  for_each_learn(instructions,
                 [&](const openflow::Learn& learn) { takes_along = takes_along || learn.delete_learned; });
  return takes_along;
}

void for_each_group(const openflow::Instructions& instructions, const std::function<void(uint32_t)>& visit) {
  if (instructions.apply) {
    for_each_group(*instructions.apply, visit);
  }
  if (instructions.write) {
    for_each_group(*instructions.write, visit);
  }
}

void for_each_meter(const openflow::ActionList& actions, const VisitMeter& visit) {
  for (const openflow::Action& action : actions) {
    if (const auto* meter = std::get_if<openflow::MeterAction>(&action)) {
      visit(meter->meter_id, openflow::ErrorCode::ofpbac_bad_meter);
    } else if (const auto* controller = std::get_if<openflow::ControllerAction>(&action)) {
      if (controller->meter_id) {
        visit(*controller->meter_id, openflow::ErrorCode::ofpmmfc_invalid_meter);
      }
    } else if (const openflow::ActionList* nested = nested_in(action)) {
      for_each_meter(*nested, visit);
    }
  }
}

void for_each_meter(const openflow::Instructions& instructions, const VisitMeter& visit) {
  if (instructions.meter) {
    visit(*instructions.meter, openflow::ErrorCode::ofpmmfc_invalid_meter);
  }
  if (instructions.apply) {
    for_each_meter(*instructions.apply, visit);
  }
  if (instructions.write) {
    for_each_meter(*instructions.write, visit);
  }
}

}  // namespace weft::ofproto
