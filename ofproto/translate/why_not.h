// Why a lookup did not find a better rule: what `ofproto/trace --why` adds to each table.
//
// Of the rules that would have come before the one that was found, those that failed in the fewest places are told,
// each with the fields in which the packet is not what they want:
//
//     not priority 100,tcp,tp_dst=80: tcp_dst is 443, not 80
//
// Threads: the control thread (it walks the classifier as its writer). Cost: proportional to the rules of higher
// priority, at most `why_not_limit` of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/flow/match.h"
#include "lib/flow/port_names.h"
#include "ofproto/table/flow_table.h"

namespace weft::ofproto {

inline constexpr size_t why_not_limit = 20000;  // rules looked at: about a millisecond

// The fields in which `flow` fails the match, each told once: "nw_dst is 10.0.0.5, not 10.1.0.0/16".
std::vector<std::string> differences(const Match& match, const Flow& flow, const PortNames* ports);

// A line for each of the nearest rules of `table`, at most three, that are visible at `version` and come before `found`
// (null: any rule). One line more when there were too many to look at.
std::vector<std::string> why_not(const FlowTable& table, const FlowRule* found, uint64_t version, const Flow& flow,
                                 const PortNames* ports);

}  // namespace weft::ofproto
