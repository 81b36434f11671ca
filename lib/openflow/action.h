// OpenFlow actions, independent of any wire version: what a rule, a bucket or a packet-out says to do.
//
// One struct an action. Where versions or extensions have several spellings of one thing there is one struct:
// set-field, the 1.0 "set" actions, reg_load and set_tunnel are all SetFieldAction; output to a reserved port
// (NORMAL, FLOOD, ALL, LOCAL, IN_PORT, CONTROLLER) is OutputAction. "drop" is the empty list.
//
// Sources: OpenFlow 1.0.1 section 5.2.4, 1.3.5 section 7.2.5, 1.5.1 section 7.2.6; Nicira extensions as ovs-actions(7)
// has them, most of them in extension_action.h.
// Threads: values. Cost: at most 56 bytes an action besides its vectors; actions that hold actions (clone, ct) and
// learn are boxed.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "lib/base/ids.h"
#include "lib/base/variant.h"
#include "lib/flow/field.h"
#include "lib/openflow/extension_action.h"
#include "lib/openflow/sub_field.h"

namespace weft::openflow {

// max_len counts for CONTROLLER only; 0xffff (OFPCML_NO_BUFFER) is the whole packet.
struct OutputAction {
  OfPort port{};
  uint16_t max_len = 0;
  friend bool operator==(const OutputAction&, const OutputAction&) = default;
};

// Writes (value & mask) over the field's bits. `is_load` and `is_mod` remember the spelling, so that dumps show what the
// controller sent; they change nothing else.
struct SetFieldAction {
  FieldId field{};
  FieldValue value;
  FieldValue mask;
  bool is_load = false;  // reg_load, reg_load2
  bool is_mod = false;   // an action of the field's own: 1.0's set_nw_src (mod_nw_src), set_tunnel, set_mpls_label
  friend bool operator==(const SetFieldAction&, const SetFieldAction&) = default;
};

// Copies bits: NXAST_REG_MOVE, 1.5's copy-field. Both have the same bit_count.
struct MoveAction {
  SubField from;
  SubField to;
  friend bool operator==(const MoveAction&, const MoveAction&) = default;
};

struct PushVlanAction {
  uint16_t ethertype = 0x8100;
  friend bool operator==(const PushVlanAction&, const PushVlanAction&) = default;
};
struct PopVlanAction {
  bool is_strip = false;  // 1.0's strip_vlan, which is the same by another name
  friend bool operator==(const PopVlanAction&, const PopVlanAction&) = default;
};

// The 1.0 set_vlan_vid / set_vlan_pcp (mod_vlan_vid, mod_vlan_pcp in text): tags the packet first if it has no
// tag. Versions 1.1 and later have no such action; there it is sent as push_vlan, where needed, and set_field.
struct SetVlanVidAction {
  uint16_t vid = 0;
  friend bool operator==(const SetVlanVidAction&, const SetVlanVidAction&) = default;
};
struct SetVlanPcpAction {
  uint8_t pcp = 0;
  friend bool operator==(const SetVlanPcpAction&, const SetVlanPcpAction&) = default;
};

struct PushMplsAction {
  uint16_t ethertype = 0x8847;
  friend bool operator==(const PushMplsAction&, const PushMplsAction&) = default;
};
struct PopMplsAction {
  uint16_t ethertype = 0x0800;  // of what the last label uncovers
  friend bool operator==(const PopMplsAction&, const PopMplsAction&) = default;
};
struct PushPbbAction {
  uint16_t ethertype = 0x88e7;
  friend bool operator==(const PushPbbAction&, const PushPbbAction&) = default;
};
struct PopPbbAction {
  friend bool operator==(const PopPbbAction&, const PopPbbAction&) = default;
};

struct SetTtlAction {
  uint8_t ttl = 0;
  friend bool operator==(const SetTtlAction&, const SetTtlAction&) = default;
};
// `controller_ids`: who is told about a packet whose TTL ran out; empty means everybody who asked.
struct DecTtlAction {
  std::vector<uint16_t> controller_ids;
  friend bool operator==(const DecTtlAction&, const DecTtlAction&) = default;
};
struct SetMplsTtlAction {
  uint8_t ttl = 0;
  friend bool operator==(const SetMplsTtlAction&, const SetMplsTtlAction&) = default;
};
struct DecMplsTtlAction {
  friend bool operator==(const DecMplsTtlAction&, const DecMplsTtlAction&) = default;
};
struct CopyTtlInAction {
  friend bool operator==(const CopyTtlInAction&, const CopyTtlInAction&) = default;
};
struct CopyTtlOutAction {
  friend bool operator==(const CopyTtlOutAction&, const CopyTtlOutAction&) = default;
};

struct SetQueueAction {
  uint32_t queue_id = 0;
  friend bool operator==(const SetQueueAction&, const SetQueueAction&) = default;
};
struct PopQueueAction {
  friend bool operator==(const PopQueueAction&, const PopQueueAction&) = default;
};
struct GroupAction {
  uint32_t group_id = 0;
  friend bool operator==(const GroupAction&, const GroupAction&) = default;
};
// 1.5's meter action; 1.3 and 1.4 meter by instruction.
struct MeterAction {
  uint32_t meter_id = 0;
  friend bool operator==(const MeterAction&, const MeterAction&) = default;
};

// Looks the packet up again, in place, in `table` (absent: the current one), as if it had come from `in_port`
// (of_port::in_port: unchanged), executes what is found and goes on.
struct ResubmitAction {
  OfPort in_port = of_port::in_port;
  std::optional<uint8_t> table;
  bool with_ct = false;  // matched with the addresses and ports of the connection's original direction
  friend bool operator==(const ResubmitAction&, const ResubmitAction&) = default;
};

enum class PacketInReason : uint8_t {
  no_match = 0,
  action = 1,
  invalid_ttl = 2,
  action_set = 3,
  group = 4,
  packet_out = 5,
};

// The extended form of output to CONTROLLER (NXAST_CONTROLLER, NXAST_CONTROLLER2).
struct ControllerAction {
  uint16_t max_len = 0xffff;
  PacketInReason reason = PacketInReason::action;
  uint16_t controller_id = 0;
  bool pause = false;
  std::optional<uint32_t> meter_id;
  std::vector<uint8_t> userdata;
  friend bool operator==(const ControllerAction&, const ControllerAction&) = default;
};

// Does nothing; kept and shown byte for byte.
struct NoteAction {
  std::vector<uint8_t> data;
  friend bool operator==(const NoteAction&, const NoteAction&) = default;
};

// Ends the processing of the packet: nothing after it, here or in those that resubmitted, is executed.
struct ExitAction {
  friend bool operator==(const ExitAction&, const ExitAction&) = default;
};

using ActionVariant =
    std::variant<OutputAction, SetFieldAction, MoveAction, PushVlanAction, PopVlanAction, SetVlanVidAction,
                 SetVlanPcpAction, PushMplsAction, PopMplsAction, PushPbbAction, PopPbbAction, SetTtlAction,
                 DecTtlAction, SetMplsTtlAction, DecMplsTtlAction, CopyTtlInAction, CopyTtlOutAction, SetQueueAction,
                 PopQueueAction, GroupAction, MeterAction, ResubmitAction, ControllerAction, NoteAction, ExitAction,
                 StackPushAction, StackPopAction, WriteMetadataAction, CheckPacketLargerAction, DeleteFieldAction,
                 OutputRegAction, OutputTruncAction, EnqueueAction, MultipathAction, BundleAction, LearnAction,
                 FinTimeoutAction, ConjunctionAction, SampleAction, CloneAction, CtAction, NatAction, CtClearAction>;

// Used as the variant that it is; a class to be compiled fast (lib/base/variant.h).
class Action : public ActionVariant {
 public:
  Action();
  template <AlternativeOf<ActionVariant> T>
  Action(T&& action) : Action(index_of<T, ActionVariant>, &action) {}  // NOLINT(google-explicit-constructor)
  template <AlternativeOf<ActionVariant> T>
  Action(const T& action) : Action(T(action)) {}  // NOLINT(google-explicit-constructor)
  Action(const Action& other);
  Action(Action&& other) noexcept;
  Action& operator=(const Action& other);
  Action& operator=(Action&& other) noexcept;
  ~Action();
  friend bool operator==(const Action& a, const Action& b);

 private:
  Action(size_t index, void* action);
};
using ActionList = std::vector<Action>;

// Rules are many, and most of their memory is actions.
static_assert(sizeof(Action) <= 56);

struct NestedActions {
  ActionList actions;
  friend bool operator==(const NestedActions&, const NestedActions&) = default;
};

}  // namespace weft::openflow
