// The OpenFlow 1.3 codec: bodies of messages and of the entries of multipart replies.
//
// A file per message family; this header is the whole of its inside: for each struct of the model a write() and,
// reached by type number through the tables in decode.cc, a read function. A body begins behind the eight bytes
// of the header, that of a multipart behind its sixteen.
//
// Sources: OpenFlow 1.3.5 sections 7.3 and 7.4. Threads: pure functions. Private to lib/openflow.
#pragma once

#include <type_traits>

#include "lib/base/result.h"
#include "lib/openflow/extension/extension.h"
#include "lib/openflow/message.h"
#include "lib/openflow/version_codec.h"
#include "lib/openflow/wire.h"

namespace weft::openflow::codec_13 {

inline constexpr Version version = Version::v1_3;

using DecodedMessage = Result<Message, OpenFlowError>;

// OFPT_*.
namespace message_type {
inline constexpr uint8_t hello = 0;
inline constexpr uint8_t error = 1;
inline constexpr uint8_t echo_request = 2;
inline constexpr uint8_t echo_reply = 3;
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
inline constexpr uint8_t group_mod = 15;
inline constexpr uint8_t port_mod = 16;
inline constexpr uint8_t table_mod = 17;
inline constexpr uint8_t multipart_request = 18;
inline constexpr uint8_t multipart_reply = 19;
inline constexpr uint8_t barrier_request = 20;
inline constexpr uint8_t barrier_reply = 21;
inline constexpr uint8_t role_request = 24;
inline constexpr uint8_t role_reply = 25;
inline constexpr uint8_t meter_mod = 29;
}  // namespace message_type

inline constexpr size_t multipart_header_size = 16;
inline constexpr uint16_t more_flag = 1;  // OFPMPF_REQ_MORE, OFPMPF_REPLY_MORE

DecodedMessage decode(uint8_t type, std::span<const uint8_t> body, Spelling& spelling);
std::optional<uint8_t> encode(WireWriter& out, const Message& message, const Spelling& spelling);
void begin_reply(WireWriter& out, uint32_t xid, MultipartType type, Form form);
void write_entry(WireWriter& out, const MultipartEntry& entry, Form form);

inline constexpr VersionCodec codec{version, decode, encode, begin_reply, write_entry};

// --- reading: one function a message (tables in decode.cc and multipart.cc)

template <class T>
DecodedMessage read_empty(WireReader& in) {
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{T{}};
}

// A layout is a function over (io, value), the same for reading and writing (wire.h).
template <class T, class Layout>
DecodedMessage read_as(WireReader& in, Layout layout) {
  T value;
  layout(in, value);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(value)};
}

DecodedMessage read_features_reply(WireReader& in);
DecodedMessage read_get_config_reply(WireReader& in);
DecodedMessage read_set_config(WireReader& in);
DecodedMessage read_role_request(WireReader& in);
DecodedMessage read_role_reply(WireReader& in);
DecodedMessage read_packet_in(WireReader& in);
DecodedMessage read_packet_out(WireReader& in);
DecodedMessage read_flow_mod(WireReader& in);
DecodedMessage read_flow_removed(WireReader& in);
DecodedMessage read_group_mod(WireReader& in);
DecodedMessage read_meter_mod(WireReader& in);
DecodedMessage read_port_status(WireReader& in);
DecodedMessage read_port_mod(WireReader& in);
DecodedMessage read_table_mod(WireReader& in);

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
DecodedMessage read_group_stats_request(WireReader& in);
DecodedMessage read_group_stats_reply(WireReader& in);
DecodedMessage read_group_desc_reply(WireReader& in);
DecodedMessage read_group_features_reply(WireReader& in);
DecodedMessage read_meter_stats_request(WireReader& in);
DecodedMessage read_meter_stats_reply(WireReader& in);
DecodedMessage read_meter_config_request(WireReader& in);
DecodedMessage read_meter_config_reply(WireReader& in);
DecodedMessage read_meter_features_reply(WireReader& in);
DecodedMessage read_table_features_request(WireReader& in);
DecodedMessage read_table_features_reply(WireReader& in);
DecodedMessage read_port_desc_reply(WireReader& in);

// --- writing: one overload a struct

template <class T>
  requires std::is_empty_v<T>
void write(WireWriter&, const T&) {}

void write(WireWriter& out, const FeaturesReply& message);
void write(WireWriter& out, const GetConfigReply& message);
void write(WireWriter& out, const SetConfig& message);
void write(WireWriter& out, const RoleRequest& message);
void write(WireWriter& out, const RoleReply& message);
void write(WireWriter& out, const PacketIn& message);
void write(WireWriter& out, const PacketOut& message);
void write(WireWriter& out, const FlowMod& message);
void write(WireWriter& out, const FlowRemoved& message);
void write(WireWriter& out, const GroupMod& message);
void write(WireWriter& out, const MeterMod& message);
void write(WireWriter& out, const PortStatus& message);
void write(WireWriter& out, const PortMod& message);
void write(WireWriter& out, const TableMod& message);

void write(WireWriter& out, const DescReply& message);
void write(WireWriter& out, const FlowStatsRequest& message);
void write(WireWriter& out, const AggregateStatsRequest& message);
void write(WireWriter& out, const AggregateStatsReply& message);
void write(WireWriter& out, const PortStatsRequest& message);
void write(WireWriter& out, const QueueStatsRequest& message);
void write(WireWriter& out, const GroupStatsRequest& message);
void write(WireWriter& out, const GroupFeaturesReply& message);
void write(WireWriter& out, const MeterStatsRequest& message);
void write(WireWriter& out, const MeterConfigRequest& message);
void write(WireWriter& out, const MeterFeaturesReply& message);
void write(WireWriter& out, const TableFeaturesRequest& message);
// In 1.3 these two requests cannot name one group or port.
inline void write(WireWriter&, const GroupDescRequest&) {}
inline void write(WireWriter&, const PortDescRequest&) {}

// Entries of list replies.
void write_entry(WireWriter& out, const FlowStats& entry);
void write_entry(WireWriter& out, const TableStats& entry);
void write_entry(WireWriter& out, const PortStats& entry);
void write_entry(WireWriter& out, const QueueStats& entry);
void write_entry(WireWriter& out, const GroupStats& entry);
void write_entry(WireWriter& out, const GroupDesc& entry);
void write_entry(WireWriter& out, const MeterStats& entry);
void write_entry(WireWriter& out, const MeterConfig& entry);
void write_entry(WireWriter& out, const TableFeatures& entry);
void write_entry(WireWriter& out, const PortDesc& entry);

template <class Entry>
void write(WireWriter& out, const MultipartReply<Entry>& reply) {
  for (const Entry& entry : reply.entries) {
    write_entry(out, entry);
  }
}

// Reads entries until the body ends; `read_one` takes an entry from the front.
template <class Entry, class ReadOne>
DecodedMessage read_entries(WireReader& in, ReadOne&& read_one) {
  MultipartReply<Entry> reply;
  while (in.remaining() > 0 && !in.failed()) {
    reply.entries.push_back(read_one(in));
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(reply)};
}

inline constexpr auto duration_layout = [](auto& io, auto& duration) {
  io.u32(duration.seconds);
  io.u32(duration.nanoseconds);
};

// Reads one entry of such a layout.
template <class Entry, class Layout>
Entry read_entry(WireReader& in, Layout layout) {
  Entry entry;
  layout(in, entry);
  return entry;
}

}  // namespace weft::openflow::codec_13
