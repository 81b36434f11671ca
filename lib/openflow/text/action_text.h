// Actions and instructions as text, in Open vSwitch's syntax:
//
//     set_field:5001->tun_id,set_field:192.0.2.2->tun_dst,output:vx0
//     meter:3,dec_ttl,write_actions(group:7),goto_table:4
//
// Actions stand for apply_actions; the other instructions are words behind them, in the order in which they are carried
// out. A meter is an action: the first, where it comes before the others, is what 1.3's instruction says, and only 1.5
// has it elsewhere. "drop" is the empty list. One table
// (action_parse.cc) names every action; errors mark the wrong word and propose the likely right one.
//
// Threads: pure functions. Cost: allocates; not for the packet path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/match.h"
#include "lib/flow/port_names.h"
#include "lib/openflow/instruction.h"

namespace weft::openflow {

Result<ActionList, TextError> parse_actions(std::string_view text, const PortNames* ports = nullptr);

std::string format_actions(const ActionList& actions, const PortNames* ports = nullptr);  // "drop" when empty
std::string format_action(const Action& action, const PortNames* ports = nullptr);
std::string format_instructions(const Instructions& instructions, const PortNames* ports = nullptr);

// Names of all actions and instructions, for completion.
std::vector<std::string_view> action_names();

}  // namespace weft::openflow
