// Actions and instructions on the wire: the standard types of 1.3 to 1.5 and the Nicira extensions.
//
// Reading is a table from type number to a function that reads one action's body; writing is one overload per
// struct of the model. Each action's length, argument and field are checked on its own here; whether it fits the
// match it stands behind is consistency.h.
//
// Threads: pure functions. Private to the codecs.
#pragma once

#include <cstdint>
#include <span>

#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/instruction.h"
#include "lib/openflow/version.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

// Output to TABLE is for packet-out only.
enum class ActionContext : uint8_t { rule, bucket, packet_out };

inline constexpr uint16_t action_type_experimenter = 0xffff;

// OFPAT_*.
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

Result<ActionList, OpenFlowError> read_actions(std::span<const uint8_t> bytes, Version version, ActionContext context);
// `is_tagged`: whether packets are known to carry a VLAN tag already; what set_vlan_vid needs to know in versions
// that have only push and set-field.
void write_actions(WireWriter& out, const ActionList& actions, Version version, bool is_tagged = false);

Result<Instructions, OpenFlowError> read_instructions(std::span<const uint8_t> bytes, Version version);
void write_instructions(WireWriter& out, const Instructions& instructions, Version version, bool is_tagged);

// Written to the connection, not to the packet: only inside ct(exec(...)).
constexpr bool is_connection_field(FieldId id) { return id == FieldId::ct_mark || id == FieldId::ct_label; }

// One experimenter action's body behind the experimenter id (nicira_action.cc).
Action read_nicira_action(WireReader& in);

// The contiguous runs of ones in a mask, lowest first, each at most 64 bits: what one reg_load can write.
struct BitRun {
  unsigned offset;
  unsigned count;
};
std::vector<BitRun> runs_of(FieldValue mask, unsigned n_bits);
FieldValue bits_at(FieldValue value, BitRun run);  // right-aligned

// Nicira bodies, written whole (nicira_action.cc).
void write_nicira(WireWriter& out, const ResubmitAction& action);
void write_nicira(WireWriter& out, const MoveAction& action);
void write_nicira(WireWriter& out, const ControllerAction& action);
void write_nicira(WireWriter& out, const NoteAction& action);
void write_nicira(WireWriter& out, const ExitAction& action);
void write_nicira(WireWriter& out, const PopQueueAction& action);
void write_nicira(WireWriter& out, const DecTtlAction& action);  // with controller ids
void write_nicira_load(WireWriter& out, const SetFieldAction& action, Version version);

}  // namespace weft::openflow
