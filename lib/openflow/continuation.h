// Continuation: what a paused packet's message carries so that its pipeline can go on: what is left to do, as actions and
// instructions, and where it came from. The switch's own bytes (NXT_PACKET_IN2 property 8, behind its padding), which a
// controller hands back with NXT_RESUME: late, twice, to a switch that has been started again, or changed.
//
// They hold all there is to know and refer to nothing that might be gone, and are read as any other bytes from outside:
// every length is checked, every action as if it came in a packet-out. What of the packet is not in its frame
// (registers, metadata, tunnel) stands in the message itself.
//
//   u32 0x77656674, u8 1 (the layout's number), u8 whether the action set is executed, pad 2, u64 datapath id, u32 in_port,
//   u32 egress port or 0
//   then, each u16 type, u16 length (without padding), pad 4, body, padded to 8:
//     1 step        u8 table id, u8 flags, u8 goto table, pad 1, u16 size of actions, u16 size of write_actions,
//                   u64 cookie, u64 metadata, u64 metadata mask, actions, actions to write (both as in 1.3)
//     2 action set  actions; the last part, always there
//     3 stack       each 16 bytes, when there is any
//
// Threads: pure functions. Source: Open vSwitch's ovs-actions(7), "pause"; the layout is ours.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lib/base/result.h"
#include "lib/openflow/error.h"
#include "lib/openflow/instruction.h"

namespace weft::openflow {

// The rest of one action list, and of the instructions of the rule that it belongs to (without `apply`).
struct ContinuationStep {
  ActionList actions;
  Instructions then;
  uint8_t table_id = 0;
  uint64_t cookie = ~uint64_t{0};
  bool is_packet_out = false;
  bool is_in_action_set = false;
  bool is_in_group = false;
  bool is_pipeline = false;  // a miss of the table it goes to ends all
  friend bool operator==(const ContinuationStep&, const ContinuationStep&) = default;
};

struct Continuation {
  uint64_t datapath_id = 0;
  OfPort in_port{};
  std::optional<OfPort> egress_port;  // in egress tables: what the packet is bound for
  std::vector<ContinuationStep> steps;
  ActionList action_set;
  std::vector<FieldValue> stack;  // of push and pop, the last one on top
  bool runs_action_set = false;
  friend bool operator==(const Continuation&, const Continuation&) = default;
};

// `is_tagged`: whether the packet has a VLAN tag where it waits. Empty when it is too long for any message.
std::vector<uint8_t> encode_continuation(const Continuation& continuation, bool is_tagged);
// NXR_STALE: these are not the bytes of a continuation. An action that is wrong has an action's error.
Result<Continuation, OpenFlowError> decode_continuation(std::span<const uint8_t> bytes);

}  // namespace weft::openflow
