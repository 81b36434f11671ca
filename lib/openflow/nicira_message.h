// Messages that only Open vSwitch's (Nicira's) extensions have. Values.
//
// Extensions that spell a standard message anew have no struct here: the flow-mod, flow-removed, packet-in, role and
// monitor messages are those of the model, their Form says how they came.
//
// Numbers and layouts: experimenter_codec.h.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/openflow/form.h"
#include "lib/openflow/packet_message.h"

namespace weft::openflow {

// NXT_SET_FLOW_FORMAT, 1.0: how the switch is to tell of flows unasked (flow-removed). Form::standard or nicira.
struct SetFlowFormat {
  Form format = Form::standard;
  friend bool operator==(const SetFlowFormat&, const SetFlowFormat&) = default;
};

// NXT_FLOW_MOD_TABLE_ID, 1.0 and 1.1: whether flow-mods of this connection name a table, in the high byte of their
// command. Without it an ADD is for table 0, the other commands are for all tables.
struct FlowModTableId {
  bool is_enabled = false;
  friend bool operator==(const FlowModTableId&, const FlowModTableId&) = default;
};

// NXT_SET_PACKET_IN_FORMAT: standard, nicira or nicira2.
struct SetPacketInFormat {
  Form format = Form::standard;
  friend bool operator==(const SetPacketInFormat&, const SetPacketInFormat&) = default;
};

// NXT_SET_CONTROLLER_ID: the number by which controller actions choose who gets a packet. Initially 0.
struct SetControllerId {
  uint16_t controller_id = 0;
  friend bool operator==(const SetControllerId&, const SetControllerId&) = default;
};

inline constexpr uint16_t tlv_field_count = 64;  // tun_metadata0 to 63
inline constexpr uint32_t tlv_space = 256;       // bytes, of all mapped options together
inline constexpr uint8_t max_tlv_size = 124;     // bytes, of one option

// Which Geneve option (RFC 8926 section 3.5: class and type, `size` bytes of data, a multiple of 4) is tun_metadata
// number `index`.
struct TlvMap {
  uint16_t option_class = 0;
  uint8_t option_type = 0;
  uint8_t size = 0;
  uint16_t index = 0;
  friend bool operator==(const TlvMap&, const TlvMap&) = default;
};

enum class TlvTableCommand : uint16_t { add = 0, remove = 1, clear = 2 };

struct TlvTableMod {
  TlvTableCommand command = TlvTableCommand::add;
  std::vector<TlvMap> maps;
  friend bool operator==(const TlvTableMod&, const TlvTableMod&) = default;
};
struct TlvTableRequest {
  friend bool operator==(const TlvTableRequest&, const TlvTableRequest&) = default;
};
struct TlvTableReply {
  uint32_t max_space = tlv_space;  // bytes
  uint16_t max_fields = tlv_field_count;
  std::vector<TlvMap> maps;
  friend bool operator==(const TlvTableReply&, const TlvTableReply&) = default;
};

// NXT_RESUME: a packet-in that was paused comes back, with its continuation; packet and metadata may have changed.
struct Resume {
  PacketIn packet_in;
  friend bool operator==(const Resume&, const Resume&) = default;
};

// NXT_CT_FLUSH_ZONE: forget the tracked connections of a zone.
struct CtFlushZone {
  uint16_t zone = 0;
  friend bool operator==(const CtFlushZone&, const CtFlushZone&) = default;
};

}  // namespace weft::openflow
