// The OpenFlow 1.3, 1.4 and 1.5 codecs: bodies of messages and of the entries of multipart replies.
//
// A file per message family; this header is the whole of its inside: for each struct of the model a write() and,
// reached by type number through the tables in decode.cc, a read function. The three versions share most layouts; a
// reader and a writer know which version they are in, and where a layout differs it asks. A body begins behind the
// eight bytes of the header, that of a multipart behind its sixteen.
//
// Sources: OpenFlow 1.3.5 sections 7.3 and 7.4, 1.4.1 and 1.5.1 sections 7.3 to 7.5. Threads: pure functions. Private
// to lib/openflow.
#pragma once

#include <type_traits>
#include <utility>

#include "lib/base/result.h"
#include "lib/openflow/extension/extension.h"
#include "lib/openflow/message.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/version_codec.h"
#include "lib/openflow/wire.h"

namespace weft::openflow::codec_13 {

using DecodedMessage = Result<Message, OpenFlowError>;

class Reader : public WireReader {
 public:
  Reader(std::span<const uint8_t> bytes, Version version, ErrorCode short_error = ErrorCode::ofpbrc_bad_len)
      : WireReader(bytes, short_error), version_(version) {}
  Version version() const { return version_; }

 private:
  Version version_;
};

class Writer : public WireWriter {
 public:
  Writer(std::vector<uint8_t>& out, Version version) : WireWriter(out), version_(version) {}
  Version version() const { return version_; }

 private:
  Version version_;
};

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
inline constexpr uint8_t group_mod = 15;
inline constexpr uint8_t port_mod = 16;
inline constexpr uint8_t table_mod = 17;
inline constexpr uint8_t multipart_request = 18;
inline constexpr uint8_t multipart_reply = 19;
inline constexpr uint8_t barrier_request = 20;
inline constexpr uint8_t barrier_reply = 21;
inline constexpr uint8_t queue_get_config_request = 22;  // 1.3
inline constexpr uint8_t queue_get_config_reply = 23;    // 1.3
inline constexpr uint8_t role_request = 24;
inline constexpr uint8_t role_reply = 25;
inline constexpr uint8_t get_async_request = 26;
inline constexpr uint8_t get_async_reply = 27;
inline constexpr uint8_t set_async = 28;
inline constexpr uint8_t meter_mod = 29;
inline constexpr uint8_t role_status = 30;        // 1.4
inline constexpr uint8_t table_status = 31;       // 1.4
inline constexpr uint8_t request_forward = 32;    // 1.4
inline constexpr uint8_t bundle_control = 33;     // 1.4
inline constexpr uint8_t bundle_add = 34;         // 1.4
inline constexpr uint8_t controller_status = 35;  // 1.5
}  // namespace message_type

inline constexpr size_t multipart_header_size = 16;
inline constexpr uint16_t more_flag = 1;  // OFPMPF_REQ_MORE, OFPMPF_REPLY_MORE
inline constexpr uint32_t onf_experimenter = 0x4f4e4600;
inline constexpr uint32_t onf_flow_monitor = 1870;  // the multipart that 1.3 has for flow_monitor

DecodedMessage decode(Version version, uint8_t type, std::span<const uint8_t> body, Spelling& spelling);
bool is_from_switch(uint8_t type);
std::optional<uint8_t> encode(WireWriter& out, Version version, const Message& message, const Spelling& spelling);
void begin_reply(WireWriter& out, Version version, uint32_t xid, MultipartType type, Form form);
void write_entry(WireWriter& out, Version version, const MultipartEntry& entry, Form form);

// The row of each of the three versions.
template <Version version>
inline constexpr VersionCodec codec{
    version,
    [](uint8_t type, std::span<const uint8_t> body, Spelling& spelling) {
      return decode(version, type, body, spelling);
    },
    is_from_switch,
    [](WireWriter& out, const Message& message, const Spelling& spelling) {
      return encode(out, version, message, spelling);
    },
    [](WireWriter& out, uint32_t xid, MultipartType type, Form form) { begin_reply(out, version, xid, type, form); },
    [](WireWriter& out, const MultipartEntry& entry, Form form) { write_entry(out, version, entry, form); },
};

// Where in a message of this type the one stands that it carries, its header included.
std::optional<size_t> carried_offset(uint8_t type);
// Behind the header; of the flow monitor of 1.3 also the experimenter's numbers.
void write_multipart_header(Writer& out, MultipartType type, bool more);

// --- reading: one function a message (tables in decode.cc)

// What was read, when it was all there is and nothing was wrong.
template <class T>
DecodedMessage finished(Reader& in, T&& message) {
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return DecodedMessage(std::forward<T>(message));
}

template <class T>
DecodedMessage read_empty(Reader& in) {
  return finished(in, T{});
}

// A layout is a function over (io, value), the same for reading and writing (wire.h).
template <class T, class Layout>
DecodedMessage read_as(Reader& in, Layout layout) {
  T value;
  layout(in, value);
  return finished(in, std::move(value));
}

DecodedMessage read_features_reply(Reader& in);
DecodedMessage read_get_config_reply(Reader& in);
DecodedMessage read_set_config(Reader& in);
DecodedMessage read_role_request(Reader& in);
DecodedMessage read_role_reply(Reader& in);
DecodedMessage read_role_status(Reader& in);
DecodedMessage read_controller_status(Reader& in);
DecodedMessage read_get_async_reply(Reader& in);
DecodedMessage read_set_async(Reader& in);
DecodedMessage read_packet_in(Reader& in);
DecodedMessage read_packet_out(Reader& in);
DecodedMessage read_flow_mod(Reader& in);
DecodedMessage read_flow_removed(Reader& in);
DecodedMessage read_group_mod(Reader& in);
DecodedMessage read_meter_mod(Reader& in);
DecodedMessage read_port_status(Reader& in);
DecodedMessage read_port_mod(Reader& in);
DecodedMessage read_table_mod(Reader& in);
DecodedMessage read_table_status(Reader& in);
DecodedMessage read_queue_get_config_request(Reader& in);
DecodedMessage read_queue_get_config_reply(Reader& in);
DecodedMessage read_bundle_control(Reader& in);
DecodedMessage read_bundle_add(Reader& in);
DecodedMessage read_request_forward(Reader& in);

DecodedMessage read_desc_reply(Reader& in);
DecodedMessage read_flow_stats_request(Reader& in);
DecodedMessage read_flow_stats_reply(Reader& in);
DecodedMessage read_flow_counters_request(Reader& in);
DecodedMessage read_flow_counters_reply(Reader& in);
DecodedMessage read_aggregate_request(Reader& in);
DecodedMessage read_aggregate_reply(Reader& in);
DecodedMessage read_table_stats_reply(Reader& in);
DecodedMessage read_table_desc_reply(Reader& in);
DecodedMessage read_port_stats_request(Reader& in);
DecodedMessage read_port_stats_reply(Reader& in);
DecodedMessage read_port_desc_request(Reader& in);
DecodedMessage read_port_desc_reply(Reader& in);
DecodedMessage read_queue_stats_request(Reader& in);
DecodedMessage read_queue_stats_reply(Reader& in);
DecodedMessage read_queue_desc_request(Reader& in);
DecodedMessage read_queue_desc_reply(Reader& in);
DecodedMessage read_group_stats_request(Reader& in);
DecodedMessage read_group_stats_reply(Reader& in);
DecodedMessage read_group_desc_request(Reader& in);
DecodedMessage read_group_desc_reply(Reader& in);
DecodedMessage read_group_features_reply(Reader& in);
DecodedMessage read_meter_stats_request(Reader& in);
DecodedMessage read_meter_stats_reply(Reader& in);
DecodedMessage read_meter_config_request(Reader& in);
DecodedMessage read_meter_config_reply(Reader& in);
DecodedMessage read_meter_features_reply(Reader& in);
DecodedMessage read_table_features_request(Reader& in);
DecodedMessage read_table_features_reply(Reader& in);
DecodedMessage read_controller_status_reply(Reader& in);
DecodedMessage read_bundle_features_request(Reader& in);
DecodedMessage read_bundle_features_reply(Reader& in);
DecodedMessage read_flow_monitor_request(Reader& in);
DecodedMessage read_flow_monitor_reply(Reader& in);
DecodedMessage read_experimenter_multipart_request(Reader& in);
DecodedMessage read_experimenter_multipart_reply(Reader& in);

// --- writing: one overload a struct

template <class T>
  requires std::is_empty_v<T>
void write(Writer&, const T&) {}

void write(Writer& out, const FeaturesReply& message);
void write(Writer& out, const GetConfigReply& message);
void write(Writer& out, const SetConfig& message);
void write(Writer& out, const RoleRequest& message);
void write(Writer& out, const RoleReply& message);
void write(Writer& out, const RoleStatus& message);
void write(Writer& out, const ControllerStatus& message);
void write(Writer& out, const GetAsyncReply& message);
void write(Writer& out, const SetAsync& message);
void write(Writer& out, const PacketIn& message);
void write(Writer& out, const PacketOut& message);
void write(Writer& out, const FlowMod& message);
void write(Writer& out, const FlowRemoved& message);
void write(Writer& out, const GroupMod& message);
void write(Writer& out, const MeterMod& message);
void write(Writer& out, const PortStatus& message);
void write(Writer& out, const PortMod& message);
void write(Writer& out, const TableMod& message);
void write(Writer& out, const TableStatus& message);
void write(Writer& out, const BundleControl& message);
void write(Writer& out, const BundleAdd& message);
void write(Writer& out, const RequestForward& message);

void write(Writer& out, const DescReply& message);
void write(Writer& out, const FlowStatsRequest& message);
void write(Writer& out, const FlowCountersRequest& message);
void write(Writer& out, const AggregateStatsRequest& message);
void write(Writer& out, const AggregateStatsReply& message);
void write(Writer& out, const PortStatsRequest& message);
void write(Writer& out, const PortDescRequest& message);
void write(Writer& out, const QueueStatsRequest& message);
void write(Writer& out, const QueueDescRequest& message);
void write(Writer& out, const QueueDescReply& message);
void write(Writer& out, const GroupStatsRequest& message);
void write(Writer& out, const GroupDescRequest& message);
void write(Writer& out, const GroupFeaturesReply& message);
void write(Writer& out, const MeterStatsRequest& message);
void write(Writer& out, const MeterConfigRequest& message);
void write(Writer& out, const MeterFeaturesReply& message);
void write(Writer& out, const TableFeaturesRequest& message);
void write(Writer& out, const BundleFeaturesRequest& message);
void write(Writer& out, const BundleFeaturesReply& message);
void write(Writer& out, const FlowMonitorRequest& message);
void write(Writer& out, const ExperimenterMultipartRequest& message);
void write(Writer& out, const ExperimenterMultipartReply& message);

// Entries of list replies.
void write_entry(Writer& out, const FlowStats& entry);
void write_entry(Writer& out, const FlowCounters& entry);
void write_entry(Writer& out, const TableStats& entry);
void write_entry(Writer& out, const TableDesc& entry);
void write_entry(Writer& out, const PortStats& entry);
void write_entry(Writer& out, const PortDesc& entry);
void write_entry(Writer& out, const QueueStats& entry);
void write_entry(Writer& out, const QueueDesc& entry);
void write_entry(Writer& out, const GroupStats& entry);
void write_entry(Writer& out, const GroupDesc& entry);
void write_entry(Writer& out, const MeterStats& entry);
void write_entry(Writer& out, const MeterConfig& entry);
void write_entry(Writer& out, const TableFeatures& entry);
void write_entry(Writer& out, const ControllerStatus& entry);
void write_entry(Writer& out, const FlowUpdate& entry);

template <class Entry>
void write(Writer& out, const MultipartReply<Entry>& reply) {
  for (const Entry& entry : reply.entries) {
    write_entry(out, entry);
  }
}

// Reads entries until the body ends; `read_one` takes an entry from the front.
template <class Entry, class ReadOne>
DecodedMessage read_entries(Reader& in, ReadOne&& read_one) {
  MultipartReply<Entry> reply;
  while (in.remaining() > 0 && !in.failed()) {
    reply.entries.push_back(read_one(in));
  }
  return finished(in, std::move(reply));
}

// An entry that begins with its own length; what follows is read by `read_body` from just its bytes.
template <class ReadBody>
void read_sized(Reader& in, ReadBody&& read_body) {
  constexpr size_t length_size = 2;
  const uint16_t length = in.u16();
  Reader entry(in.take(length < length_size ? in.remaining() + 1 : length - length_size), in.version());
  read_body(entry);
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
}
template <class WriteBody>
void write_sized(Writer& out, WriteBody&& write_body) {
  const size_t begin = out.size();
  out.u16(0);
  write_body();
  out.patch_u16(begin, out.size() - begin);
}

inline constexpr auto duration_layout = [](auto& io, auto& duration) {
  io.u32(duration.seconds);
  io.u32(duration.nanoseconds);
};

// Reads one entry of such a layout.
template <class Entry, class Layout>
Entry read_entry(Reader& in, Layout layout) {
  Entry entry;
  layout(in, entry);
  return entry;
}

// Reads of shared parts. What is wrong is left in `in`.
template <class T>
void take_result(Reader& in, Result<T, OpenFlowError> read, T& out) {
  if (read) {
    out = std::move(*read);
  } else {
    in.fail(read.error());
  }
}

// A failed read leaves the error in `in`.
inline void read_match_into(Reader& in, Match& match) {
  if (in.failed()) {
    return;
  }
  if (auto read = read_match(in, match); !read) {
    in.fail(read.error());
  }
}

}  // namespace weft::openflow::codec_13
