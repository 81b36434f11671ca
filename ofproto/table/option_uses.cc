#include "ofproto/table/option_uses.h"

#include <bit>
#include <optional>
#include <string>
#include <variant>

#include "lib/openflow/nicira_error.h"

namespace weft::ofproto {
namespace {

using openflow::SubField;

uint64_t option(FieldId id) { return is_tunnel_option(id) ? uint64_t{1} << (id - FieldId::tun_metadata0) : 0; }
uint64_t option(const SubField& part) { return option(part.field); }
uint64_t option(const std::optional<SubField>& part) { return part ? option(part->field) : 0; }
template <class Constant>
uint64_t option(const std::variant<Constant, SubField>& source) {
  const auto* part = std::get_if<SubField>(&source);
  return part != nullptr ? option(*part) : 0;
}

uint64_t learned_options(const openflow::Learn& learn) {
  uint64_t options = option(learn.result);
  for (const openflow::LearnSpec& spec : learn.specs) {
    const auto* from = std::get_if<SubField>(&spec.source);
    options |= from != nullptr ? option(*from) : 0;
    options |= spec.kind != openflow::LearnSpec::Kind::output ? option(spec.to) : 0;
  }
  return options;
}

// One call an action.
struct Named {
  uint64_t operator()(const openflow::SetFieldAction& a) const { return option(a.field); }
  uint64_t operator()(const openflow::MoveAction& a) const { return option(a.from) | option(a.to); }
  uint64_t operator()(const openflow::StackPushAction& a) const { return option(a.from); }
  uint64_t operator()(const openflow::StackPopAction& a) const { return option(a.to); }
  uint64_t operator()(const openflow::CheckPacketLargerAction& a) const { return option(a.to); }
  uint64_t operator()(const openflow::DeleteFieldAction& a) const { return option(a.field); }
  uint64_t operator()(const openflow::OutputRegAction& a) const { return option(a.from); }
  uint64_t operator()(const openflow::MultipathAction& a) const { return option(a.to); }
  uint64_t operator()(const openflow::BundleAction& a) const { return option(a.to); }
  uint64_t operator()(const openflow::LearnAction& a) const { return learned_options(*a.learn); }
  uint64_t operator()(const openflow::SampleAction& a) const {
    return option(a.observation_domain) | option(a.observation_point);
  }
  uint64_t operator()(const openflow::CloneAction& a) const { return ofproto::options_of(a.nested->actions); }
  uint64_t operator()(const openflow::CtAction& a) const {
    return option(a.zone) | ofproto::options_of(a.nested->actions);
  }
  template <class Other>
  uint64_t operator()(const Other&) const {
    return 0;
  }
};

}  // namespace

uint64_t options_of(const Match& match) { return match.mask().word(KeyWord::tun_options_present); }

uint64_t options_of(const MiniMatch& match) {
  const unsigned word = index(KeyWord::tun_options_present);
  return match.set().has(word) ? match.masks()[match.set().rank(word)] : 0;
}

uint64_t options_of(const openflow::ActionList& actions) {
  uint64_t options = 0;
  for (const openflow::Action& action : actions) {
    options |= std::visit(Named{}, action);
  }
  return options;
}

uint64_t options_of(const openflow::Instructions& instructions) {
  return (instructions.apply ? options_of(*instructions.apply) : 0) |
         (instructions.write ? options_of(*instructions.write) : 0);
}

Refusal find_unmapped(uint64_t used, uint64_t mapped) {
  const uint64_t unmapped = used & ~mapped;
  if (unmapped == 0) {
    return std::nullopt;
  }
  return openflow::nicira_error(
      openflow::NiciraError::tlv_field_unmapped,
      "no Geneve option is mapped to tun_metadata" + std::to_string(std::countr_zero(unmapped)));
}

uint64_t OptionUses::used() const {
  uint64_t used = 0;
  for (unsigned i = 0; i < rules_.size(); ++i) {
    used |= rules_[i] > 0 ? uint64_t{1} << i : 0;
  }
  return used;
}

void OptionUses::count(const FlowRule& rule, int by) {
  for (uint64_t rest = options_of(rule.match()) | options_of(rule.instructions()); rest != 0; rest &= rest - 1) {
    rules_[static_cast<unsigned>(std::countr_zero(rest))] += by;
  }
}

}  // namespace weft::ofproto
