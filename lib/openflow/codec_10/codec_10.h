// The OpenFlow 1.0 codec: bodies of messages and of the entries of statistics replies.
//
// A file per message family; this header is the whole of its inside: for each struct of the model a write() and,
// reached by type number through the tables in decode.cc, a read function. What 1.0 numbers or lays out otherwise than
// later versions is translated here: ports of 16 bits, ofp_match with its wildcards, bits of ports, errors.
//
// A flow whose match fits ofp_match travels in 1.0's own messages, any other in Nicira's (../extension/nicira_flow.cc):
// NXT_FLOW_MOD, NXST_FLOW. Instructions are a list of actions (../action_codec.h).
//
// Sources: OpenFlow 1.0.0 section 5, 1.0.1 for what it clears up; Open vSwitch for OFPST_PORT_DESC in 1.0.
// Threads: pure functions. Private to lib/openflow.
#pragma once

#include <optional>
#include <type_traits>

#include "lib/base/result.h"
#include "lib/openflow/message.h"
#include "lib/openflow/version_codec.h"
#include "lib/openflow/wire.h"

namespace weft::openflow::codec_10 {

inline constexpr Version version = Version::v1_0;

using DecodedMessage = Result<Message, OpenFlowError>;

// OFPT_*.
namespace message_type {
inline constexpr uint8_t features_request = 5;
inline constexpr uint8_t features_reply = 6;
inline constexpr uint8_t get_config_request = 7;
inline constexpr uint8_t get_config_reply = 8;
inline constexpr uint8_t set_config = 9;
inline constexpr uint8_t packet_in = 10;
inline constexpr uint8_t flow_removed = 11;
inline constexpr uint8_t port_status = 12;
inline constexpr uint8_t packet_out = 13;
inline constexpr uint8_t flow_mod = 14;
inline constexpr uint8_t port_mod = 15;
inline constexpr uint8_t stats_request = 16;
inline constexpr uint8_t stats_reply = 17;
inline constexpr uint8_t barrier_request = 18;
inline constexpr uint8_t barrier_reply = 19;
inline constexpr uint8_t queue_get_config_request = 20;
inline constexpr uint8_t queue_get_config_reply = 21;
}  // namespace message_type

inline constexpr size_t stats_header_size = 12;
inline constexpr uint16_t more_flag = 1;  // OFPSF_REPLY_MORE

DecodedMessage decode(uint8_t type, std::span<const uint8_t> body, Spelling& spelling);
bool is_from_switch(uint8_t type);
std::optional<uint8_t> encode(WireWriter& out, const Message& message, const Spelling& spelling);
void begin_reply(WireWriter& out, uint32_t xid, MultipartType type, Form form);
void write_entry(WireWriter& out, const MultipartEntry& entry, Form form);

inline constexpr VersionCodec codec{version, decode, is_from_switch, encode, begin_reply, write_entry};

// --- reading: one function a message (tables in decode.cc)

template <class T>
DecodedMessage finish(WireReader& in, T message) {
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return DecodedMessage(std::move(message));
}

template <class T>
DecodedMessage read_empty(WireReader& in) {
  return finish(in, T{});
}

// A layout is a function over (io, value), the same for reading and writing (wire.h).
template <class T, class Layout>
DecodedMessage read_as(WireReader& in, Layout layout) {
  T value;
  layout(in, value);
  return finish(in, std::move(value));
}

// Reads entries until the body ends; `read_one` takes an entry from the front.
template <class Entry, class ReadOne>
DecodedMessage read_entries(WireReader& in, ReadOne&& read_one) {
  MultipartReply<Entry> reply;
  while (in.remaining() > 0 && !in.failed()) {
    reply.entries.push_back(read_one(in));
  }
  return finish(in, std::move(reply));
}

DecodedMessage read_features_reply(WireReader& in);
DecodedMessage read_get_config_reply(WireReader& in);
DecodedMessage read_set_config(WireReader& in);
DecodedMessage read_packet_in(WireReader& in);
DecodedMessage read_packet_out(WireReader& in);
DecodedMessage read_flow_mod(WireReader& in);
DecodedMessage read_flow_removed(WireReader& in);
DecodedMessage read_port_status(WireReader& in);
DecodedMessage read_port_mod(WireReader& in);
DecodedMessage read_queue_config_request(WireReader& in);
DecodedMessage read_queue_config_reply(WireReader& in);

DecodedMessage read_desc_reply(WireReader& in);
DecodedMessage read_flow_stats_request(WireReader& in);
DecodedMessage read_flow_stats_reply(WireReader& in);
DecodedMessage read_aggregate_request(WireReader& in);
DecodedMessage read_aggregate_reply(WireReader& in);
DecodedMessage read_table_stats_reply(WireReader& in);
DecodedMessage read_port_stats_request(WireReader& in);
DecodedMessage read_port_stats_reply(WireReader& in);
DecodedMessage read_queue_stats_request(WireReader& in);
DecodedMessage read_queue_stats_reply(WireReader& in);
DecodedMessage read_port_desc_reply(WireReader& in);

// --- writing: one overload a struct

template <class T>
  requires std::is_empty_v<T>
void write(WireWriter&, const T&) {}

void write(WireWriter& out, const FeaturesReply& message);
void write(WireWriter& out, const GetConfigReply& message);
void write(WireWriter& out, const SetConfig& message);
void write(WireWriter& out, const PacketIn& message);
void write(WireWriter& out, const PacketOut& message);
void write(WireWriter& out, const FlowMod& message);
void write(WireWriter& out, const FlowRemoved& message);
void write(WireWriter& out, const PortStatus& message);
void write(WireWriter& out, const PortMod& message);
void write(WireWriter& out, const QueueDescRequest& message);
void write(WireWriter& out, const QueueDescReply& message);

void write(WireWriter& out, const DescReply& message);
void write(WireWriter& out, const FlowStatsRequest& message);
void write(WireWriter& out, const AggregateStatsRequest& message);
void write(WireWriter& out, const AggregateStatsReply& message);
void write(WireWriter& out, const PortStatsRequest& message);
void write(WireWriter& out, const QueueStatsRequest& message);
inline void write(WireWriter&, const PortDescRequest&) {}  // cannot name one port

void write_entry(WireWriter& out, const FlowStats& entry);
void write_entry(WireWriter& out, const TableStats& entry);
void write_entry(WireWriter& out, const PortStats& entry);
void write_entry(WireWriter& out, const QueueStats& entry);
void write_entry(WireWriter& out, const PortDesc& entry);

template <class Entry>
  requires requires(WireWriter& out, const Entry& entry) { write_entry(out, entry); }
void write(WireWriter& out, const MultipartReply<Entry>& reply) {
  for (const Entry& entry : reply.entries) {
    write_entry(out, entry);
  }
}

// --- what the families share

// struct ofp_match (match.cc). A match that does not fit loses what does not: ask fits_ofp_match() first where that
// matters. Fields that a packet of the match does not have are passed over, as 1.0.1 section 3.4 says.
void read_ofp_match(WireReader& in, Match& match);
void write_ofp_match(WireWriter& out, const Match& match);
bool fits_ofp_match(const Match& match);

// Which of the messages for a flow says `match` and `cookie_mask`: 1.0's own one, unless it cannot.
Form form_for(const Match& match, uint64_t cookie_mask);

// struct ofp_phy_port, 48 bytes (port.cc).
PortDesc read_phy_port(WireReader& in);
void write_phy_port(WireWriter& out, const PortDesc& port);
inline constexpr size_t phy_port_size = 48;

// The 16 bits of a flow-mod's command: the table in the high byte, if the connection has asked for that
// (NXT_FLOW_MOD_TABLE_ID); who handles the message knows whether it has. `mod.command` and `mod.table_id` are set.
void read_command(WireReader& in, FlowMod& mod);
void write_command(WireWriter& out, const FlowMod& mod);

// OFPFF_*; in 1.0 an ADD always counts from zero.
void check_flags(WireReader& in, FlowMod& mod);
uint16_t flags_on_wire(const FlowMod& mod);

// The cookie of a flow-mod's header: in 1.0 a modify gives it to the rules that it changes, all ones leaving theirs.
void set_cookie(FlowMod& mod, uint64_t cookie);
uint64_t cookie_on_wire(const FlowMod& mod);

// 1.0 has one list of actions. The rest of `in`; a failed read leaves the error there.
void read_actions_into(WireReader& in, const Match& match, Instructions& instructions);
void write_as_actions(WireWriter& out, const Match& match, const Instructions& instructions);

// OFPRR_*: what later versions tell apart is OFPRR_DELETE.
FlowRemovedReason reason_on_wire(FlowRemovedReason reason);

// Errors (error.cc): 1.0's numbers for what 1.0 has, Nicira's wrapped ones for the rest.
void write_error(WireWriter& out, const Error& message);
DecodedMessage read_error(std::span<const uint8_t> body);

inline constexpr auto duration_layout = [](auto& io, auto& duration) {
  io.u32(duration.seconds);
  io.u32(duration.nanoseconds);
};

}  // namespace weft::openflow::codec_10
