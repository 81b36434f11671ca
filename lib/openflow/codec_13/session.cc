// OpenFlow 1.3.5 sections 7.3.1 (features), 7.3.2 (configuration), 7.3.9 (role).
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr auto features_layout = [](auto& io, auto& m) {
  io.u64(m.datapath_id);
  io.u32(m.buffer_count);
  io.u8(m.table_count);
  io.u8(m.auxiliary_id);
  io.pad(2);
  io.u32(m.capabilities);
  io.pad(4);
};

constexpr auto role_layout = [](auto& io, auto& m) {
  io.u32(m.role);
  io.pad(4);
  io.u64(m.generation_id);
};

template <class Role_>
DecodedMessage read_role(WireReader& in) {
  Role_ message;
  role_layout(in, message);
  if (static_cast<uint32_t>(message.role) > static_cast<uint32_t>(Role::secondary)) {
    in.fail({ErrorCode::ofprrfc_bad_role, fmt::format("role {}", static_cast<uint32_t>(message.role))});
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{message};
}

// Only the fragment bits are left in 1.3.
constexpr uint16_t fragment_mask = 3;

template <class Config>
DecodedMessage read_config(WireReader& in) {
  Config message;
  const uint16_t flags = in.u16();
  in.u16(message.config.miss_send_len);
  if (flags > static_cast<uint16_t>(FragmentHandling::reassemble)) {
    in.fail({ErrorCode::ofpscfc_bad_flags, fmt::format("flags {:#06x}", flags)});
  }
  message.config.fragments = static_cast<FragmentHandling>(flags & fragment_mask);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{message};
}

void write_config(WireWriter& out, const SwitchConfig& config) {
  out.u16(config.fragments);
  out.u16(config.miss_send_len);
}

}  // namespace

DecodedMessage read_features_reply(WireReader& in) { return read_as<FeaturesReply>(in, features_layout); }
void write(WireWriter& out, const FeaturesReply& message) { features_layout(out, message); }

DecodedMessage read_get_config_reply(WireReader& in) { return read_config<GetConfigReply>(in); }
DecodedMessage read_set_config(WireReader& in) { return read_config<SetConfig>(in); }
void write(WireWriter& out, const GetConfigReply& message) { write_config(out, message.config); }
void write(WireWriter& out, const SetConfig& message) { write_config(out, message.config); }

DecodedMessage read_role_request(WireReader& in) { return read_role<RoleRequest>(in); }
DecodedMessage read_role_reply(WireReader& in) { return read_role<RoleReply>(in); }
void write(WireWriter& out, const RoleRequest& message) { role_layout(out, message); }
void write(WireWriter& out, const RoleReply& message) { role_layout(out, message); }

}  // namespace weft::openflow::codec_13
