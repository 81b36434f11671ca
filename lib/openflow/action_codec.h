// Actions and instructions on the wire: the standard types of 1.0 and 1.3 to 1.5, and the Nicira extensions.
//
// Reading is a table from type number and version to a function that reads one action's body (action_read.cc, action_10.cc,
// nicira_action.cc); writing is one overload per struct of the model. Each action's length, argument and field are
// checked on its own here, and so is where it stands (action_rules.h); whether it fits the match it stands behind is
// consistency.h.
//
// A version that has no action for what a struct says gets what comes nearest, or nothing: 1.0 has no push_vlan, but its
// set_vlan_vid tags; before 1.5 there is no meter among the actions, and 1.3 and 1.4 show a rule that has one there with
// the meter instruction, which comes before them.
//
// Threads: pure functions. Private to the codecs.
#pragma once

#include <cstdint>
#include <span>

#include "lib/base/result.h"
#include "lib/flow/match.h"
#include "lib/openflow/action_rules.h"
#include "lib/openflow/error.h"
#include "lib/openflow/instruction.h"
#include "lib/openflow/version.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

// Lists inside actions deeper than this are refused (OFPBAC_TOO_MANY).
inline constexpr unsigned max_action_depth = 16;

inline constexpr uint16_t action_type_experimenter = 0xffff;

// OFPAT_* of 1.0. OFPAT10_OUTPUT is 0 in all versions.
namespace action_type_10 {
inline constexpr uint16_t output = 0;
inline constexpr uint16_t set_vlan_vid = 1;
inline constexpr uint16_t set_vlan_pcp = 2;
inline constexpr uint16_t strip_vlan = 3;
inline constexpr uint16_t set_dl_src = 4;
inline constexpr uint16_t set_dl_dst = 5;
inline constexpr uint16_t set_nw_src = 6;
inline constexpr uint16_t set_nw_dst = 7;
inline constexpr uint16_t set_nw_tos = 8;
inline constexpr uint16_t set_tp_src = 9;
inline constexpr uint16_t set_tp_dst = 10;
inline constexpr uint16_t enqueue = 11;
}  // namespace action_type_10

// OFPAT_* of 1.1 and later.
namespace action_type {
inline constexpr uint16_t output = 0;
inline constexpr uint16_t copy_ttl_out = 11;
inline constexpr uint16_t copy_ttl_in = 12;
inline constexpr uint16_t set_mpls_ttl = 15;
inline constexpr uint16_t dec_mpls_ttl = 16;
inline constexpr uint16_t push_vlan = 17;
inline constexpr uint16_t pop_vlan = 18;
inline constexpr uint16_t push_mpls = 19;
inline constexpr uint16_t pop_mpls = 20;
inline constexpr uint16_t set_queue = 21;
inline constexpr uint16_t group = 22;
inline constexpr uint16_t set_nw_ttl = 23;
inline constexpr uint16_t dec_nw_ttl = 24;
inline constexpr uint16_t set_field = 25;
inline constexpr uint16_t push_pbb = 26;
inline constexpr uint16_t pop_pbb = 27;
inline constexpr uint16_t copy_field = 28;
inline constexpr uint16_t meter = 29;
}  // namespace action_type

// OFPIT_*.
namespace instruction_type {
inline constexpr uint16_t goto_table = 1;
inline constexpr uint16_t write_metadata = 2;
inline constexpr uint16_t write_actions = 3;
inline constexpr uint16_t apply_actions = 4;
inline constexpr uint16_t clear_actions = 5;
inline constexpr uint16_t meter = 6;
}  // namespace instruction_type

// `depth`: 0, or how many actions the list stands in.
Result<ActionList, OpenFlowError> read_actions(std::span<const uint8_t> bytes, Version version, ActionContext context,
                                               unsigned depth = 0);
// `is_tagged`: whether packets are known to carry a VLAN tag already; what set_vlan_vid needs to know in versions
// that have only push and set-field.
void write_actions(WireWriter& out, const ActionList& actions, Version version, bool is_tagged = false);

Result<Instructions, OpenFlowError> read_instructions(std::span<const uint8_t> bytes, Version version);
void write_instructions(WireWriter& out, const Instructions& instructions, Version version, bool is_tagged);
// 1.5 meters by an action. One that comes first says what the instruction of 1.3 and 1.4 says, and is kept as that.
void lift_meter(Instructions& instructions);

// 1.0's set_tp_src and set_tp_dst are read as TCP's. Here they become what the match says: UDP's or SCTP's, or, where it
// says nothing, one after the other for all three, each of which does nothing to the others' packets.
void resolve_transport_ports(ActionList& actions, const Match& match);
// Whether the later of two neighbours is part of such a series, which 1.0 says with its first action.
bool repeats_transport_port(const Action& earlier, const Action& later);

// The contiguous runs of ones in a mask, lowest first, each at most 64 bits: what one reg_load can write.
struct BitRun {
  unsigned offset;
  unsigned count;
};
std::vector<BitRun> runs_of(FieldValue mask, unsigned n_bits);
FieldValue bits_at(FieldValue value, BitRun run);  // right-aligned

}  // namespace weft::openflow
