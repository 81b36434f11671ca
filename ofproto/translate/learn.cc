#include "ofproto/translate/learn.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/text/flow_text.h"
#include "ofproto/translate/decision_text.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

// Into a match, beside bits of the same field that are there already.
void match_bits(Match& match, const openflow::SubField& bits, FieldValue value) {
  const Field& to = field(bits.field);
  const FieldValue mask = FieldValue::ones(bits.bit_count) << bits.offset;
  const FieldValue others = match.value(to) & ~mask;
  match.set_masked(to, others | ((value << bits.offset) & mask), match.mask(to) | mask);
}

void add_action(openflow::ActionList& actions, const openflow::LearnSpec& spec, FieldValue value) {
  if (spec.kind == openflow::LearnSpec::Kind::output) {
    // A number that no 16-bit port has is no output, as in Open vSwitch.
    if (value.hi == 0 && value.lo <= 0xffff) {
      actions.push_back(openflow::OutputAction{.port = OfPort{static_cast<uint16_t>(value.lo)}});
    }
    return;
  }
  const FieldValue mask = FieldValue::ones(spec.to.bit_count) << spec.to.offset;
  actions.push_back(openflow::SetFieldAction{
      .field = spec.to.field, .value = (value << spec.to.offset) & mask, .mask = mask, .is_load = true});
}

}  // namespace

openflow::FlowMod learned_flow(const openflow::Learn& learn, const BitReader& read) {
  openflow::FlowMod flow;
  flow.table_id = learn.table_id;
  flow.priority = learn.priority;
  flow.cookie = learn.cookie;
  flow.idle_timeout = learn.idle_timeout;
  flow.hard_timeout = learn.hard_timeout;
  flow.flags = learn.send_flow_removed ? openflow::flow_flag::send_flow_rem : 0;
  openflow::ActionList& actions = flow.instructions.apply.emplace();
  if (learn.fin_idle_timeout != 0 || learn.fin_hard_timeout != 0) {
    actions.push_back(openflow::FinTimeoutAction{learn.fin_idle_timeout, learn.fin_hard_timeout});
  }
  for (const openflow::LearnSpec& spec : learn.specs) {
    const auto* bits = std::get_if<openflow::SubField>(&spec.source);
    const FieldValue value = bits != nullptr ? read(*bits) : std::get<FieldValue>(spec.source);
    if (spec.kind == openflow::LearnSpec::Kind::match) {
      match_bits(flow.match, spec.to, value);
    } else {
      add_action(actions, spec, value);
    }
  }
  return flow;
}

bool is_as_learned(const FlowRule& rule, const openflow::FlowMod& flow) {
  return rule.cookie() == flow.cookie && rule.flags() == flow.flags && rule.instructions() == flow.instructions;
}

void Overlay::add(BridgeId bridge, const openflow::FlowMod& flow) {
  FlowRuleSpec spec;
  spec.table_id = flow.table_id;
  spec.priority = flow.priority;
  spec.cookie = flow.cookie;
  spec.flags = flow.flags;
  spec.instructions = std::make_shared<const openflow::Instructions>(flow.instructions);
  spec.counters = std::make_shared<FlowCounters>();  // no table keeps the rule: what credits them must not need it
  rules_.push_back({bridge, std::make_shared<const FlowRule>(MiniMatch(flow.match), std::move(spec))});
}

const FlowRule* Overlay::find(BridgeId bridge, const openflow::FlowMod& flow) const {
  for (auto entry = rules_.rbegin(); entry != rules_.rend(); ++entry) {
    const FlowRule& rule = *entry->rule;
    if (entry->bridge == bridge && rule.table_id() == flow.table_id && rule.priority() == flow.priority &&
        rule.match() == MiniMatch(flow.match)) {
      return &rule;
    }
  }
  return nullptr;
}

std::shared_ptr<const FlowRule> Overlay::share_of(const FlowRule& rule) const {
  const auto entry = std::ranges::find(rules_, &rule, [](const Entry& each) { return each.rule.get(); });
  return entry != rules_.end() ? entry->rule : nullptr;
}

// What was learned last goes before its equals.
const FlowRule* Overlay::lookup(BridgeId bridge, uint8_t table_id, const Flow& flow, const FlowRule* found,
                                Flow& mask) const {
  for (const Entry& entry : rules_) {
    const FlowRule& rule = *entry.rule;
    if (entry.bridge != bridge || rule.table_id() != table_id ||
        (found != nullptr && rule.priority() < found->priority())) {
      continue;
    }
    const Match match = rule.match().expand();
    for (unsigned i = 0; i < key_word_count; ++i) {
      mask.word(i) |= match.mask().word(i);
    }
    found = match.matches(flow) ? &rule : found;
  }
  return found;
}

// Of a rule at work here. Its table has a share, unless the rule is in no table: not yet, or not any more.
std::shared_ptr<const FlowRule> Translation::share_of(const FlowRule& rule) const {
  if (in_.resumed != nullptr) {
    const auto& steps = in_.resumed->steps;
    const auto step = std::ranges::find(steps, &rule, [](const FrozenStep& each) { return each.rule.get(); });
    if (step != steps.end()) {
      return step->rule;
    }
  }
  const std::shared_ptr<const FlowRule> learned = overlay_.share_of(rule);
  return learned ? learned : rule.shared_from_this();
}

void Translation::learn(const openflow::LearnAction& action) {
  const openflow::Learn& learn = *action.learn;
  openflow::FlowMod flow = learned_flow(learn, [&](const openflow::SubField& bits) { return read(bits); });
  const bool is_there = learn_flow(std::move(flow), learn.limit);
  if (learn.result) {
    write(*learn.result, FieldValue{0, is_there ? 1U : 0U});
  }
}

// Whether the flow is there now, as far as this translation is concerned.
bool Translation::learn_flow(openflow::FlowMod flow, uint32_t limit) {
  const BridgeId bridge = place_.bridge->id;
  const FlowRule* learned = overlay_.find(bridge, flow);
  const FlowRule* rule = learned != nullptr ? learned : place_.bridge->tables->find_rule(flow, in_.version);
  if (rule != nullptr && is_as_learned(*rule, flow)) {
    if (learned == nullptr) {
      depend_on(dependency::rule(rule));
      out_.credits.learned.push_back(rule->shared_from_this());
    }
    return true;
  }
  // What the tables lack may be learned at any time, and whether it can be says nothing of the next packet.
  out_.is_cacheable = false;
  if (!in_.may_learn) {
    note("the flow was not learned");
    return false;
  }
  if (in_.listener != nullptr) {
    const BridgePortNames names(*place_.bridge);
    note("learns " + openflow::format_flow_mod(flow, &names));
  }
  overlay_.add(bridge, flow);
  out_.effects.learns.push_back({bridge, std::move(flow), limit});
  return true;
}

}  // namespace weft::ofproto
