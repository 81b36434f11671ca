// Packet-in and packet-out: OpenFlow 1.0.0 sections 5.4.1 and 5.3.6.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_10/codec_10.h"

namespace weft::openflow::codec_10 {
namespace {

// 1.0 knows two reasons, Open vSwitch in it a third, invalid_ttl; what later versions tell apart are all actions.
PacketInReason reason_10(PacketInReason reason) {
  return reason > PacketInReason::invalid_ttl ? PacketInReason::action : reason;
}

bool may_send_from(OfPort port) {
  return is_ordinary(port) || port == of_port::local || port == of_port::controller || port == of_port::none;
}

std::vector<uint8_t> to_vector(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

// The only metadata is the port that the packet came in by.
DecodedMessage read_packet_in(WireReader& in) {
  PacketIn message;
  in.u32(message.buffer_id);
  message.total_len = in.u16();
  message.match.set(FieldId::in_port, in.u16());
  in.u8(message.reason);
  message.reason = reason_10(message.reason);
  in.pad(1);
  message.data = to_vector(in.take_rest());
  return finish(in, std::move(message));
}

void write(WireWriter& out, const PacketIn& message) {
  out.u32(message.buffer_id);
  out.u16(std::min<uint32_t>(message.total_len, 0xffff));
  out.u16(message.match.value(FieldId::in_port).lo);
  out.u8(reason_10(message.reason));
  out.pad(1);
  out.bytes(message.data);
}

DecodedMessage read_packet_out(WireReader& in) {
  PacketOut message;
  in.u32(message.buffer_id);
  in.u16(message.in_port);
  const uint16_t actions_size = in.u16();
  if (!in.failed() && !may_send_from(message.in_port)) {
    in.fail({ErrorCode::ofpbrc_bad_port, fmt::format("in_port {}", number(message.in_port))});
  }
  const auto actions_bytes = in.take(actions_size);
  message.data = to_vector(in.take_rest());
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  auto actions = read_actions(actions_bytes, version, ActionContext::packet_out);
  if (!actions) {
    return Unexpected{actions.error()};
  }
  resolve_transport_ports(*actions, Match{});
  message.actions = std::move(*actions);
  return Message{std::move(message)};
}

void write(WireWriter& out, const PacketOut& message) {
  out.u32(message.buffer_id);
  out.u16(message.in_port);
  const size_t length_at = out.size();
  out.u16(0);
  const size_t actions_begin = out.size();
  write_actions(out, message.actions, version);
  out.patch_u16(length_at, out.size() - actions_begin);
  out.bytes(message.data);
}

}  // namespace weft::openflow::codec_10
