// The map from Geneve options to tun_metadata fields: NXT_TLV_TABLE_MOD, _REQUEST and _REPLY.
#include <fmt/format.h>

#include "lib/openflow/extension/extension.h"
#include "lib/openflow/nicira_error.h"

namespace weft::openflow::extension {
namespace {

constexpr size_t reply_reserved = 10;

constexpr auto map_layout = [](auto& io, auto& map) {
  io.u16(map.option_class);
  io.u8(map.option_type);
  io.u8(map.size);
  io.u16(map.index);
  io.pad(2);
};

void check(WireReader& in, const TlvMap& map) {
  if (map.size == 0 || map.size % 4 != 0 || map.size > max_tlv_size) {
    in.fail(nicira_error(NiciraError::tlv_bad_length, fmt::format("an option of {} bytes", map.size)));
  } else if (map.index >= tlv_field_count) {
    in.fail(nicira_error(NiciraError::tlv_bad_index, fmt::format("tun_metadata{}", map.index)));
  }
}

void read_maps(WireReader& in, std::vector<TlvMap>& maps, bool are_checked) {
  while (in.remaining() > 0 && !in.failed()) {
    TlvMap& map = maps.emplace_back();
    map_layout(in, map);
    if (are_checked && !in.failed()) {
      check(in, map);
    }
  }
}

void write_maps(WireWriter& out, const std::vector<TlvMap>& maps) {
  for (const TlvMap& map : maps) {
    map_layout(out, map);
  }
}

}  // namespace

DecodedMessage read_tlv_table_mod(WireReader& in, Version) {
  TlvTableMod message;
  in.u16(message.command);
  in.pad(6);
  if (message.command > TlvTableCommand::clear) {
    in.fail(nicira_error(NiciraError::tlv_bad_command, fmt::format("command {}", static_cast<int>(message.command))));
  }
  read_maps(in, message.maps, true);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}

void write_body(WireWriter& out, const TlvTableMod& message) {
  out.u16(message.command);
  out.pad(6);
  write_maps(out, message.maps);
}

DecodedMessage read_tlv_table_request(WireReader& in, Version) {
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{TlvTableRequest{}};
}

DecodedMessage read_tlv_table_reply(WireReader& in, Version) {
  TlvTableReply message;
  in.u32(message.max_space);
  in.u16(message.max_fields);
  in.pad(reply_reserved);
  read_maps(in, message.maps, false);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(message)};
}

void write_body(WireWriter& out, const TlvTableReply& message) {
  out.u32(message.max_space);
  out.u16(message.max_fields);
  out.pad(reply_reserved);
  write_maps(out, message.maps);
}

}  // namespace weft::openflow::extension
