// What a flow-mod asks for that a version has no words for. Its message would ask for something else, so who writes one
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

}  // namespace weft::openflow
