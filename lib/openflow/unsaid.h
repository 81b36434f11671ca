// What a flow-mod or a list of actions asks for that a version has no words for. Its message would ask for something else, so who writes one
// for a person refuses instead.
//
// Threads: pure functions. Cost: each action is encoded once more.
#pragma once

#include <optional>
#include <string_view>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

struct Unsaid {
  const Action* action = nullptr;  // of the flow-mod; null: `word` names it
  std::string_view word;
};

// The first such thing; nothing: the version says all of it.
std::optional<Unsaid> find_unsaid(const FlowMod& mod, Version version);
// Of a packet-out or a bucket; null: the version says all of it. `is_tagged`: see write_actions (action_codec.h).
const Action* find_unsaid(const ActionList& actions, Version version, bool is_tagged = false);

}  // namespace weft::openflow
