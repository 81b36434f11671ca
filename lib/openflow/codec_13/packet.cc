// Packet-in and packet-out: OpenFlow 1.3.5 sections 7.4.1 and 7.3.7.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t packet_in_pad = 2;  // so that the IP header behind the Ethernet header is aligned

// 1.3 knows three reasons; what later versions tell apart are all actions.
PacketInReason reason_13(PacketInReason reason) {
  return reason > PacketInReason::invalid_ttl ? PacketInReason::action : reason;
}

bool may_send_from(OfPort port) {
  return is_ordinary(port) || port == of_port::local || port == of_port::controller || port == of_port::any;
}

std::vector<uint8_t> to_vector(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

DecodedMessage read_packet_in(WireReader& in) {
  PacketIn message;
  in.u32(message.buffer_id);
  in.u16(message.total_len);
  in.u8(message.reason);
  message.reason = reason_13(message.reason);
  in.u8(message.table_id);
  in.u64(message.cookie);
  auto match = read_match(in);
  if (!match) {
    return Unexpected{match.error()};
  }
  message.match = std::move(*match);
  in.pad(packet_in_pad);
  message.data = to_vector(in.take_rest());
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}

void write(WireWriter& out, const PacketIn& message) {
  out.u32(message.buffer_id);
  out.u16(std::min<uint32_t>(message.total_len, 0xffff));
  out.u8(reason_13(message.reason));
  out.u8(message.table_id);
  out.u64(message.cookie);
  write_match(out, message.match, version);
  out.pad(packet_in_pad);
  out.bytes(message.data);
}

DecodedMessage read_packet_out(WireReader& in) {
  PacketOut message;
  in.u32(message.buffer_id);
  in.port32(message.in_port);
  const uint16_t actions_size = in.u16();
  in.pad(6);
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
  message.actions = std::move(*actions);
  return Message{std::move(message)};
}

void write(WireWriter& out, const PacketOut& message) {
  out.u32(message.buffer_id);
  out.port32(message.in_port);
  const size_t length_at = out.size();
  out.u16(0);
  out.pad(6);
  const size_t actions_begin = out.size();
  write_actions(out, message.actions, version);
  out.patch_u16(length_at, out.size() - actions_begin);
  out.bytes(message.data);
}

}  // namespace weft::openflow::codec_13
