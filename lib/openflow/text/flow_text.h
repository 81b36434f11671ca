// Rules and matches as text, in Open vSwitch's syntax:
//
//     table=0,priority=100,tcp,in_port=p1,tp_dst=80,idle_timeout=60,actions=dec_ttl,output:p2
//
// What stands before "actions=" is, in any order, keywords (tcp, arp ...), fields, and the properties of a rule. What a
// field needs (its prerequisites) must be there too; an error says which word, and what would make it right. What
// dump-flows prints is read again: counters and ages are passed over.
//
// Threads: pure functions. Cost: allocates; not for the packet path.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/match.h"
#include "lib/flow/port_names.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

// Actions are required, except to remove. For modify and remove "cookie=VALUE/MASK" selects. `version` is the one that the
// flow is said in: 1.0's actions need nothing of the match (consistency.h).
Result<FlowMod, TextError> parse_flow(std::string_view text, FlowModCommand command, const PortNames* ports = nullptr,
                                      Version version = Version::v1_3);

// A line of a flow file: it may begin with "add", "modify", "modify_strict", "delete" or "delete_strict".
Result<FlowMod, TextError> parse_flow_line(std::string_view text, FlowModCommand default_command,
                                           const PortNames* ports = nullptr, Version version = Version::v1_3);

// Which rules a dump is about: a match, table=, out_port=, out_group=, cookie=.
Result<FlowFilter, TextError> parse_flow_filter(std::string_view text, const PortNames* ports = nullptr);

// Only a match.
Result<Match, TextError> parse_match(std::string_view text, const PortNames* ports = nullptr);

// "priority=100,tcp,in_port=1": match with its priority, left out when it is the default.
std::string format_rule(const Match& match, uint16_t priority, const PortNames* ports = nullptr);

// A flow-mod as parse_flow reads it.
std::string format_flow_mod(const FlowMod& mod, const PortNames* ports = nullptr);

struct FlowFormat {
  bool show_statistics = true;  // duration and counters
};
// A line of dump-flows, without its leading space and newline.
std::string format_flow(const FlowStats& stats, const PortNames* ports = nullptr, FlowFormat format = {});

// "duration=1.000s, table=0, n_packets=1, n_bytes=60, idle_age=2, priority=100,tcp".
std::string format_flow_counters(const FlowCounters& counters, const PortNames* ports = nullptr);

std::string format_duration(const Duration& duration);  // "1.250s"
std::string format_flow_flags(uint16_t flags, std::string_view separator);
// `has_hard_timeout`, `has_table`: 1.0 does not tell the former, and the latter by the extension only.
std::string format_flow_removed(const FlowRemoved& removed, const PortNames* ports = nullptr, bool has_table = true,
                                bool has_hard_timeout = true);
std::string_view to_string(FlowRemovedReason reason);  // "idle"

// A flow-mod as ofp-print shows it: "ADD table:1 priority=7,tcp cookie:0x5 idle:10 actions=output:2".
std::string format_flow_mod_message(const FlowMod& mod, const PortNames* ports = nullptr);
// The fields of a filter that say something, each with a leading space: " table=0 out_port=2 tcp".
std::string format_flow_filter(const FlowFilter& filter, const PortNames* ports = nullptr);

}  // namespace weft::openflow
