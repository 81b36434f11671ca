// Messages about rules: flow-mod, flow-removed, and the flow and aggregate statistics. Values.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/flow/match.h"
#include "lib/openflow/instruction.h"
#include "lib/openflow/multipart.h"
#include "lib/openflow/packet_message.h"

namespace weft::openflow {

inline constexpr uint8_t all_tables = 0xff;           // OFPTT_ALL
inline constexpr uint32_t any_group = 0xffffffff;     // OFPG_ANY
inline constexpr uint32_t all_groups = 0xfffffffc;    // OFPG_ALL
inline constexpr uint32_t max_group = 0xffffff00;     // OFPG_MAX
inline constexpr uint16_t default_priority = 0x8000;  // OFP_DEFAULT_PRIORITY
inline constexpr uint64_t no_cookie = ~uint64_t{0};

enum class FlowModCommand : uint8_t { add = 0, modify = 1, modify_strict = 2, remove = 3, remove_strict = 4 };

// OFPFF_*, OpenFlow 1.3.5 section 7.3.4.1.
namespace flow_flag {
inline constexpr uint16_t send_flow_rem = 1 << 0;
inline constexpr uint16_t check_overlap = 1 << 1;
inline constexpr uint16_t reset_counts = 1 << 2;
inline constexpr uint16_t no_packet_counts = 1 << 3;
inline constexpr uint16_t no_byte_counts = 1 << 4;
}  // namespace flow_flag

// For remove and modify: selected by match (and priority if strict), table, cookie under its mask, and the
// output port and group that its actions name. For add: cookie_mask, out_port and out_group mean nothing.
struct FlowMod {
  FlowModCommand command = FlowModCommand::add;
  uint8_t table_id = 0;
  uint16_t priority = default_priority;
  uint16_t idle_timeout = 0;  // seconds; 0: never
  uint16_t hard_timeout = 0;
  uint16_t importance = 0;  // 1.4
  uint16_t flags = 0;
  uint64_t cookie = 0;
  uint64_t cookie_mask = 0;
  // In 1.0 a modify gives the rules that it changes a cookie (absent: they keep theirs), and adds one when it finds none.
  std::optional<uint64_t> new_cookie{};
  bool modify_adds = false;
  uint32_t buffer_id = no_buffer;
  OfPort out_port = of_port::any;
  uint32_t out_group = any_group;
  Match match;
  Instructions instructions;
  friend bool operator==(const FlowMod&, const FlowMod&) = default;
};

enum class FlowRemovedReason : uint8_t {
  idle_timeout = 0,
  hard_timeout = 1,
  removed = 2,  // OFPRR_DELETE
  group_removed = 3,
  meter_removed = 4,
  eviction = 5,
};

struct FlowRemoved {
  FlowRemovedReason reason = FlowRemovedReason::idle_timeout;
  uint8_t table_id = 0;
  uint16_t priority = 0;
  uint64_t cookie = 0;
  Duration duration;
  uint16_t idle_timeout = 0;
  uint16_t hard_timeout = 0;
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  Match match;
  friend bool operator==(const FlowRemoved&, const FlowRemoved&) = default;
};

// Which rules a statistics request is about: as a non-strict remove selects them.
struct FlowFilter {
  uint8_t table_id = all_tables;
  OfPort out_port = of_port::any;
  uint32_t out_group = any_group;
  uint64_t cookie = 0;
  uint64_t cookie_mask = 0;
  Match match{};
  friend bool operator==(const FlowFilter&, const FlowFilter&) = default;
};

struct FlowStatsRequest {
  FlowFilter filter;
  friend bool operator==(const FlowStatsRequest&, const FlowStatsRequest&) = default;
};

struct FlowStats {
  uint8_t table_id = 0;
  uint16_t priority = 0;
  uint16_t idle_timeout = 0;
  uint16_t hard_timeout = 0;
  uint16_t importance = 0;
  uint16_t flags = 0;
  uint64_t cookie = 0;
  Duration duration;
  std::optional<Duration> idle_age;    // since the last packet: 1.5 and extensions
  std::optional<Duration> hard_age{};  // since the last change: extensions
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  Match match;
  Instructions instructions;
  friend bool operator==(const FlowStats&, const FlowStats&) = default;
};
using FlowStatsReply = MultipartReply<FlowStats>;

// 1.5's OFPMP_FLOW_STATS: the counters of rules without what the rules do. (FlowStats is its OFPMP_FLOW_DESC.)
struct FlowCountersRequest {
  FlowFilter filter;
  friend bool operator==(const FlowCountersRequest&, const FlowCountersRequest&) = default;
};
enum class FlowCountersReason : uint8_t { stats_request = 0, stat_trigger = 1 };  // OFPFSR_*
struct FlowCounters {
  uint8_t table_id = 0;
  FlowCountersReason reason = FlowCountersReason::stats_request;
  uint16_t priority = 0;
  Duration duration;
  std::optional<Duration> idle_age;
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  Match match;
  friend bool operator==(const FlowCounters&, const FlowCounters&) = default;
};
using FlowCountersReply = MultipartReply<FlowCounters>;

struct AggregateStatsRequest {
  FlowFilter filter;
  friend bool operator==(const AggregateStatsRequest&, const AggregateStatsRequest&) = default;
};
struct AggregateStatsReply {
  uint64_t packet_count = 0;
  uint64_t byte_count = 0;
  uint32_t flow_count = 0;
  friend bool operator==(const AggregateStatsReply&, const AggregateStatsReply&) = default;
};

}  // namespace weft::openflow
