// Whether actions fit the match they stand behind (OpenFlow 1.3.5 section 6.4): a rule may set, move, decrement or
// pop only what every packet that it matches has. Pushes and pops before an action count: behind push_vlan there
// is a tag. 1.0 has no such rule: its own actions, and those that Nicira added in their manner, do nothing to a packet
// without the header.
//
// The wire codec refuses what does not fit with the error given here; the text parser marks the action.
// Threads: pure functions. Cost: one copy of the match, then one call an action.
#pragma once

#include <cstddef>
#include <optional>

#include "lib/flow/match.h"
#include "lib/openflow/error.h"
#include "lib/openflow/instruction.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

struct Inconsistency {
  OpenFlowError error;
  bool in_write_actions = false;
  std::optional<size_t> action_index;  // absent: goto_table
};

// Also that goto_table goes forward. Nothing: all is well.
std::optional<Inconsistency> find_inconsistency(const Match& match, const Instructions& instructions, uint8_t table_id,
                                                Version version = Version::v1_3);

}  // namespace weft::openflow
