// Bundles and forwarded requests: OpenFlow 1.4.1 sections 7.3.9 and 7.4.6, 1.5.1 sections 7.3.9, 7.3.5.20 and 7.4.5. The
// bodies of the ONF's messages for 1.3 are the same (extension/onf.cc).
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/recycler.h"
#include "lib/openflow/codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr uint16_t property_time = 1;  // OFPBPT_TIME, 1.5

constexpr uint8_t bundled_types[] = {message_type::packet_out, message_type::flow_mod,  message_type::group_mod,
                                     message_type::port_mod,   message_type::table_mod, message_type::meter_mod};
constexpr uint8_t forwarded_types[] = {message_type::group_mod, message_type::meter_mod};

constexpr auto control_layout = [](auto& io, auto& m) {
  io.u32(m.bundle_id);
  io.u16(m.type);
  io.u16(m.flags);
};

constexpr auto add_layout = [](auto& io, auto& m) {
  io.u32(m.bundle_id);
  io.pad(2);
  io.u16(m.flags);
};

constexpr size_t add_head_size = 8;

constexpr auto time_layout = [](auto& io, auto& time) {
  io.pad(4);
  io.u64(time.seconds);
  io.u32(time.nanoseconds);
  io.pad(4);
};

constexpr auto features_request_layout = [](auto& io, auto& m) {
  io.u32(m.flags);
  io.pad(4);
};

constexpr auto features_reply_layout = [](auto& io, auto& m) {
  io.u16(m.capabilities);
  io.pad(6);
};

void read_control_property(uint16_t type, Reader& body, BundleControl& control) {
  if (type == property_time && body.version() >= Version::v1_5) {
    time_layout(body, control.scheduled.emplace());
  } else {
    refuse_property(type, body);
  }
}

// The message at the front of `in`, of a type that may be carried; nothing when something is wrong, which is left in
// `in`. A carried message carries none, so this goes one level deep.
CarriedMessage read_carried(Reader& in, std::span<const uint8_t> types, ErrorCode bad_length, ErrorCode bad_type) {
  const auto header = parse_header(in.rest());
  if (!header || header->length < header_size || header->length > in.remaining()) {
    in.take_rest();
    in.fail({bad_length, "length of the message inside"});
    return {};
  }
  const auto bytes = in.take(header->length);
  if (std::ranges::find(types, header->type) == types.end()) {
    in.fail({bad_type, fmt::format("message type {} inside", header->type)});
    return {};
  }
  const auto envelope = std::allocate_shared<Envelope>(Recycler<Envelope>());
  if (auto decoded = openflow::decode(in.version(), bytes, *envelope); !decoded) {
    in.fail(decoded.error());
    return {};
  }
  return {envelope};
}

void write_carried(Writer& out, const CarriedMessage& carried) {
  const Envelope& inside = *carried.envelope;
  out.bytes(openflow::encode(out.version(), inside.xid, inside.message, inside.more, inside.form));
}

}  // namespace

std::optional<size_t> carried_offset(uint8_t type) {
  if (type == message_type::bundle_add) {
    return header_size + add_head_size;
  }
  return type == message_type::request_forward ? std::optional(header_size) : std::nullopt;
}

DecodedMessage read_bundle_control(Reader& in) {
  BundleControl message;
  control_layout(in, message);
  if (message.type > BundleControlType::discard_reply) {
    in.fail({ErrorCode::ofpbfc_bad_type, fmt::format("type {}", static_cast<unsigned>(message.type))});
  }
  read_properties(in, [&](uint16_t type, Reader& body) { read_control_property(type, body, message); });
  return finished(in, message);
}
void write(Writer& out, const BundleControl& message) {
  control_layout(out, message);
  if (message.scheduled && out.version() >= Version::v1_5) {
    write_property(out, property_time, [&] { time_layout(out, *message.scheduled); });
  }
}

// Properties may follow the message, which is padded for them alone.
DecodedMessage read_bundle_add(Reader& in) {
  BundleAdd message;
  add_layout(in, message);
  if (auto head = in.result(); !head) {
    return Unexpected{head.error()};
  }
  const size_t before = in.remaining();
  message.message = read_carried(in, bundled_types, ErrorCode::ofpbfc_msg_bad_len, ErrorCode::ofpbfc_msg_unsup);
  const size_t length = before - in.remaining();
  if (in.remaining() > 0) {
    in.pad((8 - length % 8) % 8);
    read_properties(in, refuse_property);
  }
  return finished(in, std::move(message));
}
void write(Writer& out, const BundleAdd& message) {
  add_layout(out, message);
  write_carried(out, message.message);
}

DecodedMessage read_request_forward(Reader& in) {
  RequestForward message;
  message.request = read_carried(in, forwarded_types, ErrorCode::ofpbrc_bad_len, ErrorCode::ofpbrc_bad_type);
  return finished(in, std::move(message));
}
void write(Writer& out, const RequestForward& message) { write_carried(out, message.request); }

// What the request tells of the controller's clock is for scheduled bundles, which there are none of.
DecodedMessage read_bundle_features_request(Reader& in) {
  BundleFeaturesRequest message;
  features_request_layout(in, message);
  read_properties(in, [](uint16_t, Reader& body) { body.take_rest(); });
  return finished(in, message);
}
void write(Writer& out, const BundleFeaturesRequest& message) { features_request_layout(out, message); }

DecodedMessage read_bundle_features_reply(Reader& in) {
  BundleFeaturesReply message;
  features_reply_layout(in, message);
  read_properties(in, [](uint16_t, Reader& body) { body.take_rest(); });
  return finished(in, message);
}
void write(Writer& out, const BundleFeaturesReply& message) { features_reply_layout(out, message); }

}  // namespace weft::openflow::codec_13
