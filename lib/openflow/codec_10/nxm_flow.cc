// NXT_FLOW_MOD and NXT_FLOW_REMOVED.
#include "lib/openflow/codec_10/nxm.h"

namespace weft::openflow::codec_10 {
namespace {

constexpr auto flow_mod_layout = [](auto& io, auto& m) {
  io.u16(m.idle_timeout);
  io.u16(m.hard_timeout);
  io.u16(m.priority);
  io.u32(m.buffer_id);
  io.u16(m.out_port);
  io.u16(m.flags);
};

constexpr auto removed_layout = [](auto& io, auto& m, auto& table, auto& match_size) {
  io.u64(m.cookie);
  io.u16(m.priority);
  io.u8(m.reason);
  io.u8(table);
  duration_layout(io, m.duration);
  io.u16(m.idle_timeout);
  io.u16(match_size);
  io.u64(m.packet_count);
  io.u64(m.byte_count);
};

}  // namespace

bool needs_nicira(const FlowMod& mod) { return form_for(mod.match, mod.cookie_mask) == Form::nicira; }

// A rule that is added has a cookie and matches none.
DecodedMessage read_nx_flow_mod(WireReader& in, Version) {
  FlowMod mod;
  const uint64_t cookie = in.u64();
  read_command(in, mod);
  set_cookie(mod, cookie);
  flow_mod_layout(in, mod);
  check_flags(in, mod);
  const uint16_t match_size = in.u16();
  in.pad(6);
  CookieFilter filter;
  const bool adds = mod.command == FlowModCommand::add;
  read_nx_match(in, match_size, mod.match, adds ? nullptr : &filter);
  if (!adds) {
    mod.cookie = filter.cookie;
    mod.cookie_mask = filter.mask;
  }
  read_actions_into(in, mod.match, mod.instructions);
  return finish(in, std::move(mod));
}

void write_nicira(WireWriter& out, const FlowMod& mod) {
  const bool adds = mod.command == FlowModCommand::add;
  out.u64(cookie_on_wire(mod));
  write_command(out, mod);
  FlowMod translated = mod;
  translated.flags = flags_on_wire(mod);
  flow_mod_layout(out, translated);
  const size_t size_at = out.size();
  out.u16(0);
  out.pad(6);
  out.patch_u16(size_at,
                write_nx_match(out, mod.match, adds ? CookieFilter{} : CookieFilter{mod.cookie, mod.cookie_mask}));
  write_as_actions(out, mod.match, mod.instructions);
}

// The table counts from 1 here: 0 says that it is not known.
DecodedMessage read_nx_flow_removed(WireReader& in, Version) {
  FlowRemoved removed;
  uint8_t table = 0;
  uint16_t match_size = 0;
  removed_layout(in, removed, table, match_size);
  removed.table_id = table == 0 ? 0 : static_cast<uint8_t>(table - 1);
  removed.reason = reason_on_wire(removed.reason);
  read_nx_match(in, match_size, removed.match);
  return finish(in, std::move(removed));
}

void write_nicira(WireWriter& out, const FlowRemoved& removed) {
  FlowRemoved translated = removed;
  translated.reason = reason_on_wire(removed.reason);
  const auto table = static_cast<uint8_t>(removed.table_id + 1);
  const uint16_t size_is_filled_in = 0;
  constexpr size_t size_offset = 22;
  const size_t begin = out.size();
  removed_layout(out, translated, table, size_is_filled_in);
  out.patch_u16(begin + size_offset, write_nx_match(out, removed.match));
}

}  // namespace weft::openflow::codec_10
