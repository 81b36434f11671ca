// OpenFlow 1.3.5 sections 7.3.1 (features), 7.3.2 (configuration), 7.3.9 (role); 1.5.1 sections 7.3.9 (role), 7.4.4
// (role status), 7.4.6 and 7.3.5.19 (controller status).
#include <fmt/format.h>

#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"

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
  if (io.version() >= Version::v1_5) {
    io.u16(m.short_id);
    io.pad(2);
  } else {
    io.pad(4);
  }
  io.u64(m.generation_id);
};

constexpr auto role_status_layout = [](auto& io, auto& m) {
  io.u32(m.role);
  io.u8(m.reason);
  io.pad(3);
  io.u64(m.generation_id);
};

constexpr auto controller_status_layout = [](auto& io, auto& m) {
  io.u16(m.short_id);
  io.u32(m.role);
  io.u8(m.reason);
  io.u8(m.channel_status);
  io.pad(6);
};
constexpr uint16_t property_uri = 0;  // OFPCSPT_URI

void check_role(Reader& in, Role role) {
  if (role > Role::secondary) {
    in.fail({ErrorCode::ofprrfc_bad_role, fmt::format("role {}", static_cast<uint32_t>(role))});
  }
}

template <class Role_>
DecodedMessage read_role(Reader& in) {
  Role_ message;
  role_layout(in, message);
  check_role(in, message.role);
  return finished(in, message);
}

// Only the fragment bits are left since 1.3; both together are Open vSwitch's nx-match.
constexpr uint16_t fragment_mask = 3;

template <class Config>
DecodedMessage read_config(Reader& in) {
  Config message;
  const uint16_t flags = in.u16();
  in.u16(message.config.miss_send_len);
  if ((flags & ~fragment_mask) != 0) {
    in.fail({ErrorCode::ofpscfc_bad_flags, fmt::format("flags {:#06x}", flags)});
  }
  message.config.fragments = static_cast<FragmentHandling>(flags & fragment_mask);
  return finished(in, message);
}

void write_config(Writer& out, const SwitchConfig& config) {
  out.u16(config.fragments);
  out.u16(config.miss_send_len);
}

void read_uri(uint16_t type, Reader& body, ControllerStatus& status) {
  const auto text = body.take_rest();
  if (type == property_uri) {
    status.uris.emplace_back(text.begin(), text.end());
  }
}

ControllerStatus read_controller(Reader& in) {
  ControllerStatus status;
  read_sized(in, [&](Reader& entry) {
    controller_status_layout(entry, status);
    check_role(entry, status.role);
    if (status.reason > ControllerStatusReason::experimenter || status.channel_status > ChannelStatus::down) {
      entry.fail({ErrorCode::ofpbrc_bad_type, "controller-status reason"});
    }
    read_properties(entry, [&](uint16_t type, Reader& body) { read_uri(type, body, status); });
  });
  return status;
}

template <class M>
DecodedMessage read_experimenter(Reader& in) {
  M message;
  in.u32(message.experimenter);
  in.u32(message.exp_type);
  const auto data = in.take_rest();
  message.data.assign(data.begin(), data.end());
  return finished(in, std::move(message));
}

template <class M>
void write_experimenter(Writer& out, const M& message) {
  out.u32(message.experimenter);
  out.u32(message.exp_type);
  out.bytes(message.data);
}

}  // namespace

DecodedMessage read_features_reply(Reader& in) { return read_as<FeaturesReply>(in, features_layout); }
void write(Writer& out, const FeaturesReply& message) { features_layout(out, message); }

DecodedMessage read_get_config_reply(Reader& in) { return read_config<GetConfigReply>(in); }
DecodedMessage read_set_config(Reader& in) { return read_config<SetConfig>(in); }
void write(Writer& out, const GetConfigReply& message) { write_config(out, message.config); }
void write(Writer& out, const SetConfig& message) { write_config(out, message.config); }

DecodedMessage read_role_request(Reader& in) { return read_role<RoleRequest>(in); }
DecodedMessage read_role_reply(Reader& in) { return read_role<RoleReply>(in); }
void write(Writer& out, const RoleRequest& message) { role_layout(out, message); }
void write(Writer& out, const RoleReply& message) { role_layout(out, message); }

DecodedMessage read_role_status(Reader& in) {
  RoleStatus message;
  role_status_layout(in, message);
  check_role(in, message.role);
  if (message.reason > RoleStatusReason::experimenter) {
    in.fail({ErrorCode::ofpbrc_bad_type, "role-status reason"});
  }
  read_properties(in, [](uint16_t, Reader& body) { body.take_rest(); });
  return finished(in, message);
}
void write(Writer& out, const RoleStatus& message) { role_status_layout(out, message); }

DecodedMessage read_controller_status(Reader& in) { return finished(in, read_controller(in)); }
void write(Writer& out, const ControllerStatus& message) { write_entry(out, message); }

DecodedMessage read_controller_status_reply(Reader& in) { return read_entries<ControllerStatus>(in, read_controller); }
void write_entry(Writer& out, const ControllerStatus& status) {
  write_sized(out, [&] {
    controller_status_layout(out, status);
    for (const std::string& uri : status.uris) {
      write_property(out, property_uri, [&] { out.bytes({reinterpret_cast<const uint8_t*>(uri.data()), uri.size()}); });
    }
  });
}

DecodedMessage read_experimenter_multipart_request(Reader& in) {
  return read_experimenter<ExperimenterMultipartRequest>(in);
}
DecodedMessage read_experimenter_multipart_reply(Reader& in) {
  return read_experimenter<ExperimenterMultipartReply>(in);
}
void write(Writer& out, const ExperimenterMultipartRequest& message) { write_experimenter(out, message); }
void write(Writer& out, const ExperimenterMultipartReply& message) { write_experimenter(out, message); }

}  // namespace weft::openflow::codec_13
