#include "lib/openflow/unsaid.h"

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec.h"

namespace weft::openflow {
namespace {

const ActionList* nested_in(const Action& action) {
  if (const auto* clone = std::get_if<CloneAction>(&action)) {
    return &clone->nested->actions;
  }
  const auto* ct = std::get_if<CtAction>(&action);
  return ct != nullptr ? &ct->nested->actions : nullptr;
}

// 1.0 has actions, and of the instructions those that extensions made actions of.
std::string_view find_unsaid_10(const FlowMod& mod) {
  if (mod.instructions.meter) {
    return "meter";
  }
  if (mod.instructions.write) {
    return "write_actions";
  }
  if (mod.instructions.clear_actions) {
    return "clear_actions";
  }
  if ((mod.flags & flow_flag::reset_counts) != 0) {
    return "reset_counts";
  }
  if ((mod.flags & flow_flag::no_packet_counts) != 0) {
    return "no_packet_counts";
  }
  return (mod.flags & flow_flag::no_byte_counts) != 0 ? "no_byte_counts" : "";
}

}  // namespace

const Action* find_unsaid(const ActionList& actions, Version version, bool is_tagged) {
  for (const Action& action : actions) {
    Bytes bytes;
    WireWriter out(bytes);
    write_actions(out, {action}, version, is_tagged);
    if (bytes.empty()) {
      return &action;
    }
    const ActionList* nested = nested_in(action);
    if (const Action* inside = nested != nullptr ? find_unsaid(*nested, version, is_tagged) : nullptr) {
      return inside;
    }
  }
  return nullptr;
}

std::optional<Unsaid> find_unsaid(const FlowMod& mod, Version version) {
  if (mod.importance != 0 && version < Version::v1_4) {
    return Unsaid{nullptr, "importance"};
  }
  if (const std::string_view word = version == Version::v1_0 ? find_unsaid_10(mod) : ""; !word.empty()) {
    return Unsaid{nullptr, word};
  }
  const bool is_tagged = mod.match.meets_prerequisite(Prerequisite::vlan);
  for (const auto* actions : {&mod.instructions.apply, &mod.instructions.write}) {
    if (*actions) {
      if (const Action* action = find_unsaid(**actions, version, is_tagged)) {
        return Unsaid{action, {}};
      }
    }
  }
  return std::nullopt;
}

}  // namespace weft::openflow
