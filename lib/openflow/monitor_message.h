// Flow monitors: a controller is told of every change to the rules that it names. Values.
//
// One model for the monitors of 1.4 and 1.5 (1.4.1 section 7.3.5.18), for their back-port to 1.3 (ONF) and for the older
// extension (NXST_FLOW_MONITOR). What the extension says in messages of their own is here what 1.4 has for it: a
// cancellation is a request with one monitor and the command `remove`, "paused" and "resumed" are replies with that
// one update.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/openflow/flow_message.h"

namespace weft::openflow {

enum class FlowMonitorCommand : uint8_t { add = 0, modify = 1, remove = 2 };

// OFPFMF_*, with the numbers of 1.4.
namespace monitor_flag {
inline constexpr uint16_t initial = 1 << 0;       // tell of the rules that are there now
inline constexpr uint16_t add = 1 << 1;           // of those that come
inline constexpr uint16_t removed = 1 << 2;       // of those that go
inline constexpr uint16_t modify = 1 << 3;        // of those that change
inline constexpr uint16_t instructions = 1 << 4;  // with their instructions
inline constexpr uint16_t no_abbrev = 1 << 5;     // one's own changes in full too
inline constexpr uint16_t only_own = 1 << 6;      // only one's own changes
inline constexpr uint16_t all = 0x7f;
}  // namespace monitor_flag

// Ids are the controller's to choose, one connection's do not meet another's. `command` other than add concerns the
// monitor of that id, and remove says nothing more.
struct FlowMonitor {
  uint32_t id = 0;
  FlowMonitorCommand command = FlowMonitorCommand::add;
  uint16_t flags = 0;
  uint8_t table_id = all_tables;
  OfPort out_port = of_port::any;  // rules that output there only
  uint32_t out_group = any_group;
  Match match;
  friend bool operator==(const FlowMonitor&, const FlowMonitor&) = default;
};

struct FlowMonitorRequest {
  std::vector<FlowMonitor> monitors;
  friend bool operator==(const FlowMonitorRequest&, const FlowMonitorRequest&) = default;
};

enum class FlowUpdateEvent : uint16_t {
  initial = 0,
  added = 1,
  removed = 2,
  modified = 3,
  abbreviated = 4,  // the receiver's own change, named by its xid
  paused = 5,       // the receiver is slow: nothing is told until `resumed`
  resumed = 6,
};

// `xid` is said by `abbreviated` alone, `reason` by `removed` alone, the rule by the first four.
struct FlowUpdate {
  FlowUpdateEvent event = FlowUpdateEvent::added;
  FlowRemovedReason reason = FlowRemovedReason::idle_timeout;
  uint8_t table_id = 0;
  uint16_t priority = 0;
  uint16_t idle_timeout = 0;  // seconds
  uint16_t hard_timeout = 0;  // seconds
  uint64_t cookie = 0;
  uint32_t xid = 0;
  Match match;
  Instructions instructions;  // empty unless asked for
  friend bool operator==(const FlowUpdate&, const FlowUpdate&) = default;
};
using FlowMonitorReply = MultipartReply<FlowUpdate>;

}  // namespace weft::openflow
