// NXST_FLOW and NXST_AGGREGATE: requests may select by cookie, replies tell ages. Which number is which.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/openflow/codec_10/nxm.h"

namespace weft::openflow::codec_10 {
namespace {

// How old something is, in whole seconds, one more than it is: 0 says that it is not known.
std::optional<Duration> age_from_wire(uint16_t age) {
  return age == 0 ? std::nullopt : std::optional(Duration{age - 1U, 0});
}
uint16_t age_to_wire(const std::optional<Duration>& age) {
  return age ? static_cast<uint16_t>(std::min<uint32_t>(age->seconds, 0xfffe) + 1) : uint16_t{0};
}

constexpr auto entry_layout = [](auto& io, auto& stats, auto& match_size, auto& idle_age, auto& hard_age) {
  io.u8(stats.table_id);
  io.pad(1);
  duration_layout(io, stats.duration);
  io.u16(stats.priority);
  io.u16(stats.idle_timeout);
  io.u16(stats.hard_timeout);
  io.u16(match_size);
  io.u16(idle_age);
  io.u16(hard_age);
  io.u64(stats.cookie);
  io.u64(stats.packet_count);
  io.u64(stats.byte_count);
};
constexpr size_t entry_match_size_offset = 18;  // length included

constexpr auto aggregate_layout = [](auto& io, auto& m) {
  io.u64(m.packet_count);
  io.u64(m.byte_count);
  io.u32(m.flow_count);
  io.pad(4);
};

template <class Request>
DecodedMessage read_filter(WireReader& in) {
  Request request;
  FlowFilter& filter = request.filter;
  in.u16(filter.out_port);
  const uint16_t match_size = in.u16();
  in.u8(filter.table_id);
  in.pad(3);
  CookieFilter cookie;
  read_nx_match(in, match_size, filter.match, &cookie);
  filter.cookie = cookie.cookie;
  filter.cookie_mask = cookie.mask;
  return finish(in, std::move(request));
}

void write_filter(WireWriter& out, const FlowFilter& filter) {
  out.u16(filter.out_port);
  const size_t size_at = out.size();
  out.u16(0);
  out.u8(filter.table_id);
  out.pad(3);
  out.patch_u16(size_at, write_nx_match(out, filter.match, {filter.cookie, filter.cookie_mask}));
}

FlowStats read_entry(WireReader& in) {
  constexpr size_t length_size = 2;
  FlowStats stats;
  const uint16_t length = in.u16();
  WireReader entry(in.take(length < length_size ? in.remaining() + 1 : length - length_size));
  uint16_t match_size = 0;
  uint16_t idle_age = 0;
  uint16_t hard_age = 0;
  entry_layout(entry, stats, match_size, idle_age, hard_age);
  stats.idle_age = age_from_wire(idle_age);
  stats.hard_age = age_from_wire(hard_age);
  read_nx_match(entry, match_size, stats.match);
  read_actions_into(entry, stats.match, stats.instructions);
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return stats;
}

DecodedMessage read_aggregate(WireReader& in) { return read_as<AggregateStatsReply>(in, aggregate_layout); }
DecodedMessage read_flows(WireReader& in) { return read_entries<FlowStats>(in, read_entry); }

struct Row {
  uint32_t number;
  MultipartType type;
  DecodedMessage (*read_request)(WireReader&);
  DecodedMessage (*read_reply)(WireReader&);
};

constexpr Row rows[] = {
    {0, MultipartType::flow, read_filter<FlowStatsRequest>, read_flows},
    {1, MultipartType::aggregate, read_filter<AggregateStatsRequest>, read_aggregate},
    {2, MultipartType::flow_monitor, read_nx_monitor_request, read_nx_monitor_reply},
    {7, MultipartType::group, read_nx_group_stats_request, read_nx_group_stats_reply},
    {8, MultipartType::group_desc, read_nx_group_desc_request, read_nx_group_desc_reply},
    {9, MultipartType::group_features, read_empty<GroupFeaturesRequest>, read_nx_group_features_reply},
};

}  // namespace

std::optional<uint32_t> nicira_stats_number(MultipartType type) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.type == type; });
  return row == std::end(rows) ? std::nullopt : std::optional(row->number);
}

DecodedMessage read_nicira_stats(WireReader& in, bool is_reply, Spelling& spelling) {
  const uint32_t vendor = in.u32();
  if (auto header = in.result(); !header) {
    return Unexpected{header.error()};
  }
  if (vendor != nicira_vendor_id) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_experimenter, fmt::format("vendor {:#010x}", vendor)}};
  }
  const uint32_t number = in.u32();
  in.pad(4);
  if (auto header = in.result(); !header) {
    return Unexpected{header.error()};
  }
  const auto* row =
      std::find_if(std::begin(rows), std::end(rows), [&](const Row& one) { return one.number == number; });
  if (row == std::end(rows)) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbrc_bad_exp_type, fmt::format("Nicira statistics {}", number)}};
  }
  spelling.form = Form::nicira;
  return is_reply ? row->read_reply(in) : row->read_request(in);
}

void write_nicira(WireWriter& out, const FlowStatsRequest& request) { write_filter(out, request.filter); }
void write_nicira(WireWriter& out, const AggregateStatsRequest& request) { write_filter(out, request.filter); }
void write_nicira(WireWriter& out, const AggregateStatsReply& reply) { aggregate_layout(out, reply); }

void write_nicira(WireWriter& out, const FlowStatsReply& reply) {
  for (const FlowStats& entry : reply.entries) {
    write_nicira_entry(out, entry);
  }
}

void write_nicira_entry(WireWriter& out, const FlowStats& stats) {
  const size_t begin = out.size();
  const uint16_t filled_in_later = 0;
  const uint16_t idle_age = age_to_wire(stats.idle_age);
  const uint16_t hard_age = age_to_wire(stats.hard_age);
  out.u16(filled_in_later);
  entry_layout(out, stats, filled_in_later, idle_age, hard_age);
  out.patch_u16(begin + entry_match_size_offset, write_nx_match(out, stats.match));
  write_as_actions(out, stats.match, stats.instructions);
  out.patch_u16(begin, out.size() - begin);
}

}  // namespace weft::openflow::codec_10
