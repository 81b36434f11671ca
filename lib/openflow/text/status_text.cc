#include "lib/openflow/text/status_text.h"

#include <array>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/packet_message.h"
#include "lib/openflow/text/bit_names.h"

namespace weft::openflow {
namespace {

// Bit n of a mask is reason n.
constexpr BitName packet_in_reasons[] = {{1 << 0, "no_match"},   {1 << 1, "action"}, {1 << 2, "invalid_ttl"},
                                         {1 << 3, "action_set"}, {1 << 4, "group"},  {1 << 5, "packet_out"}};
constexpr BitName port_reasons[] = {{1 << 0, "add"}, {1 << 1, "delete"}, {1 << 2, "modify"}};
constexpr BitName flow_removed_reasons[] = {{1 << 0, "idle"},         {1 << 1, "hard"},         {1 << 2, "delete"},
                                            {1 << 3, "group_delete"}, {1 << 4, "meter_delete"}, {1 << 5, "eviction"}};
constexpr BitName role_reasons[] = {
    {1 << 0, "primary_request"}, {1 << 1, "configuration_changed"}, {1 << 2, "experimenter_data_changed"}};
constexpr BitName table_reasons[] = {{1 << 3, "vacancy_down"}, {1 << 4, "vacancy_up"}};
constexpr BitName forward_reasons[] = {{1 << 0, "group_mod_request"}, {1 << 1, "meter_mod_request"}};
constexpr BitName flow_stats_reasons[] = {{1 << 0, "request"}, {1 << 1, "trigger"}};
constexpr BitName controller_reasons[] = {{1 << 0, "request"},     {1 << 1, "channel_status"}, {1 << 2, "role"},
                                          {1 << 3, "added"},       {1 << 4, "removed"},        {1 << 5, "short_id"},
                                          {1 << 6, "experimenter"}};

struct KindText {
  AsyncKind kind;
  std::string_view title;
  std::span<const BitName> reasons;
  bool is_always_shown;
};
constexpr KindText kinds[] = {
    {AsyncKind::packet_in, "PACKET_IN", packet_in_reasons, true},
    {AsyncKind::port_status, "PORT_STATUS", port_reasons, true},
    {AsyncKind::flow_removed, "FLOW_REMOVED", flow_removed_reasons, true},
    {AsyncKind::role_status, "ROLE_STATUS", role_reasons, true},
    {AsyncKind::table_status, "TABLE_STATUS", table_reasons, true},
    {AsyncKind::request_forward, "REQUESTFORWARD", forward_reasons, true},
    {AsyncKind::flow_stats, "FLOW_STATS", flow_stats_reasons, false},
    {AsyncKind::controller_status, "CONT_STATUS", controller_reasons, false},
};

constexpr BitName eviction_names[] = {{1 << 0, "OTHER"}, {1 << 1, "IMPORTANCE"}, {1 << 2, "LIFETIME"}};

std::string vacancy_text(const TableDesc& desc) {
  if ((desc.config & table_config::vacancy_events) == 0 || !desc.vacancy) {
    return "off";
  }
  const Vacancy& vacancy = *desc.vacancy;
  return fmt::format("on vacancy_down={}% vacancy_up={}% vacancy={}%", vacancy.down, vacancy.up, vacancy.current);
}

}  // namespace

std::string format_async_masks(const AsyncMasks& masks) {
  std::string text;
  for (const KindText& kind : kinds) {
    const uint32_t mask = masks[static_cast<size_t>(kind.kind)];
    if (mask != 0 || kind.is_always_shown) {
      text += fmt::format("{:>16}: {}\n", kind.title, format_bits(mask, kind.reasons, " ", "(off)"));
    }
  }
  return text;
}

std::string_view to_string(Role role) {
  constexpr std::string_view names[] = {"nochange", "equal", "primary", "secondary"};
  return names[static_cast<size_t>(role)];
}

std::string format_role_status(const RoleStatus& status) {
  return fmt::format("role={} generation_id={} reason={}\n", to_string(status.role), status.generation_id,
                     role_reasons[static_cast<size_t>(status.reason)].name);
}

std::string format_controller_status(const ControllerStatus& status) {
  std::string text = fmt::format("short_id={} role={} reason={} channel={}", status.short_id, to_string(status.role),
                                 controller_reasons[static_cast<size_t>(status.reason)].name,
                                 status.channel_status == ChannelStatus::up ? "up" : "down");
  for (const std::string& uri : status.uris) {
    text += " uri=" + uri;
  }
  return text + "\n";
}

std::string format_async_config(const AsyncConfig& config) {
  return " primary:\n" + format_async_masks(config.primary) + "\n secondary:\n" + format_async_masks(config.secondary);
}

std::string format_table_mod(const TableMod& mod) {
  std::string text = mod.table_id == all_tables ? "table_id: ALL_TABLES" : fmt::format("table_id={}", mod.table_id);
  text += (mod.config & table_config::eviction) != 0 ? ", eviction=on" : ", eviction=off";
  if (mod.eviction_flags) {
    text += " eviction_flags=" + format_bits(*mod.eviction_flags, eviction_names, "|", "(default)");
  }
  text += (mod.config & table_config::vacancy_events) != 0 ? ", vacancy=on" : ", vacancy=off";
  if (mod.vacancy) {
    text += fmt::format(" vacancy:{},{}", mod.vacancy->down, mod.vacancy->up);
  }
  return text + "\n";
}

std::string format_table_desc(const TableDesc& desc) {
  const bool is_evicting = (desc.config & table_config::eviction) != 0;
  return fmt::format(
      "  table {}:\n   eviction={} eviction_flags={}\n   vacancy={}\n", desc.table_id, is_evicting ? "on" : "off",
      format_bits(desc.eviction_flags.value_or(0), eviction_names, "|", "(default)"), vacancy_text(desc));
}

std::string format_table_status(const TableStatus& status) {
  const bool is_down = status.reason == TableStatusReason::vacancy_down;
  return fmt::format("reason={}\ntable_desc:-\n{}", is_down ? "VACANCY_DOWN" : "VACANCY_UP",
                     format_table_desc(status.table));
}

std::string format_queue_desc_request(const QueueDescRequest& request, const PortNames* ports) {
  std::string text = "port=" + format_port(request.port, ports);
  return text + (request.queue_id == all_queues ? "\n" : fmt::format(" queue={}\n", request.queue_id));
}

std::string format_bundle_flags(uint16_t flags) {
  constexpr BitName names[] = {{1 << 0, "atomic"}, {1 << 1, "ordered"}, {1 << 2, "time"}};
  return format_bits(flags, names);
}

std::string format_bundle_control(const BundleControl& control) {
  constexpr std::string_view types[] = {"OPEN_REQUEST",   "OPEN_REPLY",   "CLOSE_REQUEST",   "CLOSE_REPLY",
                                        "COMMIT_REQUEST", "COMMIT_REPLY", "DISCARD_REQUEST", "DISCARD_REPLY"};
  std::string text = fmt::format(" bundle_id={:#x} type={} flags={}", control.bundle_id,
                                 types[static_cast<size_t>(control.type)], format_bundle_flags(control.flags));
  if (control.scheduled) {
    text += fmt::format(" time={}.{:09}", control.scheduled->seconds, control.scheduled->nanoseconds);
  }
  return text + "\n";
}

}  // namespace weft::openflow
