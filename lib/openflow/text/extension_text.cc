#include "lib/openflow/text/extension_text.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/bit_names.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/status_text.h"

namespace weft::openflow {
namespace {

// --- the TLV table

std::string format_maps(const std::vector<TlvMap>& maps) {
  std::string text =
      "mapping table:\n"
      "  class  type  length  match field\n"
      " ------  ----  ------  --------------";
  for (const TlvMap& map : maps) {
    text +=
        fmt::format("\n {:#06x}  {:#4x}  {:6}  tun_metadata{}", map.option_class, map.option_type, map.size, map.index);
  }
  return text + "\n";
}

// --- asynchronous configuration

std::string format_masks(std::string_view role, const SetAsync::Masks& masks) {
  AsyncMasks shown;
  std::ranges::transform(masks, shown.begin(), [](std::optional<uint32_t> mask) { return mask.value_or(0); });
  return fmt::format(" {}:\n", role) + format_async_masks(shown);
}

// --- flow monitors

constexpr BitName monitor_flags[] = {
    {monitor_flag::initial, "initial"},      {monitor_flag::add, "add"},
    {monitor_flag::removed, "delete"},       {monitor_flag::modify, "modify"},
    {monitor_flag::instructions, "actions"}, {monitor_flag::no_abbrev, "no_abbrev"},
    {monitor_flag::only_own, "own"},
};
// The extension calls two of them otherwise.
constexpr BitName nicira_monitor_flags[] = {
    {monitor_flag::initial, "initial"},      {monitor_flag::add, "add"},
    {monitor_flag::removed, "delete"},       {monitor_flag::modify, "modify"},
    {monitor_flag::instructions, "actions"}, {monitor_flag::no_abbrev, "own"},
};
std::span<const BitName> monitor_flag_names(Form form) {
  return form != Form::standard ? std::span<const BitName>(nicira_monitor_flags) : monitor_flags;
}

constexpr std::string_view event_names[] = {"INITIAL", "ADDED", "DELETED", "MODIFIED", "ABBREV", "PAUSED", "RESUMED"};

}  // namespace

std::string_view packet_in_format_name(Form form) {
  switch (form) {
    case Form::nicira:
      return "nxt_packet_in";
    case Form::nicira2:
      return "nxt_packet_in2";
    default:
      return "standard";
  }
}

std::string format_tlv_table_mod(const TlvTableMod& mod) {
  switch (mod.command) {
    case TlvTableCommand::add:
      return " ADD " + format_maps(mod.maps);
    case TlvTableCommand::remove:
      return " DEL " + format_maps(mod.maps);
    case TlvTableCommand::clear:
      break;
  }
  return " CLEAR\n";
}

std::string format_tlv_table_reply(const TlvTableReply& reply) {
  unsigned used = 0;
  for (const TlvMap& map : reply.maps) {
    used += map.size;
  }
  return fmt::format(" max option space={} max fields={}\n allocated option space={}\n\n {}", reply.max_space,
                     reply.max_fields, used, format_maps(reply.maps));
}

std::string format_set_async(const SetAsync& message) {
  return format_masks("primary", message.primary) + "\n" + format_masks("secondary", message.secondary);
}

std::string format_flow_monitor(const FlowMonitor& monitor, Form form, const PortNames* ports) {
  if (monitor.command == FlowMonitorCommand::remove) {
    return fmt::format(" id={} command=delete\n", monitor.id);
  }
  std::string text =
      fmt::format(" id={} flags={}", monitor.id, format_bits(monitor.flags, monitor_flag_names(form), ",", ""));
  if (monitor.out_port != of_port::any) {
    text += fmt::format(" out_port={}", format_port(monitor.out_port, ports));
  }
  if (monitor.out_group != any_group) {
    text += fmt::format(" out_group={}", monitor.out_group);
  }
  if (monitor.table_id != all_tables) {
    text += fmt::format(" table={}", monitor.table_id);
  }
  const std::string match = format_match(monitor.match, ports);
  return text + (match.empty() ? "" : " " + match) + "\n";
}

std::string format_flow_update(const FlowUpdate& update, const PortNames* ports) {
  std::string text = fmt::format(" event={}", event_names[static_cast<size_t>(update.event)]);
  if (update.event == FlowUpdateEvent::abbreviated) {
    return text + fmt::format(" xid={:#x}\n", update.xid);
  }
  if (update.event > FlowUpdateEvent::abbreviated) {
    return text + "\n";
  }
  if (update.event == FlowUpdateEvent::removed) {
    text += fmt::format(" reason={}", to_string(update.reason));
  }
  text += fmt::format(" table={}", update.table_id);
  if (update.idle_timeout != 0) {
    text += fmt::format(" idle_timeout={}", update.idle_timeout);
  }
  if (update.hard_timeout != 0) {
    text += fmt::format(" hard_timeout={}", update.hard_timeout);
  }
  text += fmt::format(" cookie={}", update.cookie == 0 ? "0" : fmt::format("{:#x}", update.cookie));
  const std::string rule = format_rule(update.match, update.priority, ports);
  text += rule.empty() ? "" : " " + rule;
  if (!update.instructions.empty()) {
    text += " actions=" + format_instructions(update.instructions, ports);
  }
  return text + "\n";
}

}  // namespace weft::openflow
