// Nicira's extension actions on the wire, a file per family: fields and registers (nicira_field.cc), outputs and
// resubmits (nicira_output.cc), the controller and collectors (nicira_controller.cc), learn and conjunction
// (nicira_learn.cc), clone and connection tracking (nicira_branch.cc). nicira_action.cc has the table of them.
//
// Layouts as in Open vSwitch's protocol documentation; "ofs_nbits" is offset << 6 | (count - 1). Fields are named by
// their NXM number where they have one: these actions are older than OXM.
//
// Threads: pure functions. Private to the action codec.
#pragma once

#include "lib/openflow/action_body.h"
#include "lib/openflow/nicira_error.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow {

inline OpenFlowError bad_argument(std::string why) { return {ErrorCode::ofpbac_bad_argument, std::move(why)}; }

// NXAST_*
namespace subtype {
inline constexpr uint16_t resubmit = 1;
inline constexpr uint16_t set_tunnel = 2;
inline constexpr uint16_t set_queue = 4;
inline constexpr uint16_t pop_queue = 5;
inline constexpr uint16_t reg_move = 6;
inline constexpr uint16_t reg_load = 7;
inline constexpr uint16_t note = 8;
inline constexpr uint16_t set_tunnel64 = 9;
inline constexpr uint16_t multipath = 10;
inline constexpr uint16_t bundle = 12;
inline constexpr uint16_t bundle_load = 13;
inline constexpr uint16_t resubmit_table = 14;
inline constexpr uint16_t output_reg = 15;
inline constexpr uint16_t learn = 16;
inline constexpr uint16_t exit = 17;
inline constexpr uint16_t dec_ttl = 18;
inline constexpr uint16_t fin_timeout = 19;
inline constexpr uint16_t controller = 20;
inline constexpr uint16_t dec_ttl_ids = 21;
inline constexpr uint16_t write_metadata = 22;
inline constexpr uint16_t push_mpls = 23;
inline constexpr uint16_t pop_mpls = 24;
inline constexpr uint16_t set_mpls_ttl = 25;
inline constexpr uint16_t dec_mpls_ttl = 26;
inline constexpr uint16_t stack_push = 27;
inline constexpr uint16_t stack_pop = 28;
inline constexpr uint16_t sample = 29;
inline constexpr uint16_t set_mpls_label = 30;
inline constexpr uint16_t set_mpls_tc = 31;
inline constexpr uint16_t output_reg2 = 32;
inline constexpr uint16_t reg_load2 = 33;
inline constexpr uint16_t conjunction = 34;
inline constexpr uint16_t ct = 35;
inline constexpr uint16_t nat = 36;
inline constexpr uint16_t controller2 = 37;
inline constexpr uint16_t sample2 = 38;
inline constexpr uint16_t output_trunc = 39;
inline constexpr uint16_t group = 40;
inline constexpr uint16_t sample3 = 41;
inline constexpr uint16_t clone = 42;
inline constexpr uint16_t ct_clear = 43;
inline constexpr uint16_t resubmit_table_ct = 44;
inline constexpr uint16_t learn2 = 45;
inline constexpr uint16_t check_pkt_larger = 49;
inline constexpr uint16_t delete_field = 50;
inline constexpr uint16_t sample4 = 51;
}  // namespace subtype

// --- reading; nicira_field.cc
Action read_set_tunnel(ActionBody& from);
Action read_set_tunnel64(ActionBody& from);
Action read_reg_move(ActionBody& from);
Action read_reg_load(ActionBody& from);
Action read_reg_load2(ActionBody& from);
Action read_stack_push(ActionBody& from);
Action read_stack_pop(ActionBody& from);
Action read_write_metadata(ActionBody& from);
Action read_check_pkt_larger(ActionBody& from);
Action read_delete_field(ActionBody& from);
Action read_set_mpls_label(ActionBody& from);
Action read_set_mpls_tc(ActionBody& from);
Action read_push_mpls_10(ActionBody& from);
Action read_pop_mpls_10(ActionBody& from);
Action read_set_mpls_ttl_10(ActionBody& from);
// nicira_output.cc
Action read_resubmit(ActionBody& from);
Action read_resubmit_table(ActionBody& from);
Action read_resubmit_table_ct(ActionBody& from);
Action read_output_reg(ActionBody& from);
Action read_output_reg2(ActionBody& from);
Action read_output_trunc(ActionBody& from);
Action read_set_queue_10(ActionBody& from);
Action read_group_10(ActionBody& from);
Action read_multipath(ActionBody& from);
Action read_bundle(ActionBody& from);
Action read_bundle_load(ActionBody& from);
// nicira_controller.cc
Action read_controller(ActionBody& from);
Action read_controller2(ActionBody& from);
Action read_dec_ttl_ids(ActionBody& from);
Action read_note(ActionBody& from);
Action read_sample(ActionBody& from);
Action read_sample2(ActionBody& from);
Action read_sample3(ActionBody& from);
Action read_sample4(ActionBody& from);
// nicira_learn.cc
Action read_learn(ActionBody& from);
Action read_learn2(ActionBody& from);
Action read_fin_timeout(ActionBody& from);
Action read_conjunction(ActionBody& from);
// nicira_branch.cc
Action read_clone(ActionBody& from);
Action read_ct(ActionBody& from);
Action read_nat(ActionBody& from);

// --- what the families share in reading; a failed check leaves its error in the reader

// A field by its header. What stands there when it fails is some field: the reader has failed.
const Field& read_field(ActionBody& from);
// The same where only four bytes are for it: an experimenter's header is refused.
const Field& read_short_field(ActionBody& from);
SubField unpack_bits(FieldId field, uint16_t ofs_nbits);
SubField read_packed_field(ActionBody& from);  // ofs_nbits and a short header
uint16_t pack_bits(const SubField& bits);
// Bits that are read, and so need not be writable.
void check_source(WireReader& in, const SubField& bits);
// Zeros that Open vSwitch keeps the right to give a meaning, with the error that it has for others.
void must_be_zero(WireReader& in, size_t size, const OpenFlowError& otherwise);
// The padding that fills up the last eight bytes, which must be zero too.
void rest_must_be_zero(WireReader& in);

// --- writing: a whole action each

void write_nicira(WireWriter& out, const ResubmitAction& action);
void write_nicira(WireWriter& out, const MoveAction& action);
void write_nicira(WireWriter& out, const ControllerAction& action);
void write_nicira(WireWriter& out, const NoteAction& action);
void write_nicira(WireWriter& out, const ExitAction& action);
void write_nicira(WireWriter& out, const PopQueueAction& action);
void write_nicira(WireWriter& out, const StackPushAction& action);
void write_nicira(WireWriter& out, const StackPopAction& action);
void write_nicira(WireWriter& out, const WriteMetadataAction& action);
void write_nicira(WireWriter& out, const CheckPacketLargerAction& action);
void write_nicira(WireWriter& out, const DeleteFieldAction& action);
void write_nicira(WireWriter& out, const OutputRegAction& action);
void write_nicira(WireWriter& out, const OutputTruncAction& action);
void write_nicira(WireWriter& out, const MultipathAction& action);
void write_nicira(WireWriter& out, const BundleAction& action);
void write_nicira(WireWriter& out, const LearnAction& action);
void write_nicira(WireWriter& out, const FinTimeoutAction& action);
void write_nicira(WireWriter& out, const ConjunctionAction& action);
void write_nicira(WireWriter& out, const SampleAction& action);
void write_nicira(WireWriter& out, const NatAction& action);
void write_nicira(WireWriter& out, const CtClearAction& action);
// With what stands inside, which depends on the version.
void write_nicira(WireWriter& out, const CloneAction& action, Version version, bool is_tagged);
void write_nicira(WireWriter& out, const CtAction& action, Version version);
// With controller ids, or as 1.0 needs it without.
void write_nicira(WireWriter& out, const DecTtlAction& action);
void write_nicira_load(WireWriter& out, const SetFieldAction& action, Version version);

// 1.0's form of what later versions have standard types for: a number behind `padding` bytes.
void write_nicira_number(WireWriter& out, uint16_t subtype, unsigned padding, uint64_t number, unsigned size);

// Writes header and body, then pads and fills in the length.
template <class Body>
void write_nicira_action(WireWriter& out, uint16_t subtype, Body&& body) {
  const size_t begin = out.size();
  out.u16(action_type_experimenter);
  out.u16(0);
  out.u32(nicira_vendor_id);
  out.u16(subtype);
  body();
  out.pad_to(begin);
  out.patch_u16(begin + 2, out.size() - begin);
}

// These actions name a field by its NXM number where it has one.
inline const OxmId& nxm_first(FieldId id) { return preferred_oxm(field(id), Version::v1_0); }

}  // namespace weft::openflow
