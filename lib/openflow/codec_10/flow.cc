// Flow-mod, flow-removed, flow, aggregate and table statistics: OpenFlow 1.0.0 sections 5.3.3, 5.4.2 and 5.3.5.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_10/codec_10.h"

namespace weft::openflow::codec_10 {
namespace {

constexpr uint16_t flag_emergency = 1 << 2;  // OFPFF_EMERG: for a cache that there is not
constexpr uint16_t known_flow_flags = flow_flag::send_flow_rem | flow_flag::check_overlap;
constexpr size_t table_name_size = 32;

bool is_modify(FlowModCommand command) {
  return command == FlowModCommand::modify || command == FlowModCommand::modify_strict;
}

constexpr auto flow_mod_tail_layout = [](auto& io, auto& m) {
  io.u16(m.idle_timeout);
  io.u16(m.hard_timeout);
  io.u16(m.priority);
  io.u32(m.buffer_id);
  io.u16(m.out_port);
  io.u16(m.flags);
};

constexpr auto flow_removed_layout = [](auto& io, auto& m) {
  io.u64(m.cookie);
  io.u16(m.priority);
  io.u8(m.reason);
  io.pad(1);
  duration_layout(io, m.duration);
  io.u16(m.idle_timeout);
  io.pad(2);
  io.u64(m.packet_count);
  io.u64(m.byte_count);
};

constexpr auto filter_layout = [](auto& io, auto& filter) {
  io.u8(filter.table_id);
  io.pad(1);
  io.u16(filter.out_port);
};

constexpr auto flow_stats_layout = [](auto& io, auto& stats) {
  duration_layout(io, stats.duration);
  io.u16(stats.priority);
  io.u16(stats.idle_timeout);
  io.u16(stats.hard_timeout);
  io.pad(6);
  io.u64(stats.cookie);
  io.u64(stats.packet_count);
  io.u64(stats.byte_count);
};

constexpr auto aggregate_layout = [](auto& io, auto& m) {
  io.u64(m.packet_count);
  io.u64(m.byte_count);
  io.u32(m.flow_count);
  io.pad(4);
};

constexpr auto table_stats_layout = [](auto& io, auto& s) {
  io.u8(s.table_id);
  io.pad(3);
  io.text(s.name, table_name_size);
  io.u32(s.wildcards);
  io.u32(s.max_entries);
  io.u32(s.active_count);
  io.u64(s.lookup_count);
  io.u64(s.matched_count);
};

template <class Request>
DecodedMessage read_filter(WireReader& in) {
  Request request;
  read_ofp_match(in, request.filter.match);
  filter_layout(in, request.filter);
  return finish(in, std::move(request));
}

void write_filter(WireWriter& out, const FlowFilter& filter) {
  write_ofp_match(out, filter.match);
  filter_layout(out, filter);
}

FlowStats read_flow_stats(WireReader& in) {
  constexpr size_t length_size = 2;
  FlowStats stats;
  const uint16_t length = in.u16();
  WireReader entry(in.take(length < length_size ? in.remaining() + 1 : length - length_size));
  entry.u8(stats.table_id);
  entry.pad(1);
  read_ofp_match(entry, stats.match);
  flow_stats_layout(entry, stats);
  read_actions_into(entry, stats.match, stats.instructions);
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return stats;
}

}  // namespace

Form form_for(const Match& match, uint64_t cookie_mask) {
  return cookie_mask == 0 && fits_ofp_match(match) ? Form::standard : Form::nicira;
}

void read_command(WireReader& in, FlowMod& mod) {
  in.u8(mod.table_id);
  in.u8(mod.command);
  if (!in.failed() && mod.command > FlowModCommand::remove_strict) {
    in.fail({ErrorCode::ofpfmfc_bad_command, fmt::format("command {}", static_cast<unsigned>(mod.command))});
  }
}

void write_command(WireWriter& out, const FlowMod& mod) {
  out.u8(mod.table_id);
  out.u8(mod.command);
}

void check_flags(WireReader& in, FlowMod& mod) {
  if ((mod.flags & flag_emergency) != 0) {
    // 1.0.0 section 4.6: such a flow has no timeouts.
    const bool has_timeouts = mod.idle_timeout != 0 || mod.hard_timeout != 0;
    in.fail({has_timeouts ? ErrorCode::ofpfmfc_bad_timeout : ErrorCode::ofpfmfc_table_full,
             "there is no emergency flow cache"});
  } else if ((mod.flags & ~known_flow_flags) != 0) {
    in.fail({ErrorCode::ofpfmfc_bad_flags, fmt::format("flags {:#06x}", mod.flags)});
  }
}

uint16_t flags_on_wire(const FlowMod& mod) { return mod.flags & known_flow_flags; }

void set_cookie(FlowMod& mod, uint64_t cookie) {
  if (mod.command == FlowModCommand::add) {
    mod.cookie = cookie;
  } else if (is_modify(mod.command)) {
    mod.modify_adds = true;
    mod.new_cookie = cookie == no_cookie ? std::nullopt : std::optional(cookie);
  }
}

uint64_t cookie_on_wire(const FlowMod& mod) {
  if (mod.command == FlowModCommand::add) {
    return mod.cookie;
  }
  return is_modify(mod.command) ? mod.new_cookie.value_or(no_cookie) : 0;
}

void read_actions_into(WireReader& in, const Match& match, Instructions& instructions) {
  if (in.failed()) {
    return;
  }
  auto read = read_actions(in.take_rest(), version, ActionContext::rule);
  if (!read) {
    return in.fail(read.error());
  }
  resolve_transport_ports(*read, match);
  if (!read->empty()) {
    instructions.apply = std::move(*read);
  }
}

// A rule of a later version may have more than a list of actions: what comes nearest is shown, as Open vSwitch does. Its
// action set has no form here.
void write_as_actions(WireWriter& out, const Match& match, const Instructions& instructions) {
  ActionList actions = instructions.apply.value_or(ActionList{});
  if (instructions.write_metadata) {
    actions.push_back(WriteMetadataAction{instructions.write_metadata->value, instructions.write_metadata->mask});
  }
  if (instructions.goto_table) {
    actions.push_back(ResubmitAction{of_port::in_port, instructions.goto_table});
  }
  write_actions(out, actions, version, match.meets_prerequisite(Prerequisite::vlan));
}

FlowRemovedReason reason_on_wire(FlowRemovedReason reason) { return std::min(reason, FlowRemovedReason::removed); }

DecodedMessage read_flow_mod(WireReader& in) {
  FlowMod mod;
  read_ofp_match(in, mod.match);
  const uint64_t cookie = in.u64();
  read_command(in, mod);
  set_cookie(mod, cookie);
  flow_mod_tail_layout(in, mod);
  check_flags(in, mod);
  read_actions_into(in, mod.match, mod.instructions);
  return finish(in, std::move(mod));
}

void write(WireWriter& out, const FlowMod& mod) {
  write_ofp_match(out, mod.match);
  out.u64(cookie_on_wire(mod));
  write_command(out, mod);
  FlowMod translated = mod;
  translated.flags = flags_on_wire(mod);
  flow_mod_tail_layout(out, translated);
  write_as_actions(out, mod.match, mod.instructions);
}

DecodedMessage read_flow_removed(WireReader& in) {
  FlowRemoved removed;
  read_ofp_match(in, removed.match);
  flow_removed_layout(in, removed);
  removed.reason = reason_on_wire(removed.reason);
  return finish(in, std::move(removed));
}

void write(WireWriter& out, const FlowRemoved& removed) {
  write_ofp_match(out, removed.match);
  FlowRemoved translated = removed;
  translated.reason = reason_on_wire(removed.reason);
  flow_removed_layout(out, translated);
}

DecodedMessage read_flow_stats_request(WireReader& in) { return read_filter<FlowStatsRequest>(in); }
DecodedMessage read_aggregate_request(WireReader& in) { return read_filter<AggregateStatsRequest>(in); }
void write(WireWriter& out, const FlowStatsRequest& request) { write_filter(out, request.filter); }
void write(WireWriter& out, const AggregateStatsRequest& request) { write_filter(out, request.filter); }

DecodedMessage read_flow_stats_reply(WireReader& in) { return read_entries<FlowStats>(in, read_flow_stats); }

void write_entry(WireWriter& out, const FlowStats& stats) {
  const size_t begin = out.size();
  out.u16(0);
  out.u8(stats.table_id);
  out.pad(1);
  write_ofp_match(out, stats.match);
  flow_stats_layout(out, stats);
  write_as_actions(out, stats.match, stats.instructions);
  out.patch_u16(begin, out.size() - begin);
}

DecodedMessage read_aggregate_reply(WireReader& in) { return read_as<AggregateStatsReply>(in, aggregate_layout); }
void write(WireWriter& out, const AggregateStatsReply& reply) { aggregate_layout(out, reply); }

DecodedMessage read_table_stats_reply(WireReader& in) {
  return read_entries<TableStats>(in, [](WireReader& from) {
    TableStats stats;
    table_stats_layout(from, stats);
    return stats;
  });
}
void write_entry(WireWriter& out, const TableStats& stats) { table_stats_layout(out, stats); }

}  // namespace weft::openflow::codec_10
