#include "ofproto/translate/trace_listener.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/flow/flow_hash.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "ofproto/translate/decision_text.h"
#include "ofproto/translate/why_not.h"

namespace weft::ofproto {
namespace {

std::string describe(const FlowRule& rule, const PortNames& names) {
  std::string text = format_match(rule.match().expand(), &names);
  text += fmt::format("{}priority {}", text.empty() ? "" : ", ", rule.priority());
  if (rule.cookie() != 0) {
    text += fmt::format(", cookie {:#x}", rule.cookie());
  }
  return text;
}

// The action's own text says all that it does to the fields.
bool speaks_for_itself(const openflow::Action& action) {
  const auto* set = std::get_if<openflow::SetFieldAction>(&action);
  return set != nullptr && set->mask == all_bits(field(set->field));
}

// The parts of one list that are not in the other: fields whose value is new.
std::vector<std::string> parts_beyond(std::string_view text, std::string_view known) {
  const std::vector<std::string_view> before = split(known, ',');
  std::vector<std::string> parts;
  for (const std::string_view part : split(text, ',')) {
    if (std::ranges::find(before, part) == before.end()) {
      parts.emplace_back(part);
    }
  }
  return parts;
}

std::string_view name_of(std::string_view part) { return part.substr(0, part.find('=')); }

// Without what the pipeline itself fills in and nobody has asked for.
Flow told(Flow flow) {
  set(flow, FieldId::in_phy_port, FieldValue{});
  if (get(flow, FieldId::actset_output).lo == number(of_port::unset)) {
    set(flow, FieldId::actset_output, FieldValue{});
  }
  return flow;
}

}  // namespace

void TraceListener::enter_bridge(const BridgeView& bridge, const Flow& flow) {
  const std::string title = fmt::format("bridge(\"{}\")", bridge.name);
  line(title);
  line(std::string(title.size(), '-'));
  bridges_.push_back(&bridge);
  last_ = flow;
}

void TraceListener::leave_bridge() {
  if (!bridges_.empty()) {
    bridges_.pop_back();
  }
}

void TraceListener::begin_egress(uint8_t first_table, const PortView& port, const Flow& flow) {
  note(fmt::format("egress table {} for output to port {}", first_table, port.name));
  ++depth_;
  ++egress_depth_;
  last_ = flow;
}

// What became of the copy is no change of the packet.
void TraceListener::end_egress(const Flow& flow) {
  --depth_;
  --egress_depth_;
  last_ = flow;
}

void TraceListener::begin_table(uint8_t table_id, const FlowRule* rule, const Flow& flow) {
  const BridgeView& bridge = *bridges_.back();
  const BridgePortNames names(bridge);
  line(fmt::format("{:>2}. {}", table_id, rule == nullptr ? "No match." : describe(*rule, names)));
  ++depth_;
  if (const FlowTable* table = explains_ ? bridge.tables->find_table(table_id) : nullptr) {
    for (const std::string& reason : why_not(*table, rule, version_, flow, &names)) {
      line(reason);
    }
  }
}

void TraceListener::action(const openflow::Action& action) {
  const BridgePortNames names(*bridges_.back());
  line(openflow::format_action(action, &names));
}

void TraceListener::action_done(const openflow::Action& action, const Flow& flow) {
  if (!speaks_for_itself(action) && !bridges_.empty()) {
    tell_changes(flow);
  }
  last_ = flow;
}

// What lies on the packet beneath a popped header is often not known, so that many a field goes: its name is enough.
void TraceListener::tell_changes(const Flow& flow) {
  if (flow == last_) {
    return;
  }
  const BridgePortNames names(*bridges_.back());
  const std::string before = format_flow(last_, &names);
  const std::string after = format_flow(flow, &names);
  const std::vector<std::string> changed = parts_beyond(after, before);
  std::vector<std::string> gone;
  for (const std::string& part : parts_beyond(before, after)) {
    const bool has_new_value =
        std::ranges::any_of(changed, [&](const std::string& other) { return name_of(other) == name_of(part); });
    if (!has_new_value) {
      gone.emplace_back(name_of(part));
    }
  }
  if (!changed.empty()) {
    note("now " + join(changed, ","));
  }
  if (!gone.empty()) {
    note("no longer " + join(gone, ","));
  }
}

void TraceListener::end(const Flow& flow) { final_ = told(flow); }

void TraceListener::instruction(const openflow::Instructions& what) {
  openflow::Instructions rest = what;
  rest.meter.reset();  // told before what it stands before
  rest.apply.reset();
  if (!rest.empty()) {
    const BridgePortNames names(*bridges_.back());
    line(openflow::format_instructions(rest, &names));
  } else if (what.empty() || (what.apply && what.apply->empty())) {
    // Which is no drop where the action set holds an output.
    line(egress_depth_ > 0 ? "no instructions" : "drop");
  }
}

void TraceListener::recirculate(const FrozenStatePtr& state, const Flow& flow, const datapath::Hash* hash) {
  if (later_.size() >= max_passes) {
    note("to be looked up again too often");
    return;
  }
  Flow next = told(flow);
  if (hash != nullptr) {
    set(next, FieldId::dp_hash, FieldValue{0, datapath::chosen_slot(*hash, flow_entropy(FlowKey(start_)))});
  }
  later_.push_back({state, next});
  note(fmt::format("the packet is looked up again: pass {}", later_.size() + 1));
}

void TraceListener::line(const std::string& text) { out_ += std::string(depth_ * 4, ' ') + text + "\n"; }

}  // namespace weft::ofproto
