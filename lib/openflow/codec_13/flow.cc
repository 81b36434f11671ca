// Flow-mod, flow-removed, flow and aggregate statistics: OpenFlow 1.3.5 sections 7.3.4.1, 7.4.2, 7.3.5.2, 7.3.5.3;
// 1.5.1 sections 7.3.4.2, 7.4.2, 7.3.5.2 to 7.3.5.4. 1.4 adds the importance, 1.5 says statistics as OXS.
#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/oxs.h"
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
  if (io.version() >= Version::v1_4) {
    io.u16(m.importance);
  } else {
    io.pad(2);
  }
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

constexpr auto flow_removed_15_layout = [](auto& io, auto& m) {
  io.u8(m.table_id);
  io.u8(m.reason);
  io.u16(m.priority);
  io.u16(m.idle_timeout);
  io.u16(m.hard_timeout);
  io.u64(m.cookie);
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
  if (io.version() >= Version::v1_4) {
    io.u16(stats.importance);
    io.pad(2);
  } else {
    io.pad(4);
  }
  io.u64(stats.cookie);
  io.u64(stats.packet_count);
  io.u64(stats.byte_count);
};

// 1.5's flow description; its statistics stand behind the match.
constexpr auto flow_desc_layout = [](auto& io, auto& stats) {
  io.pad(2);
  io.u8(stats.table_id);
  io.pad(1);
  io.u16(stats.priority);
  io.u16(stats.idle_timeout);
  io.u16(stats.hard_timeout);
  io.u16(stats.flags);
  io.u16(stats.importance);
  io.u64(stats.cookie);
};

constexpr auto flow_counters_layout = [](auto& io, auto& counters) {
  io.pad(2);
  io.u8(counters.table_id);
  io.u8(counters.reason);
  io.u16(counters.priority);
};

constexpr auto aggregate_layout = [](auto& io, auto& m) {
  io.u64(m.packet_count);
  io.u64(m.byte_count);
  io.u32(m.flow_count);
  io.pad(4);
};

void read_rest_as_instructions(Reader& in, Instructions& instructions) {
  if (!in.failed()) {
    take_result(in, read_instructions(in.take_rest(), in.version()), instructions);
  }
}

void check_header(Reader& in, const FlowMod& mod) {
  if (mod.command > FlowModCommand::remove_strict) {
    in.fail({ErrorCode::ofpfmfc_bad_command, fmt::format("command {}", static_cast<unsigned>(mod.command))});
  } else if ((mod.flags & ~known_flags) != 0) {
    in.fail({ErrorCode::ofpfmfc_bad_flags, fmt::format("flags {:#06x}", mod.flags)});
  } else if (mod.table_id == all_tables && changes_rules(mod.command)) {
    in.fail({ErrorCode::ofpfmfc_bad_table_id, "all tables can only be deleted from"});
  }
}

size_t shown_size(const FlowMod& mod, Version version) {
  std::vector<uint8_t> shown;
  WireWriter out(shown);
  write_match(out, mod.match, version);
  write_instructions(out, mod.instructions, version, is_tagged(mod.match));
  return shown.size();
}

// What is accepted must fit into a flow statistics reply of any version, where it may be longer than it came: with OXM
// fields for NXM ones, with several actions for one (most, a masked set-field that is 64 loads). So a short one needs
// no look.
void check_size(Reader& in, const FlowMod& mod, size_t size) {
  constexpr size_t short_size = 1024;
  constexpr size_t flow_stats_fixed_size = 24 + 56;  // the description of 1.5, the longest
  if (in.failed() || !changes_rules(mod.command) || size <= short_size) {
    return;
  }
  if (std::max(shown_size(mod, Version::v1_3), shown_size(mod, Version::v1_5)) >
      max_message_size - multipart_header_size - flow_stats_fixed_size) {
    in.fail({ErrorCode::ofpbac_too_many, "a rule that no reply could show"});
  }
}

void check_consistency(Reader& in, const FlowMod& mod) {
  if (in.failed() || !changes_rules(mod.command)) {
    return;
  }
  if (auto found = find_inconsistency(mod.match, mod.instructions, mod.table_id)) {
    in.fail(std::move(found->error));
  }
}

template <class Request>
DecodedMessage read_filter(Reader& in) {
  Request request;
  filter_layout(in, request.filter);
  read_match_into(in, request.filter.match);
  return finished(in, std::move(request));
}

void write_filter(Writer& out, const FlowFilter& filter) {
  filter_layout(out, filter);
  write_match(out, filter.match, out.version());
}

FlowStats read_flow_stats(Reader& in) {
  FlowStats stats;
  read_sized(in, [&](Reader& entry) {
    if (entry.version() >= Version::v1_5) {
      flow_desc_layout(entry, stats);
      read_match_into(entry, stats.match);
      read_rule_stats(entry, stats);
    } else {
      flow_stats_layout(entry, stats);
      read_match_into(entry, stats.match);
    }
    read_rest_as_instructions(entry, stats.instructions);
  });
  return stats;
}

FlowCounters read_flow_counters(Reader& in) {
  FlowCounters counters;
  read_sized(in, [&](Reader& entry) {
    flow_counters_layout(entry, counters);
    read_match_into(entry, counters.match);
    read_rule_stats(entry, counters);
    if (counters.reason > FlowCountersReason::stat_trigger) {
      entry.fail({ErrorCode::ofpbrc_bad_type, "flow-stats reason"});
    }
  });
  return counters;
}

// A reason that 1.3 has no number for is a deletion there.
FlowRemovedReason told_reason(FlowRemovedReason reason, Version version) {
  return version == Version::v1_3 && reason > FlowRemovedReason::group_removed ? FlowRemovedReason::removed : reason;
}

}  // namespace

DecodedMessage read_flow_mod(Reader& in) {
  const size_t size = in.remaining();
  FlowMod mod;
  flow_mod_layout(in, mod);
  check_header(in, mod);
  read_match_into(in, mod.match);
  read_rest_as_instructions(in, mod.instructions);
  check_consistency(in, mod);
  check_size(in, mod, size);
  return finished(in, std::move(mod));
}

void write(Writer& out, const FlowMod& mod) {
  flow_mod_layout(out, mod);
  write_match(out, mod.match, out.version());
  write_instructions(out, mod.instructions, out.version(), is_tagged(mod.match));
}

DecodedMessage read_flow_removed(Reader& in) {
  FlowRemoved removed;
  if (in.version() >= Version::v1_5) {
    flow_removed_15_layout(in, removed);
    read_match_into(in, removed.match);
    read_rule_stats(in, removed);
  } else {
    flow_removed_layout(in, removed);
    read_match_into(in, removed.match);
  }
  if (removed.reason > FlowRemovedReason::eviction) {
    in.fail({ErrorCode::ofpbrc_bad_type, "flow-removed reason"});
  }
  removed.reason = told_reason(removed.reason, in.version());
  return finished(in, std::move(removed));
}

void write(Writer& out, const FlowRemoved& message) {
  FlowRemoved removed = message;
  removed.reason = told_reason(message.reason, out.version());
  if (out.version() >= Version::v1_5) {
    flow_removed_15_layout(out, removed);
    write_match(out, removed.match, out.version());
    write_rule_stats(out, removed);
  } else {
    flow_removed_layout(out, removed);
    write_match(out, removed.match, out.version());
  }
}

DecodedMessage read_flow_stats_request(Reader& in) { return read_filter<FlowStatsRequest>(in); }
DecodedMessage read_flow_counters_request(Reader& in) { return read_filter<FlowCountersRequest>(in); }
DecodedMessage read_aggregate_request(Reader& in) { return read_filter<AggregateStatsRequest>(in); }
void write(Writer& out, const FlowStatsRequest& request) { write_filter(out, request.filter); }
void write(Writer& out, const FlowCountersRequest& request) { write_filter(out, request.filter); }
void write(Writer& out, const AggregateStatsRequest& request) { write_filter(out, request.filter); }

DecodedMessage read_flow_stats_reply(Reader& in) { return read_entries<FlowStats>(in, read_flow_stats); }

void write_entry(Writer& out, const FlowStats& stats) {
  write_sized(out, [&] {
    if (out.version() >= Version::v1_5) {
      flow_desc_layout(out, stats);
      write_match(out, stats.match, out.version());
      write_rule_stats(out, stats);
    } else {
      flow_stats_layout(out, stats);
      write_match(out, stats.match, out.version());
    }
    write_instructions(out, stats.instructions, out.version(), is_tagged(stats.match));
  });
}

DecodedMessage read_flow_counters_reply(Reader& in) { return read_entries<FlowCounters>(in, read_flow_counters); }

void write_entry(Writer& out, const FlowCounters& counters) {
  write_sized(out, [&] {
    flow_counters_layout(out, counters);
    write_match(out, counters.match, out.version());
    write_rule_stats(out, counters);
  });
}

DecodedMessage read_aggregate_reply(Reader& in) {
  if (in.version() < Version::v1_5) {
    return read_as<AggregateStatsReply>(in, aggregate_layout);
  }
  const StatFields fields = read_stat_fields(in);
  return finished(in, AggregateStatsReply{fields.packet_count.value_or(0), fields.byte_count.value_or(0),
                                          fields.flow_count.value_or(0)});
}
void write(Writer& out, const AggregateStatsReply& reply) {
  if (out.version() < Version::v1_5) {
    return aggregate_layout(out, reply);
  }
  write_stat_fields(out, {std::nullopt, std::nullopt, reply.flow_count, reply.packet_count, reply.byte_count});
}

}  // namespace weft::openflow::codec_13
