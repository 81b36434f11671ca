#include "utilities/ofctl/json_output.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"
#include "lib/openflow/text/meter_text.h"
#include "lib/openflow/text/port_text.h"

namespace weft::ofctl {
namespace {

using Json = nlohmann::ordered_json;

// What is not kept or not told is null.
Json seconds(const openflow::Duration& duration) {
  return duration == openflow::unknown_duration
             ? Json()
             : Json(static_cast<double>(duration.seconds) + static_cast<double>(duration.nanoseconds) / 1e9);
}
Json count(uint64_t value) { return value == openflow::unknown_count ? Json() : Json(value); }

// Names come from outside and need not be UTF-8.
void print(const Json& json) { fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace)); }

template <class Entry, class Convert>
Json array_of(const std::vector<Entry>& entries, Convert&& convert) {
  Json array = Json::array();
  for (const Entry& entry : entries) {
    array.push_back(convert(entry));
  }
  return array;
}
template <class Entry, class Convert>
void print_array(const std::vector<Entry>& entries, Convert&& convert) {
  print(array_of(entries, convert));
}

Json json_of(const openflow::PortDesc& port) {
  return {{"name", port.name},
          {"number", number(port.port)},
          {"mac", port.hw_addr.to_string()},
          {"is_admin_up", (port.config & openflow::port_config::down) == 0},
          {"has_link", (port.state & openflow::port_state::link_down) == 0},
          {"config", port.config},
          {"state", port.state},
          {"speed_kbps", port.current_speed_kbps}};
}

Json json_of(const openflow::MeterBand& band) {
  Json json{{"type", to_string(band.type)}, {"rate", band.rate}, {"burst_size", band.burst_size}};
  if (band.type == openflow::MeterBandType::dscp_remark) {
    json["prec_level"] = band.precedence_level;
  }
  return json;
}

// In percent of the port's speed; null: no limit.
Json percent(std::optional<uint16_t> tenths) { return tenths && *tenths <= 1000 ? Json(*tenths / 10.0) : Json(); }

Json json_of(const openflow::FieldSet& fields) {
  Json names = Json::array();
  for (const Field& f : all_fields()) {
    if (fields[static_cast<size_t>(f.id)]) {
      names.push_back(f.name);
    }
  }
  return names;
}

Json json_of(const std::bitset<256>& tables) {
  Json numbers = Json::array();
  for (size_t i = 0; i < tables.size(); ++i) {
    if (tables[i]) {
      numbers.push_back(i);
    }
  }
  return numbers;
}

Json json_of(const openflow::TableAbilities& abilities) {
  return {{"instructions", instructions_of(abilities)},
          {"next_tables", json_of(abilities.next_tables)},
          {"write_actions", openflow::actions_of(abilities.write_actions)},
          {"write_set_field", json_of(abilities.write_set_field)},
          {"apply_actions", openflow::actions_of(abilities.apply_actions)},
          {"apply_set_field", json_of(abilities.apply_set_field)}};
}

Json json_of(const openflow::Vacancy& vacancy) {
  return {{"down", vacancy.down}, {"up", vacancy.up}, {"current", vacancy.current}};
}

}  // namespace

void print_json(const std::vector<openflow::FlowStats>& flows, const PortNames* ports) {
  print_array(flows, [&](const openflow::FlowStats& flow) {
    return Json{{"table", flow.table_id},
                {"priority", flow.priority},
                {"match", format_match(flow.match, ports)},
                {"actions", format_instructions(flow.instructions, ports)},
                {"cookie", flow.cookie},
                {"duration", seconds(flow.duration)},
                {"n_packets", count(flow.packet_count)},
                {"n_bytes", count(flow.byte_count)},
                {"idle_timeout", flow.idle_timeout},
                {"hard_timeout", flow.hard_timeout},
                {"flags", trim(openflow::format_flow_flags(flow.flags, " "))}};
  });
}

void print_json(const std::vector<openflow::PortStats>& stats, const PortNames* ports) {
  print_array(stats, [&](const openflow::PortStats& port) {
    return Json{{"port", format_port(port.port, ports)}, {"number", number(port.port)},
                {"rx_packets", count(port.rx_packets)},  {"rx_bytes", count(port.rx_bytes)},
                {"rx_dropped", count(port.rx_dropped)},  {"rx_errors", count(port.rx_errors)},
                {"tx_packets", count(port.tx_packets)},  {"tx_bytes", count(port.tx_bytes)},
                {"tx_dropped", count(port.tx_dropped)},  {"tx_errors", count(port.tx_errors)},
                {"duration", seconds(port.duration)}};
  });
}

void print_json(const std::vector<openflow::PortDesc>& descriptions) {
  print_array(descriptions, [](const openflow::PortDesc& port) { return json_of(port); });
}

void print_json(const std::vector<openflow::TableStats>& tables) {
  print_array(tables, [](const openflow::TableStats& stats) {
    return Json{{"table", stats.table_id},
                {"active", stats.active_count},
                {"lookup", stats.lookup_count},
                {"matched", stats.matched_count}};
  });
}

void print_json(const std::vector<openflow::GroupDesc>& groups, const PortNames* ports) {
  print_array(groups, [&](const openflow::GroupDesc& group) {
    Json buckets = Json::array();
    for (const openflow::Bucket& bucket : group.buckets) {
      Json one{{"weight", bucket.weight}, {"actions", format_actions(bucket.actions, ports)}};
      if (bucket.bucket_id != openflow::unnumbered_bucket) {
        one["bucket_id"] = bucket.bucket_id;
      }
      if (bucket.watch_port != of_port::any) {
        one["watch_port"] = format_port(bucket.watch_port, ports);
      }
      if (bucket.watch_group != openflow::any_group) {
        one["watch_group"] = bucket.watch_group;
      }
      buckets.push_back(std::move(one));
    }
    Json json{{"group_id", group.group_id}, {"type", openflow::to_string(group.type)}, {"buckets", buckets}};
    if (!group.selection.method.empty()) {
      json["selection_method"] = group.selection.method;
    }
    return json;
  });
}

void print_json(const std::vector<openflow::GroupStats>& groups) {
  print_array(groups, [](const openflow::GroupStats& group) {
    Json buckets = Json::array();
    for (const openflow::BucketCounters& bucket : group.buckets) {
      buckets.push_back({{"packet_count", bucket.packet_count}, {"byte_count", bucket.byte_count}});
    }
    return Json{{"group_id", group.group_id},          {"ref_count", group.ref_count},
                {"packet_count", group.packet_count},  {"byte_count", group.byte_count},
                {"duration", seconds(group.duration)}, {"buckets", buckets}};
  });
}

void print_json(const std::vector<openflow::MeterConfig>& meters) {
  print_array(meters, [](const openflow::MeterConfig& meter) {
    return Json{{"meter", meter.meter},
                {"flags", flags_of(meter)},
                {"bands", array_of(meter.bands, [](const openflow::MeterBand& band) { return json_of(band); })}};
  });
}

void print_json(const std::vector<openflow::MeterStats>& meters) {
  print_array(meters, [](const openflow::MeterStats& meter) {
    return Json{{"meter", meter.meter},
                {"flow_count", meter.flow_count},
                {"packet_in_count", meter.packet_count},
                {"byte_in_count", meter.byte_count},
                {"duration", seconds(meter.duration)},
                {"bands", array_of(meter.bands, [](const openflow::MeterBandCounters& band) {
                   return Json{{"packet_count", band.packet_count}, {"byte_count", band.byte_count}};
                 })}};
  });
}

void print_json(const std::vector<openflow::QueueStats>& stats, const PortNames* ports) {
  print_array(stats, [&](const openflow::QueueStats& queue) {
    return Json{{"port", format_port(queue.port, ports)},
                {"number", number(queue.port)},
                {"queue", queue.queue_id},
                {"tx_packets", count(queue.tx_packets)},
                {"tx_bytes", count(queue.tx_bytes)},
                {"tx_errors", count(queue.tx_errors)},
                {"duration", seconds(queue.duration)}};
  });
}

void print_json(const std::vector<openflow::QueueDesc>& queues, const PortNames* ports) {
  print_array(queues, [&](const openflow::QueueDesc& queue) {
    return Json{{"port", format_port(queue.port, ports)},
                {"number", number(queue.port)},
                {"queue", queue.queue_id},
                {"min_rate_percent", percent(queue.min_rate)},
                {"max_rate_percent", percent(queue.max_rate)}};
  });
}

void print_json(const std::vector<openflow::TableFeatures>& tables) {
  print_array(tables, [](const openflow::TableFeatures& table) {
    return Json{{"table", table.table_id},
                {"name", table.name},
                {"max_entries", table.max_entries},
                {"metadata_match", table.metadata_match},
                {"metadata_write", table.metadata_write},
                {"hit", json_of(table.hit)},
                {"miss", json_of(table.miss)},
                {"match", json_of(table.match)},
                {"maskable", json_of(table.match & table.maskable)}};
  });
}

void print_json(const std::vector<openflow::TableDesc>& tables) {
  print_array(tables, [](const openflow::TableDesc& table) {
    return Json{{"table", table.table_id},
                {"eviction", (table.config & openflow::table_config::eviction) != 0},
                {"vacancy_events", (table.config & openflow::table_config::vacancy_events) != 0},
                {"vacancy", table.vacancy ? json_of(*table.vacancy) : Json()}};
  });
}

void print_json(const openflow::FeaturesReply& features, const std::vector<openflow::PortDesc>& ports,
                const openflow::SwitchConfig& config) {
  print({{"datapath_id", fmt::format("{:016x}", features.datapath_id)},
         {"n_tables", features.table_count},
         {"n_buffers", features.buffer_count},
         {"capabilities", capability_names_of(features)},
         {"ports", array_of(ports, [](const openflow::PortDesc& port) { return json_of(port); })},
         {"frags", openflow::to_string(config.fragments)},
         {"miss_send_len", config.miss_send_len}});
}

void print_json(const openflow::DescReply& desc) {
  print({{"manufacturer", desc.manufacturer},
         {"hardware", desc.hardware},
         {"software", desc.software},
         {"serial_number", desc.serial_number},
         {"datapath", desc.datapath}});
}

void print_json(const openflow::AggregateStatsReply& totals) {
  print({{"packet_count", count(totals.packet_count)},
         {"byte_count", count(totals.byte_count)},
         {"flow_count", totals.flow_count}});
}

}  // namespace weft::ofctl
