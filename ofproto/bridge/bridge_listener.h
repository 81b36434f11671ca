// What a bridge tells unasked: packet-in, flow-removed, port-status, table-status. Controller connections implement it.
//
// Threads: called on the control thread, through the Executor, never from inside a call into the bridge.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/packet_message.h"
#include "lib/openflow/port_message.h"
#include "lib/openflow/table_message.h"

namespace weft::ofproto {

// `message.data` is the whole packet and total_len its size; who sends it on cuts it to max_len, or to its own
// miss_send_len where the reason is not `action`.
struct PacketInEvent {
  openflow::PacketIn message;
  uint16_t max_len = 0xffff;
  uint16_t controller_id = 0;
  bool is_implicit = false;  // no rule asked for it: only controllers of OpenFlow 1.0 are told
};

class BridgeListener {
 public:
  virtual ~BridgeListener() = default;
  virtual void packet_in(const PacketInEvent& event) = 0;
  // After the last packet that the rule handled has been counted.
  virtual void flow_removed(const openflow::FlowRemoved& message) = 0;
  // `by`: whose port-mod has changed it, as ChangeOrigin says it; null: nobody's.
  virtual void port_status(const openflow::PortStatus& message, const void* by) = 0;
  virtual void table_status(const openflow::TableStatus& /*message*/) {}  // not everybody cares
};

}  // namespace weft::ofproto
