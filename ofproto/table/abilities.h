// What of OpenFlow this switch can do: the actions it executes.
//
// The codec and the text form know more, for they serve tools and later versions too. What is known and cannot be done is
// refused here when it is asked for, by flow-mod, group-mod and packet-out alike; what the switch says of itself
// (table and group features) is made from the same.
//
// Threads: pure functions. Cost: a walk over the actions.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/openflow/action.h"
#include "lib/openflow/error.h"
#include "lib/openflow/instruction.h"

namespace weft::ofproto {

// OFPAT_* (OpenFlow 1.3.5 section 7.2.5), as bits: output, copy_ttl_out and _in, set_mpls_ttl, dec_mpls_ttl, push and pop
// of VLAN and MPLS, group, set_nw_ttl, dec_nw_ttl, set_field, push and pop of PBB.
inline constexpr uint32_t executed_actions = 1U << 0 | 1U << 11 | 1U << 12 | 1U << 15 | 1U << 16 | 1U << 17 | 1U << 18 |
                                             1U << 19 | 1U << 20 | 1U << 22 | 1U << 23 | 1U << 24 | 1U << 25 |
                                             1U << 26 | 1U << 27;

using Refusal = std::optional<openflow::OpenFlowError>;

Refusal find_unable(const openflow::ActionList& actions);
Refusal find_unable(const openflow::Instructions& instructions);

}  // namespace weft::ofproto
