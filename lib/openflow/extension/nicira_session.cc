// What a connection chooses for itself with Nicira's extensions, and NXT_CT_FLUSH_ZONE.
#include <fmt/format.h>

#include "lib/openflow/extension/extension.h"
#include "lib/openflow/nicira_error.h"

namespace weft::openflow::extension {
namespace {

// NXFF_*; 1 was "tun_id from cookie", which nobody speaks any more.
constexpr uint32_t flow_format_standard = 0;
constexpr uint32_t flow_format_nxm = 2;

// Zero bytes that are checked: they may come to mean something.
void zeros(WireReader& in, size_t size) {
  for (const uint8_t byte : in.take(size)) {
    if (byte != 0) {
      return in.fail(nicira_error(NiciraError::must_be_zero));
    }
  }
}

template <class M>
DecodedMessage finish(WireReader& in, M message) {
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}

}  // namespace

DecodedMessage read_set_flow_format(WireReader& in, Version) {
  const uint32_t format = in.u32();
  if (format != flow_format_standard && format != flow_format_nxm) {
    in.fail({ErrorCode::ofpbrc_eperm, fmt::format("flow format {}", format)});
  }
  return finish(in, SetFlowFormat{format == flow_format_nxm ? Form::nicira : Form::standard});
}

void write_body(WireWriter& out, const SetFlowFormat& message) {
  out.u32(message.format == Form::standard ? flow_format_standard : flow_format_nxm);
}

DecodedMessage read_flow_mod_table_id(WireReader& in, Version) {
  const uint8_t enable = in.u8();
  in.pad(7);
  return finish(in, FlowModTableId{enable != 0});
}

void write_body(WireWriter& out, const FlowModTableId& message) {
  out.u8(message.is_enabled ? 1 : 0);
  out.pad(7);
}

DecodedMessage read_set_packet_in_format(WireReader& in, Version) {
  const uint32_t format = in.u32();
  if (format > static_cast<uint32_t>(Form::nicira2)) {
    in.fail({ErrorCode::ofpbrc_eperm, fmt::format("packet-in format {}", format)});
  }
  return finish(in, SetPacketInFormat{static_cast<Form>(format & 3)});
}

void write_body(WireWriter& out, const SetPacketInFormat& message) { out.u32(message.format); }

DecodedMessage read_set_controller_id(WireReader& in, Version) {
  SetControllerId message;
  zeros(in, 6);
  in.u16(message.controller_id);
  return finish(in, message);
}

void write_body(WireWriter& out, const SetControllerId& message) {
  out.pad(6);
  out.u16(message.controller_id);
}

DecodedMessage read_ct_flush_zone(WireReader& in, Version) {
  CtFlushZone message;
  zeros(in, 6);
  in.u16(message.zone);
  return finish(in, message);
}

void write_body(WireWriter& out, const CtFlushZone& message) {
  out.pad(6);
  out.u16(message.zone);
}

}  // namespace weft::openflow::extension
