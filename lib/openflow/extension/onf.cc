// The ONF's messages for 1.3: what 1.4 brought (extension documents 187 flow monitor, 191 role status, 230 bundles, 235
// request forward). The bodies are those of 1.4.
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/extension/extension.h"

namespace weft::openflow::extension {
namespace {

constexpr size_t bundled_offset = 16;   // experimenter, number, bundle id, padding, flags
constexpr size_t forwarded_offset = 8;  // experimenter, number

using Read = DecodedMessage (*)(codec_13::Reader&);

DecodedMessage read_as_14(WireReader& in, Version version, Read read) {
  codec_13::Reader body(in.take_rest(), version);
  return read(body);
}

DecodedMessage told(WireReader& in, FlowUpdateEvent event) {
  FlowUpdate update;
  update.event = event;
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{FlowMonitorReply{{update}}};
}

template <class M>
void write_as_14(WireWriter& out, const M& message) {
  codec_13::Writer body(out.out(), Version::v1_3);
  codec_13::write(body, message);
}

}  // namespace

DecodedMessage read_onf_bundle_control(WireReader& in, Version version) {
  return read_as_14(in, version, codec_13::read_bundle_control);
}
DecodedMessage read_onf_bundle_add(WireReader& in, Version version) {
  return read_as_14(in, version, codec_13::read_bundle_add);
}
DecodedMessage read_onf_role_status(WireReader& in, Version version) {
  return read_as_14(in, version, codec_13::read_role_status);
}
DecodedMessage read_onf_request_forward(WireReader& in, Version version) {
  return read_as_14(in, version, codec_13::read_request_forward);
}

DecodedMessage read_onf_monitor_cancel(WireReader& in, Version) {
  FlowMonitor monitor;
  monitor.command = FlowMonitorCommand::remove;
  in.u32(monitor.id);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{FlowMonitorRequest{{monitor}}};
}
DecodedMessage read_onf_monitor_paused(WireReader& in, Version) { return told(in, FlowUpdateEvent::paused); }
DecodedMessage read_onf_monitor_resumed(WireReader& in, Version) { return told(in, FlowUpdateEvent::resumed); }

void write_body(WireWriter& out, const BundleControl& message) { write_as_14(out, message); }
void write_body(WireWriter& out, const BundleAdd& message) { write_as_14(out, message); }
void write_body(WireWriter& out, const RoleStatus& message) { write_as_14(out, message); }
void write_body(WireWriter& out, const RequestForward& message) { write_as_14(out, message); }

std::optional<size_t> carried_offset(std::span<const uint8_t> body) {
  WireReader in(body);
  const uint32_t experimenter = in.u32();
  const uint32_t number = in.u32();
  if (experimenter != codec_13::onf_experimenter) {
    return std::nullopt;
  }
  if (number == onf::bundle_add) {
    return header_size + bundled_offset;
  }
  return number == onf::request_forward ? std::optional(header_size + forwarded_offset) : std::nullopt;
}

}  // namespace weft::openflow::extension
