// Flow-mod, flow-removed, flow and aggregate statistics: OpenFlow 1.3.5 sections 7.3.4.1, 7.4.2, 7.3.5.2, 7.3.5.3.
#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/consistency.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr uint16_t known_flags = flow_flag::send_flow_rem | flow_flag::check_overlap | flow_flag::reset_counts |
                                 flow_flag::no_packet_counts | flow_flag::no_byte_counts;

bool is_tagged(const Match& match) { return match.meets_prerequisite(Prerequisite::vlan); }

bool changes_rules(FlowModCommand command) { return command <= FlowModCommand::modify_strict; }

constexpr auto flow_mod_layout = [](auto& io, auto& m) {
  io.u64(m.cookie);
  io.u64(m.cookie_mask);
  io.u8(m.table_id);
  io.u8(m.command);
  io.u16(m.idle_timeout);
  io.u16(m.hard_timeout);
  io.u16(m.priority);
  io.u32(m.buffer_id);
  io.port32(m.out_port);
  io.u32(m.out_group);
  io.u16(m.flags);
  io.pad(2);
};

constexpr auto flow_removed_layout = [](auto& io, auto& m) {
  io.u64(m.cookie);
  io.u16(m.priority);
  io.u8(m.reason);
  io.u8(m.table_id);
  duration_layout(io, m.duration);
  io.u16(m.idle_timeout);
  io.u16(m.hard_timeout);
  io.u64(m.packet_count);
  io.u64(m.byte_count);
};

constexpr auto filter_layout = [](auto& io, auto& filter) {
  io.u8(filter.table_id);
  io.pad(3);
  io.port32(filter.out_port);
  io.u32(filter.out_group);
  io.pad(4);
  io.u64(filter.cookie);
  io.u64(filter.cookie_mask);
};

constexpr auto flow_stats_layout = [](auto& io, auto& stats) {
  io.u8(stats.table_id);
  io.pad(1);
  duration_layout(io, stats.duration);
  io.u16(stats.priority);
  io.u16(stats.idle_timeout);
  io.u16(stats.hard_timeout);
  io.u16(stats.flags);
  io.pad(4);
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

// A failed read leaves the error in `in`.
void read_match_into(WireReader& in, Match& match) {
  if (in.failed()) {
    return;
  }
  auto read = read_match(in);
  if (read) {
    match = std::move(*read);
  } else {
    in.fail(read.error());
  }
}

void read_rest_as_instructions(WireReader& in, Instructions& instructions) {
  if (in.failed()) {
    return;
  }
  auto read = read_instructions(in.take_rest(), version);
  if (read) {
    instructions = std::move(*read);
  } else {
    in.fail(read.error());
  }
}

void check_header(WireReader& in, const FlowMod& mod) {
  if (mod.command > FlowModCommand::remove_strict) {
    in.fail({ErrorCode::ofpfmfc_bad_command, fmt::format("command {}", static_cast<unsigned>(mod.command))});
  } else if ((mod.flags & ~known_flags) != 0) {
    in.fail({ErrorCode::ofpfmfc_bad_flags, fmt::format("flags {:#06x}", mod.flags)});
  } else if (mod.table_id == all_tables && changes_rules(mod.command)) {
    in.fail({ErrorCode::ofpfmfc_bad_table_id, "all tables can only be deleted from"});
  }
}

// What is accepted must fit into a flow statistics reply, where it may be longer than it came: with OXM fields for NXM
// ones, with several actions for one.
void check_size(WireReader& in, const FlowMod& mod) {
  constexpr size_t flow_stats_fixed_size = 48;
  if (in.failed() || !changes_rules(mod.command)) {
    return;
  }
  std::vector<uint8_t> shown;
  WireWriter out(shown);
  write_match(out, mod.match, version);
  write_instructions(out, mod.instructions, version, is_tagged(mod.match));
  if (shown.size() > max_message_size - multipart_header_size - flow_stats_fixed_size) {
    in.fail({ErrorCode::ofpbac_too_many, "a rule that no reply could show"});
  }
}

void check_consistency(WireReader& in, const FlowMod& mod) {
  if (in.failed() || !changes_rules(mod.command)) {
    return;
  }
  if (auto found = find_inconsistency(mod.match, mod.instructions, mod.table_id)) {
    in.fail(std::move(found->error));
  }
}

template <class Request>
DecodedMessage read_filter(WireReader& in) {
  Request request;
  filter_layout(in, request.filter);
  read_match_into(in, request.filter.match);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(request)};
}

void write_filter(WireWriter& out, const FlowFilter& filter) {
  filter_layout(out, filter);
  write_match(out, filter.match, version);
}

FlowStats read_flow_stats(WireReader& in) {
  constexpr size_t length_size = 2;
  FlowStats stats;
  const uint16_t length = in.u16();
  WireReader entry(in.take(length < length_size ? in.remaining() + 1 : length - length_size));
  flow_stats_layout(entry, stats);
  read_match_into(entry, stats.match);
  read_rest_as_instructions(entry, stats.instructions);
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return stats;
}

}  // namespace

DecodedMessage read_flow_mod(WireReader& in) {
  FlowMod mod;
  flow_mod_layout(in, mod);
  check_header(in, mod);
  read_match_into(in, mod.match);
  read_rest_as_instructions(in, mod.instructions);
  check_consistency(in, mod);
  check_size(in, mod);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(mod)};
}

void write(WireWriter& out, const FlowMod& mod) {
  flow_mod_layout(out, mod);
  write_match(out, mod.match, version);
  write_instructions(out, mod.instructions, version, is_tagged(mod.match));
}

DecodedMessage read_flow_removed(WireReader& in) {
  FlowRemoved removed;
  flow_removed_layout(in, removed);
  read_match_into(in, removed.match);
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(removed)};
}

void write(WireWriter& out, const FlowRemoved& removed) {
  flow_removed_layout(out, removed);
  write_match(out, removed.match, version);
}

DecodedMessage read_flow_stats_request(WireReader& in) { return read_filter<FlowStatsRequest>(in); }
DecodedMessage read_aggregate_request(WireReader& in) { return read_filter<AggregateStatsRequest>(in); }
void write(WireWriter& out, const FlowStatsRequest& request) { write_filter(out, request.filter); }
void write(WireWriter& out, const AggregateStatsRequest& request) { write_filter(out, request.filter); }

DecodedMessage read_flow_stats_reply(WireReader& in) { return read_entries<FlowStats>(in, read_flow_stats); }

void write_entry(WireWriter& out, const FlowStats& stats) {
  const size_t begin = out.size();
  out.u16(0);
  flow_stats_layout(out, stats);
  write_match(out, stats.match, version);
  write_instructions(out, stats.instructions, version, is_tagged(stats.match));
  out.patch_u16(begin, out.size() - begin);
}

DecodedMessage read_aggregate_reply(WireReader& in) { return read_as<AggregateStatsReply>(in, aggregate_layout); }
void write(WireWriter& out, const AggregateStatsReply& reply) { aggregate_layout(out, reply); }

}  // namespace weft::openflow::codec_13
