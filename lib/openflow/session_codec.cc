// OpenFlow 1.3.5 sections 7.5.1 (hello), 7.4.4 (error), 7.5.2 and 7.5.3 (echo). The errors of 1.0 have other numbers.
#include "lib/openflow/session_codec.h"

#include "lib/openflow/codec_10/codec_10.h"
#include "lib/openflow/wire_error.h"

namespace weft::openflow {
namespace {

constexpr uint8_t type_hello = 0;
constexpr uint8_t type_error = 1;
constexpr uint8_t type_echo_request = 2;
constexpr uint8_t type_echo_reply = 3;

constexpr uint16_t element_version_bitmap = 1;  // OFPHET_VERSIONBITMAP

// Elements that we do not know, and what cannot be read as elements, are passed over: "implementations must ignore
// (skip) all elements of a Hello message that they do not support".
Hello read_hello(uint8_t wire_version, std::span<const uint8_t> body) {
  Hello hello{wire_version, std::nullopt};
  WireReader in(body);
  while (in.remaining() >= 4) {
    const uint16_t type = in.u16();
    const uint16_t length = in.u16();
    const size_t padded = (size_t{length} + 7) / 8 * 8;
    if (length < 4 || length - 4U > in.remaining()) {
      break;
    }
    WireReader element(in.take(std::min(padded - 4, in.remaining())).first(length - 4U));
    if (type == element_version_bitmap && element.remaining() >= 4 && !hello.versions) {
      hello.versions = VersionSet{element.u32()};
    }
  }
  return hello;
}

void write_hello(WireWriter& out, const Hello& hello) {
  if (hello.versions) {
    out.u16(element_version_bitmap);
    out.u16(8);
    out.u32(hello.versions->bits());
  }
}

Result<Message, OpenFlowError> read_error(std::span<const uint8_t> body, Version version) {
  WireReader in(body);
  Error message;
  message.error = OpenFlowError{};
  in.u16(message.error.type);
  in.u16(message.error.code);
  if (message.error.type == error_type_experimenter) {
    in.u32(message.error.experimenter);
  }
  message.error = from_wire(message.error, version);
  const auto data = in.take_rest();
  message.data.assign(data.begin(), data.end());
  if (auto done = in.result(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}

void write_error(WireWriter& out, const Error& message, Version version) {
  const OpenFlowError error = to_wire(message.error, version);
  out.u16(error.type);
  out.u16(error.code);
  if (error.type == error_type_experimenter) {
    out.u32(error.experimenter);
  }
  out.bytes(message.data);
}

}  // namespace

std::optional<Result<Message, OpenFlowError>> read_session_message(const Header& header,
                                                                   std::span<const uint8_t> body) {
  switch (header.type) {
    case type_hello:
      return Message{read_hello(header.version, body)};
    case type_error:
      return header.version == static_cast<uint8_t>(Version::v1_0)
                 ? codec_10::read_error(body)
                 : read_error(body, static_cast<Version>(header.version));
    case type_echo_request:
      return Message{EchoRequest{{body.begin(), body.end()}}};
    case type_echo_reply:
      return Message{EchoReply{{body.begin(), body.end()}}};
    default:
      return std::nullopt;
  }
}

std::optional<uint8_t> write_session_message(WireWriter& out, const Message& message, Version version) {
  if (const auto* hello = std::get_if<Hello>(&message)) {
    write_hello(out, *hello);
    return type_hello;
  }
  if (const auto* error = std::get_if<Error>(&message)) {
    if (version == Version::v1_0) {
      codec_10::write_error(out, *error);
    } else {
      write_error(out, *error, version);
    }
    return type_error;
  }
  if (const auto* request = std::get_if<EchoRequest>(&message)) {
    out.bytes(request->data);
    return type_echo_request;
  }
  if (const auto* reply = std::get_if<EchoReply>(&message)) {
    out.bytes(reply->data);
    return type_echo_reply;
  }
  return std::nullopt;
}

}  // namespace weft::openflow
