// Printing rules: lib/openflow/text/flow_text.h.
#include <fmt/format.h>

#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"

namespace weft::openflow {
namespace {

constexpr std::pair<uint16_t, std::string_view> flow_flag_names[] = {
    {flow_flag::send_flow_rem, "send_flow_rem"},   {flow_flag::check_overlap, "check_overlap"},
    {flow_flag::reset_counts, "reset_counts"},     {flow_flag::no_packet_counts, "no_packet_counts"},
    {flow_flag::no_byte_counts, "no_byte_counts"},
};

void append_timeouts(std::string& text, uint16_t idle, uint16_t hard, std::string_view separator) {
  if (idle != 0) {
    text += fmt::format("idle_timeout={}{}", idle, separator);
  }
  if (hard != 0) {
    text += fmt::format("hard_timeout={}{}", hard, separator);
  }
}

std::string_view to_string(FlowModCommand command) {
  constexpr std::string_view names[] = {"ADD", "MOD", "MOD_STRICT", "DEL", "DEL_STRICT"};
  return names[static_cast<size_t>(command)];
}

}  // namespace

std::string_view to_string(FlowRemovedReason reason) {
  switch (reason) {
    case FlowRemovedReason::idle_timeout:
      return "idle";
    case FlowRemovedReason::hard_timeout:
      return "hard";
    case FlowRemovedReason::removed:
      return "delete";
    case FlowRemovedReason::group_removed:
      return "group_delete";
    case FlowRemovedReason::meter_removed:
      return "meter_delete";
    case FlowRemovedReason::eviction:
      return "eviction";
  }
  return "?";
}

// Milliseconds, or all of it where there is more. All ones: unknown.
std::string format_duration(const Duration& duration) {
  if (duration.seconds == ~0U && duration.nanoseconds == ~0U) {
    return "?";
  }
  if (duration.nanoseconds == 0) {
    return fmt::format("{}s", duration.seconds);
  }
  if (duration.nanoseconds % 1'000'000 == 0) {
    return fmt::format("{}.{:03}s", duration.seconds, duration.nanoseconds / 1'000'000);
  }
  return fmt::format("{}.{:09}s", duration.seconds, duration.nanoseconds);
}

std::string format_flow_flags(uint16_t flags, std::string_view separator) {
  std::string text;
  for (const auto& [flag, name] : flow_flag_names) {
    if ((flags & flag) != 0) {
      text += fmt::format("{}{}", name, separator);
    }
  }
  return text;
}

std::string format_rule(const Match& match, uint16_t priority, const PortNames* ports) {
  std::string text = priority == default_priority ? "" : fmt::format("priority={}", priority);
  const std::string fields = format_match(match, ports);
  return text.empty() || fields.empty() ? text + fields : text + "," + fields;
}

std::string format_flow_mod(const FlowMod& mod, const PortNames* ports) {
  const bool is_removal = mod.command >= FlowModCommand::remove;
  std::string text;
  if (mod.table_id != (is_removal ? all_tables : 0)) {
    text += fmt::format("table={},", mod.table_id);
  }
  if (mod.cookie_mask != 0) {
    text += fmt::format("cookie={:#x}/{:#x},", mod.cookie, mod.cookie_mask);
  } else if (mod.cookie != 0 && !is_removal) {
    text += fmt::format("cookie={:#x},", mod.cookie);
  }
  append_timeouts(text, mod.idle_timeout, mod.hard_timeout, ",");
  if (mod.importance != 0) {
    text += fmt::format("importance={},", mod.importance);
  }
  text += format_flow_flags(mod.flags, ",");
  if (mod.out_port != of_port::any) {
    text += fmt::format("out_port={},", format_port(mod.out_port, ports));
  }
  if (mod.out_group != any_group) {
    text += fmt::format("out_group={},", mod.out_group);
  }
  const std::string rule = format_rule(mod.match, mod.priority, ports);
  text += rule;
  if (is_removal && mod.instructions.empty()) {
    if (!text.empty() && text.back() == ',') {
      text.pop_back();
    }
    return text;
  }
  return text + (rule.empty() ? "" : " ") + "actions=" + format_instructions(mod.instructions, ports);
}

std::string format_flow(const FlowStats& stats, const PortNames* ports, FlowFormat format) {
  std::string text;
  if (format.show_statistics || stats.cookie != 0) {
    text += fmt::format("cookie={:#x}, ", stats.cookie);
  }
  if (format.show_statistics) {
    text += fmt::format("duration={}, ", format_duration(stats.duration));
  }
  if (format.show_statistics || stats.table_id != 0) {
    text += fmt::format("table={}, ", stats.table_id);
  }
  if (format.show_statistics) {
    text += fmt::format("n_packets={}, n_bytes={}, ", stats.packet_count, stats.byte_count);
  }
  append_timeouts(text, stats.idle_timeout, stats.hard_timeout, ", ");
  text += format_flow_flags(stats.flags, " ");
  if (stats.importance != 0) {
    text += fmt::format("importance={}, ", stats.importance);
  }
  if (stats.idle_age && format.show_statistics) {
    text += fmt::format("idle_age={}, ", stats.idle_age->seconds);
  }
  if (stats.hard_age && stats.hard_age->seconds != stats.duration.seconds && format.show_statistics) {
    text += fmt::format("hard_age={}, ", stats.hard_age->seconds);
  }
  const std::string rule = format_rule(stats.match, stats.priority, ports);
  text += rule + (rule.empty() ? "" : " ");
  return text + "actions=" + format_instructions(stats.instructions, ports);
}

std::string format_flow_counters(const FlowCounters& counters, const PortNames* ports) {
  std::string text = fmt::format("duration={}, table={}, n_packets={}, n_bytes={}", format_duration(counters.duration),
                                 counters.table_id, counters.packet_count, counters.byte_count);
  if (counters.idle_age) {
    text += fmt::format(", idle_age={}", counters.idle_age->seconds);
  }
  const std::string rule = format_rule(counters.match, counters.priority, ports);
  return text + (rule.empty() ? "" : ", ") + rule;
}

std::string format_flow_removed(const FlowRemoved& removed, const PortNames* ports, bool has_table,
                                bool has_hard_timeout) {
  std::string text = format_rule(removed.match, removed.priority, ports);
  text += fmt::format("{}reason={}", text.empty() ? "" : " ", to_string(removed.reason));
  text += has_table ? fmt::format(" table_id={}", removed.table_id) : "";
  if (removed.cookie != 0) {
    text += fmt::format(" cookie:{:#x}", removed.cookie);
  }
  text += fmt::format(" duration{} idle{}", format_duration(removed.duration), removed.idle_timeout);
  text += has_hard_timeout ? fmt::format(" hard{}", removed.hard_timeout) : "";
  return text + fmt::format(" pkts{} bytes{}", removed.packet_count, removed.byte_count);
}

std::string format_flow_mod_message(const FlowMod& mod, const PortNames* ports) {
  const bool is_removal = mod.command >= FlowModCommand::remove;
  std::string text(to_string(mod.command));
  if (mod.table_id != 0 && mod.table_id != all_tables) {
    text += fmt::format(" table:{}", mod.table_id);
  }
  const std::string rule = format_rule(mod.match, mod.priority, ports);
  text += rule.empty() ? "" : " " + rule;
  const uint64_t cookie = mod.new_cookie.value_or(is_removal || mod.cookie_mask != 0 ? 0 : mod.cookie);
  text += cookie == 0 ? "" : fmt::format(" cookie:{:#x}", cookie);
  text += mod.cookie_mask == 0 ? "" : fmt::format(" cookie:{:#x}/{:#x}", mod.cookie, mod.cookie_mask);
  text += mod.idle_timeout == 0 ? "" : fmt::format(" idle:{}", mod.idle_timeout);
  text += mod.hard_timeout == 0 ? "" : fmt::format(" hard:{}", mod.hard_timeout);
  text += mod.importance == 0 ? "" : fmt::format(" importance:{}", mod.importance);
  text += mod.buffer_id == no_buffer ? "" : fmt::format(" buf:{:#x}", mod.buffer_id);
  text += mod.out_port == of_port::any ? "" : fmt::format(" out_port:{}", format_port(mod.out_port, ports));
  text += mod.out_group == any_group ? "" : fmt::format(" out_group:{}", mod.out_group);
  text += " " + format_flow_flags(mod.flags, " ");
  return text + "actions=" + format_instructions(mod.instructions, ports);
}

std::string format_flow_filter(const FlowFilter& filter, const PortNames* ports) {
  std::string text;
  text += filter.table_id == all_tables ? "" : fmt::format(" table={}", filter.table_id);
  text += filter.out_port == of_port::any ? "" : fmt::format(" out_port={}", format_port(filter.out_port, ports));
  text += filter.out_group == any_group ? "" : fmt::format(" out_group={}", filter.out_group);
  text += filter.cookie_mask == 0 ? "" : fmt::format(" cookie={:#x}/{:#x}", filter.cookie, filter.cookie_mask);
  const std::string match = format_match(filter.match, ports);
  return text + (match.empty() ? "" : " " + match);
}

}  // namespace weft::openflow
