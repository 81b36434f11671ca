// Which messages a controller is sent unasked, and its role: NXT_SET_ASYNC_CONFIG, its successor with properties, and
// NXT_ROLE_REQUEST and _REPLY.
#include <array>

#include <fmt/format.h>

#include "lib/openflow/extension/extension.h"
#include "lib/openflow/nicira_error.h"

namespace weft::openflow::extension {
namespace {

// Per kind of message, in the order of AsyncKind: which reasons there are.
constexpr std::array<uint32_t, 6> known_reasons{0x3f, 0x07, 0x3f, 0x07, 0x18, 0x03};
constexpr size_t fixed_kind_count = 3;  // packet-in, port-status, flow-removed
constexpr uint16_t property_size = 8;

void read_property(WireReader& in, SetAsync& message) {
  const uint16_t type = in.u16();
  const uint16_t length = in.u16();
  const size_t kind = type / 2;
  if (length != property_size) {
    in.fail({ErrorCode::ofpbpc_bad_len, fmt::format("property of {} bytes", length)});
  } else if (kind >= known_reasons.size()) {
    in.fail({ErrorCode::ofpbpc_bad_type, fmt::format("property type {}", type)});
  } else {
    auto& mask = type % 2 == 1 ? message.primary[kind] : message.secondary[kind];
    if (mask) {
      in.fail({ErrorCode::ofpbpc_dup_type, fmt::format("property type {}", type)});
    }
    mask = in.u32();
    if ((*mask & ~known_reasons[kind]) != 0) {
      in.fail(nicira_error(NiciraError::bad_reason, fmt::format("mask {:#x}", *mask)));
    }
  }
}

void write_property(WireWriter& out, size_t type, std::optional<uint32_t> mask) {
  if (mask) {
    out.u16(type);
    out.u16(property_size);
    out.u32(*mask);
  }
}

// NX_ROLE_*: 0 other (equal), 1 primary, 2 secondary.
constexpr uint32_t first_role = static_cast<uint32_t>(Role::equal);
constexpr uint32_t last_role = static_cast<uint32_t>(Role::secondary);

template <class RoleMessage>
DecodedMessage read_role(WireReader& in) {
  RoleMessage message;
  const uint32_t role = in.u32();
  if (role > last_role - first_role) {
    in.fail({ErrorCode::ofprrfc_bad_role, fmt::format("role {}", role)});
  }
  message.role = static_cast<Role>(role + first_role);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{message};
}

}  // namespace

// Reasons that are not known are passed over, as 1.3 does.
DecodedMessage read_set_async(WireReader& in, Version) {
  SetAsync message;
  for (size_t kind = 0; kind < fixed_kind_count; ++kind) {
    message.primary[kind] = in.u32() & known_reasons[kind];
    message.secondary[kind] = in.u32() & known_reasons[kind];
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{message};
}

DecodedMessage read_set_async2(WireReader& in, Version) {
  SetAsync message;
  while (in.remaining() > 0 && !in.failed()) {
    read_property(in, message);
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{message};
}

void write_set_async(WireWriter& out, const SetAsync& message) {
  for (size_t kind = 0; kind < fixed_kind_count; ++kind) {
    out.u32(message.primary[kind].value_or(0));
    out.u32(message.secondary[kind].value_or(0));
  }
}

void write_set_async2(WireWriter& out, const SetAsync& message) {
  for (size_t kind = 0; kind < known_reasons.size(); ++kind) {
    write_property(out, 2 * kind, message.secondary[kind]);
    write_property(out, 2 * kind + 1, message.primary[kind]);
  }
}

DecodedMessage read_role_request(WireReader& in, Version) { return read_role<RoleRequest>(in); }
DecodedMessage read_role_reply(WireReader& in, Version) { return read_role<RoleReply>(in); }
void write_role(WireWriter& out, Role role) { out.u32(static_cast<uint32_t>(role) - first_role); }

}  // namespace weft::openflow::extension
