// Packets to the controller and back: NXT_PACKET_IN, NXT_PACKET_IN2 and NXT_RESUME.
//
// The later two are a list of properties: type, length without padding, value, padded to 8 bytes. A 64-bit value has four
// bytes of padding before it. The metadata are fields in OXM, whatever the version; of 1.0 too.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/codec_10/nxm.h"
#include "lib/openflow/extension/extension.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::extension {
namespace {

// NXPINT_*.
namespace property {
constexpr uint16_t packet = 0;
constexpr uint16_t full_len = 1;  // only of a packet that is cut
constexpr uint16_t buffer_id = 2;
constexpr uint16_t table_id = 3;
constexpr uint16_t cookie = 4;
constexpr uint16_t reason = 5;
constexpr uint16_t metadata = 6;
constexpr uint16_t userdata = 7;
constexpr uint16_t continuation = 8;
}  // namespace property

constexpr size_t property_head = 4;
constexpr size_t nested_pad = 4;     // Open vSwitch's controllers give these bytes back as zeros
constexpr size_t packet_in_pad = 2;  // so that the IP header behind the Ethernet header is aligned

std::vector<uint8_t> to_vector(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

// What the switch does not know of a packet of its own is said by no message.
PacketInReason known_reason(uint8_t reason) {
  const auto known = static_cast<PacketInReason>(reason);
  return known > PacketInReason::packet_out ? PacketInReason::action : known;
}

Version metadata_version(Version version) { return std::max(version, Version::v1_3); }

void read_property(uint16_t type, WireReader& in, PacketIn& message) {
  switch (type) {
    case property::packet:
      message.data = to_vector(in.take_rest());
      return;
    case property::full_len:
      return in.u32(message.total_len);
    case property::buffer_id:
      return in.u32(message.buffer_id);
    case property::table_id:
      return in.u8(message.table_id);
    case property::cookie:
      in.pad(4);
      return in.u64(message.cookie);
    case property::reason:
      message.reason = known_reason(in.u8());
      return;
    case property::metadata:
      if (auto read = read_oxm_list(in.take_rest(), message.match); !read) {
        in.fail(read.error());
      }
      return;
    case property::userdata:
      message.userdata = to_vector(in.take_rest());
      return;
    case property::continuation:
      in.pad(nested_pad);
      message.continuation = to_vector(in.take_rest());
      return;
    default:
      in.fail({ErrorCode::ofpbpc_bad_type, fmt::format("packet-in property {}", type)});
  }
}

void read_properties(WireReader& in, PacketIn& message) {
  while (in.remaining() > 0 && !in.failed()) {
    const uint16_t type = in.u16();
    const uint16_t length = in.u16();
    const size_t padded = (size_t{length} + 7) / 8 * 8;
    if (length < property_head || padded - property_head > in.remaining()) {
      return in.fail({ErrorCode::ofpbpc_bad_len, fmt::format("property of {} bytes", length)});
    }
    WireReader value(in.take(padded - property_head).first(length - property_head), ErrorCode::ofpbpc_bad_len);
    read_property(type, value, message);
    if (auto done = value.finish(); !done) {
      in.fail(done.error());
    }
  }
}

Result<PacketIn, OpenFlowError> read_packet(WireReader& in) {
  PacketIn message;
  read_properties(in, message);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  message.total_len = std::max(message.total_len, static_cast<uint32_t>(message.data.size()));
  return message;
}

template <class Body>
void write_property(WireWriter& out, uint16_t type, Body&& body) {
  const size_t begin = out.size();
  out.u16(type);
  out.u16(0);
  body();
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

}  // namespace

DecodedMessage read_packet_in(WireReader& in, Version) {
  PacketIn message;
  in.u32(message.buffer_id);
  message.total_len = in.u16();
  message.reason = known_reason(in.u8());
  in.u8(message.table_id);
  in.u64(message.cookie);
  const uint16_t match_size = in.u16();
  in.pad(6);
  codec_10::read_nx_match(in, match_size, message.match);
  in.pad(packet_in_pad);
  message.data = to_vector(in.take_rest());
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}

void write_packet_in(WireWriter& out, const PacketIn& message) {
  out.u32(message.buffer_id);
  out.u16(std::min<uint32_t>(message.total_len, 0xffff));
  out.u8(message.reason);
  out.u8(message.table_id);
  out.u64(message.cookie);
  const size_t size_at = out.size();
  out.u16(0);
  out.pad(6);
  out.patch_u16(size_at, codec_10::write_nx_match(out, message.match));
  out.pad(packet_in_pad);
  out.bytes(message.data);
}

DecodedMessage read_packet_in2(WireReader& in, Version) {
  auto read = read_packet(in);
  return read ? DecodedMessage(Message{std::move(*read)}) : DecodedMessage(Unexpected{read.error()});
}

DecodedMessage read_resume(WireReader& in, Version) {
  auto read = read_packet(in);
  return read ? DecodedMessage(Message{Resume{std::move(*read)}}) : DecodedMessage(Unexpected{read.error()});
}

void write_packet_in2(WireWriter& out, const PacketIn& message, Version version) {
  write_property(out, property::packet, [&] { out.bytes(message.data); });
  if (message.total_len > message.data.size()) {
    write_property(out, property::full_len, [&] { out.u32(message.total_len); });
  }
  if (message.buffer_id != no_buffer) {
    write_property(out, property::buffer_id, [&] { out.u32(message.buffer_id); });
  }
  write_property(out, property::table_id, [&] { out.u8(message.table_id); });
  if (message.cookie != no_cookie) {
    write_property(out, property::cookie, [&] {
      out.pad(4);
      out.u64(message.cookie);
    });
  }
  write_property(out, property::reason, [&] { out.u8(message.reason); });
  write_property(out, property::metadata, [&] { write_oxm_list(out, message.match, metadata_version(version)); });
  if (!message.userdata.empty()) {
    write_property(out, property::userdata, [&] { out.bytes(message.userdata); });
  }
  if (!message.continuation.empty()) {
    write_property(out, property::continuation, [&] {
      out.pad(nested_pad);
      out.bytes(message.continuation);
    });
  }
}

}  // namespace weft::openflow::extension
