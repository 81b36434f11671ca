// Packet-in and packet-out: OpenFlow 1.3.5 sections 7.4.1 and 7.3.7; 1.4.1 section 7.4.1 (more reasons); 1.5.1 section
// 7.3.6 (a packet-out with pipeline fields).
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t packet_in_pad = 2;  // so that the IP header behind the Ethernet header is aligned

// 1.3 knows three reasons; what later versions tell apart are all actions.
PacketInReason told_reason(PacketInReason reason, Version version) {
  const auto last = version == Version::v1_3 ? PacketInReason::invalid_ttl : PacketInReason::packet_out;
  return reason > last ? PacketInReason::action : reason;
}

bool may_send_from(OfPort port) {
  return is_ordinary(port) || port == of_port::local || port == of_port::controller || port == of_port::any;
}

void check_in_port(Reader& in, OfPort port) {
  if (!in.failed() && !may_send_from(port)) {
    in.fail({ErrorCode::ofpbrc_bad_port, fmt::format("in_port {}", number(port))});
  }
}

std::vector<uint8_t> to_vector(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// The fields of a match that are no pipeline fields; empty when all are.
std::string_view first_packet_field(const Match& match) {
  for (const Field& f : all_fields()) {
    if (f.has_place() && !match.is_wild(f) && !is_pipeline_field(f)) {
      return f.name;
    }
  }
  return {};
}

// The match of a packet-out of 1.5: in_port, which must be there, and what else the packet starts with.
void read_pipeline_fields(Reader& in, PacketOut& message) {
  if (in.failed()) {
    return;
  }
  read_match_into(in, message.metadata);
  if (in.failed()) {
    return;
  }
  if (const auto name = first_packet_field(message.metadata); !name.empty()) {
    return in.fail({ErrorCode::ofpbrc_pipeline_fields_only, std::string(name)});
  }
  const Field& in_port = field(FieldId::in_port);
  if (!message.metadata.is_exact(in_port)) {
    return in.fail({ErrorCode::ofpbrc_bad_port, "a packet-out without in_port"});
  }
  message.in_port = OfPort{static_cast<uint16_t>(message.metadata.value(in_port).lo)};
  message.metadata.clear(in_port);
}

void write_pipeline_fields(Writer& out, const PacketOut& message) {
  Match match = message.metadata;
  match.set(FieldId::in_port, number(message.in_port));
  write_match(out, match, out.version());
}

}  // namespace

DecodedMessage read_packet_in(Reader& in) {
  PacketIn message;
  in.u32(message.buffer_id);
  in.u16(message.total_len);
  in.u8(message.reason);
  message.reason = told_reason(message.reason, in.version());
  in.u8(message.table_id);
  in.u64(message.cookie);
  read_match_into(in, message.match);
  in.pad(packet_in_pad);
  message.data = to_vector(in.take_rest());
  return finished(in, std::move(message));
}

void write(Writer& out, const PacketIn& message) {
  out.u32(message.buffer_id);
  out.u16(std::min<uint32_t>(message.total_len, 0xffff));
  out.u8(told_reason(message.reason, out.version()));
  out.u8(message.table_id);
  out.u64(message.cookie);
  write_match(out, message.match, out.version());
  out.pad(packet_in_pad);
  out.bytes(message.data);
}

DecodedMessage read_packet_out(Reader& in) {
  PacketOut message;
  uint16_t actions_size = 0;
  in.u32(message.buffer_id);
  if (in.version() >= Version::v1_5) {
    in.u16(actions_size);
    in.pad(2);
    read_pipeline_fields(in, message);
  } else {
    in.port32(message.in_port);
    in.u16(actions_size);
    in.pad(6);
  }
  check_in_port(in, message.in_port);
  const auto actions_bytes = in.take(actions_size);
  message.data = to_vector(in.take_rest());
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  take_result(in, read_actions(actions_bytes, in.version(), ActionContext::packet_out), message.actions);
  return finished(in, std::move(message));
}

void write(Writer& out, const PacketOut& message) {
  const bool has_match = out.version() >= Version::v1_5;
  out.u32(message.buffer_id);
  if (!has_match) {
    out.port32(message.in_port);
  }
  const size_t length_at = out.size();
  out.u16(0);
  out.pad(has_match ? 2 : 6);
  if (has_match) {
    write_pipeline_fields(out, message);
  }
  const size_t actions_begin = out.size();
  write_actions(out, message.actions, out.version());
  out.patch_u16(length_at, out.size() - actions_begin);
  out.bytes(message.data);
}

}  // namespace weft::openflow::codec_13
