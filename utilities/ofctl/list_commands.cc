// What can be typed: commands, fields, actions. For people, and for completion (utilities/completion).
#include <string>

#include <fmt/format.h>

#include "lib/flow/field.h"
#include "lib/flow/field_text.h"
#include "lib/openflow/text/action_text.h"
#include "utilities/ofctl/command.h"

namespace weft::ofctl {

Outcome list_commands(Invocation&) {
  fmt::print("The available commands are:\n");
  for (const Command& command : commands()) {
    fmt::print("  {}\n", command.arguments.empty() ? std::string(command.name)
                                                   : fmt::format("{:<22}{}", command.name, command.arguments));
  }
  return {};
}

// Names that lie over others' bits (xreg0, vlan_vid ...) are fields like any other here.
Outcome list_fields(Invocation&) {
  fmt::print("{:<18}{:>5}  {:<6}{:<9}{:<30}{}\n", "FIELD", "BITS", "MASK", "SETTABLE", "NEEDS", "WHAT IT IS");
  for (const Field& one : all_fields()) {
    std::string needs(match_for(one.prerequisite));
    fmt::print("{:<18}{:>5}  {:<6}{:<9}{:<30}{}\n", one.name, one.n_bits, one.is_maskable() ? "any" : "no",
               one.is_writable ? "yes" : "no", needs.empty() ? "-" : needs, one.description);
  }
  return {};
}

Outcome list_actions(Invocation&) {
  for (const std::string_view name : openflow::action_names()) {
    fmt::print("{}\n", name);
  }
  return {};
}

}  // namespace weft::ofctl
