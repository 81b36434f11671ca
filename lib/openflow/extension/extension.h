// Messages of experimenters (vendors, in 1.0), the same for every version: one table from experimenter and number to a
// function, one way back.
//
// A row says in which versions the message is known and which Form it is. A family's functions stand in a file of their
// own; a new extension is a row in table.cc, an overload in the writer there and its file. What has no row is an
// Experimenter message, which no switch serves.
//
// Sources: Open vSwitch's protocol documentation for Nicira's (0x00002320), the ONF's extension documents 230 (bundles)
// and 187 (flow monitor) and others for its own (0x4f4e4600).
// Threads: pure functions. Private to lib/openflow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "lib/base/result.h"
#include "lib/openflow/version_codec.h"

namespace weft::openflow::extension {

inline constexpr uint8_t message_type = 4;  // OFPT_VENDOR, OFPT_EXPERIMENTER: in every version

using DecodedMessage = Result<Message, OpenFlowError>;

// The body behind the header of eight bytes.
DecodedMessage read(std::span<const uint8_t> body, Version version, Spelling& spelling);

// Whether only switches send the message that has this body.
bool is_from_switch(std::span<const uint8_t> body, Version version);

// The body behind the header; false when the version and form say `message` in a message of their own.
bool write(WireWriter& out, const Message& message, Version version, Form form);

// Where in a message with this body the one stands that it carries, counted from the beginning of the outer header;
// nothing when it carries none.
std::optional<size_t> carried_offset(std::span<const uint8_t> body);

// The ONF's numbers (experimenter 0x4f4e4600).
namespace onf {
inline constexpr uint32_t flow_monitor_cancel = 1870;
inline constexpr uint32_t flow_monitor_paused = 1871;
inline constexpr uint32_t flow_monitor_resumed = 1872;
inline constexpr uint32_t role_status = 1911;
inline constexpr uint32_t bundle_control = 2300;
inline constexpr uint32_t bundle_add = 2301;
inline constexpr uint32_t request_forward = 2350;
}  // namespace onf

// --- the families: bodies behind experimenter and number

// nicira_session.cc
DecodedMessage read_set_flow_format(WireReader& in, Version version);
DecodedMessage read_flow_mod_table_id(WireReader& in, Version version);
DecodedMessage read_set_packet_in_format(WireReader& in, Version version);
DecodedMessage read_set_controller_id(WireReader& in, Version version);
DecodedMessage read_ct_flush_zone(WireReader& in, Version version);
void write_body(WireWriter& out, const SetFlowFormat& message);
void write_body(WireWriter& out, const FlowModTableId& message);
void write_body(WireWriter& out, const SetPacketInFormat& message);
void write_body(WireWriter& out, const SetControllerId& message);
void write_body(WireWriter& out, const CtFlushZone& message);

// nicira_async.cc
DecodedMessage read_set_async(WireReader& in, Version version);
DecodedMessage read_set_async2(WireReader& in, Version version);
DecodedMessage read_role_request(WireReader& in, Version version);
DecodedMessage read_role_reply(WireReader& in, Version version);
void write_set_async(WireWriter& out, const SetAsync& message);
void write_set_async2(WireWriter& out, const SetAsync& message);
void write_role(WireWriter& out, Role role);  // not no_change

// nicira_packet.cc
DecodedMessage read_packet_in(WireReader& in, Version version);
DecodedMessage read_packet_in2(WireReader& in, Version version);
DecodedMessage read_resume(WireReader& in, Version version);
void write_packet_in(WireWriter& out, const PacketIn& message);
void write_packet_in2(WireWriter& out, const PacketIn& message, Version version);  // and resume

// tlv_table.cc
DecodedMessage read_tlv_table_mod(WireReader& in, Version version);
DecodedMessage read_tlv_table_request(WireReader& in, Version version);
DecodedMessage read_tlv_table_reply(WireReader& in, Version version);
void write_body(WireWriter& out, const TlvTableMod& message);
void write_body(WireWriter& out, const TlvTableReply& message);

// onf.cc
DecodedMessage read_onf_bundle_control(WireReader& in, Version version);
DecodedMessage read_onf_bundle_add(WireReader& in, Version version);
DecodedMessage read_onf_role_status(WireReader& in, Version version);
DecodedMessage read_onf_request_forward(WireReader& in, Version version);
DecodedMessage read_onf_monitor_cancel(WireReader& in, Version version);
DecodedMessage read_onf_monitor_paused(WireReader& in, Version version);
DecodedMessage read_onf_monitor_resumed(WireReader& in, Version version);
void write_body(WireWriter& out, const BundleControl& message);
void write_body(WireWriter& out, const BundleAdd& message);
void write_body(WireWriter& out, const RoleStatus& message);
void write_body(WireWriter& out, const RequestForward& message);

}  // namespace weft::openflow::extension
