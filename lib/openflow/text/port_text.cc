#include "lib/openflow/text/port_text.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "lib/openflow/text/bit_names.h"
#include "lib/openflow/text/flow_text.h"

namespace weft::openflow {
namespace {

constexpr BitName config_names[] = {
    {port_config::down, "PORT_DOWN"}, {port_config::no_recv, "NO_RECV"},           {port_config::no_flood, "NO_FLOOD"},
    {port_config::no_fwd, "NO_FWD"},  {port_config::no_packet_in, "NO_PACKET_IN"},
};
constexpr BitName state_names[] = {
    {port_state::link_down, "LINK_DOWN"}, {port_state::blocked, "BLOCKED"}, {port_state::live, "LIVE"}};
constexpr BitName feature_names[] = {
    {port_feature::half_10mb, "10MB-HD"},   {port_feature::full_10mb, "10MB-FD"},
    {port_feature::half_100mb, "100MB-HD"}, {port_feature::full_100mb, "100MB-FD"},
    {port_feature::half_1gb, "1GB-HD"},     {port_feature::full_1gb, "1GB-FD"},
    {port_feature::full_10gb, "10GB-FD"},   {port_feature::full_40gb, "40GB-FD"},
    {port_feature::full_100gb, "100GB-FD"}, {port_feature::full_1tb, "1TB-FD"},
    {port_feature::other, "OTHER"},         {port_feature::copper, "COPPER"},
    {port_feature::fiber, "FIBER"},         {port_feature::autoneg, "AUTO_NEG"},
    {port_feature::pause, "AUTO_PAUSE"},    {port_feature::pause_asym, "AUTO_PAUSE_ASYM"},
};
constexpr BitName capability_names[] = {
    {capability::flow_stats, "FLOW_STATS"},     {capability::table_stats, "TABLE_STATS"},
    {capability::port_stats, "PORT_STATS"},     {capability::group_stats, "GROUP_STATS"},
    {capability::ip_reasm, "IP_REASM"},         {capability::queue_stats, "QUEUE_STATS"},
    {capability::arp_match_ip, "ARP_MATCH_IP"}, {capability::port_blocked, "PORT_BLOCKED"},
    {capability::bundles, "BUNDLES"},           {capability::flow_monitoring, "FLOW_MONITORING"},
};

// OFPAT_* of 1.0, as a features reply lists them.
constexpr BitName action_names_10[] = {
    {1 << 0, "output"},     {1 << 11, "enqueue"},   {1 << 1, "set_vlan_vid"}, {1 << 2, "set_vlan_pcp"},
    {1 << 3, "strip_vlan"}, {1 << 4, "mod_dl_src"}, {1 << 5, "mod_dl_dst"},   {1 << 6, "mod_nw_src"},
    {1 << 7, "mod_nw_dst"}, {1 << 8, "mod_nw_tos"}, {1 << 9, "mod_tp_src"},   {1 << 10, "mod_tp_dst"},
};

std::string format_feature_line(std::string_view label, uint32_t features) {
  return features == 0 ? "" : fmt::format("     {:<12}{}\n", label, format_bits(features, feature_names));
}

std::string format_count(uint64_t count) { return count == unknown_count ? "?" : std::to_string(count); }

std::string_view to_string(PortStatusReason reason) {
  switch (reason) {
    case PortStatusReason::added:
      return "ADD";
    case PortStatusReason::removed:
      return "DEL";
    case PortStatusReason::modified:
      return "MOD";
  }
  return "?";
}

}  // namespace

std::string format_port_desc(const PortDesc& desc) {
  std::string text = fmt::format(" {}({}): addr:{}\n", format_port(desc.port), desc.name, desc.hw_addr.to_string());
  text += fmt::format("     config:     {}\n", format_bits(desc.config, config_names));
  text += fmt::format("     state:      {}\n", format_bits(desc.state, state_names));
  text += format_feature_line("current:", desc.current);
  text += format_feature_line("advertised:", desc.advertised);
  text += format_feature_line("supported:", desc.supported);
  text += format_feature_line("peer:", desc.peer);
  return text + fmt::format("     speed: {} Mbps now, {} Mbps max\n", desc.current_speed_kbps / 1000,
                            desc.max_speed_kbps / 1000);
}

std::string format_port_status(const PortStatus& status) {
  return fmt::format("{}:{}", to_string(status.reason), format_port_desc(status.desc));
}

std::string format_port_mod(const PortMod& mod, const PortNames* ports) {
  return fmt::format("port: {}: addr:{}\n     config: {}\n     mask:   {}\n     advertise: {}\n",
                     format_port(mod.port, ports), mod.hw_addr.to_string(), format_bits(mod.config, config_names),
                     format_bits(mod.mask, config_names),
                     mod.advertise == 0 ? "UNCHANGED" : format_bits(mod.advertise, feature_names));
}

std::string format_port_stats(const PortStats& stats, const PortNames* ports) {
  const std::string port = format_port(stats.port, ports);
  return fmt::format("  port {:>2}: rx pkts={}, bytes={}, drop={}, errs={}, frame={}, over={}, crc={}\n", port,
                     format_count(stats.rx_packets), format_count(stats.rx_bytes), format_count(stats.rx_dropped),
                     format_count(stats.rx_errors), format_count(stats.rx_frame_errors),
                     format_count(stats.rx_over_errors), format_count(stats.rx_crc_errors)) +
         fmt::format("           tx pkts={}, bytes={}, drop={}, errs={}, coll={}\n", format_count(stats.tx_packets),
                     format_count(stats.tx_bytes), format_count(stats.tx_dropped), format_count(stats.tx_errors),
                     format_count(stats.collisions)) +
         (stats.duration == unknown_duration
              ? ""
              : fmt::format("           duration={}\n", format_duration(stats.duration)));
}

std::string format_queue_stats(const QueueStats& stats, const PortNames* ports) {
  return fmt::format("  port {} queue {}: bytes={}, pkts={}, errors={}, duration={}\n", format_port(stats.port, ports),
                     stats.queue_id, format_count(stats.tx_bytes), format_count(stats.tx_packets),
                     format_count(stats.tx_errors), format_duration(stats.duration));
}

std::string format_queue_desc(const QueueDesc& queue) {
  const auto rate = [](std::string_view name, std::optional<uint16_t> tenths) {
    return tenths && *tenths <= 1000 ? fmt::format(" {}:{}.{}%", name, *tenths / 10, *tenths % 10) : "";
  };
  return fmt::format("queue {}:{}{}\n", queue.queue_id, rate("min_rate", queue.min_rate),
                     rate("max_rate", queue.max_rate));
}

std::vector<std::string_view> capability_names_of(const FeaturesReply& features) {
  return names_of_bits(features.capabilities, capability_names);
}

std::string format_features(const FeaturesReply& features) {
  std::string text =
      fmt::format("dpid:{:016x}\nn_tables:{}, n_buffers:{}\ncapabilities: {}\n", features.datapath_id,
                  features.table_count, features.buffer_count, format_bits(features.capabilities, capability_names));
  if (features.actions != 0) {
    text += fmt::format("actions: {}\n", format_bits(features.actions, action_names_10));
  }
  std::vector<PortDesc> ports = features.ports;
  std::ranges::sort(ports, {}, &PortDesc::port);
  for (const PortDesc& port : ports) {
    text += format_port_desc(port);
  }
  return text;
}

std::vector<std::string_view> actions_of_10(uint32_t action_types) {
  return names_of_bits(action_types, action_names_10);
}

std::string_view to_string(FragmentHandling fragments) {
  switch (fragments) {
    case FragmentHandling::normal:
      return "normal";
    case FragmentHandling::drop:
      return "drop";
    case FragmentHandling::reassemble:
      return "reassemble";
    case FragmentHandling::nx_match:
      return "nx-match";
  }
  return "?";
}

std::string format_config(const SwitchConfig& config) {
  return fmt::format("frags={}{} miss_send_len={}", to_string(config.fragments),
                     config.invalid_ttl_to_controller ? " invalid_ttl_to_controller" : "", config.miss_send_len);
}

std::string format_desc(const DescReply& desc) {
  return fmt::format("Manufacturer: {}\nHardware: {}\nSoftware: {}\nSerial Num: {}\nDP Description: {}\n",
                     desc.manufacturer, desc.hardware, desc.software, desc.serial_number, desc.datapath);
}

}  // namespace weft::openflow
