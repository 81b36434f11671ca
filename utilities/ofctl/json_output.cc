#include "utilities/ofctl/json_output.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "lib/flow/match_text.h"
#include "lib/openflow/text/action_text.h"
#include "lib/openflow/text/flow_text.h"
#include "lib/openflow/text/group_text.h"

namespace weft::ofctl {
namespace {

using Json = nlohmann::ordered_json;

double seconds(const openflow::Duration& duration) {
  return static_cast<double>(duration.seconds) + static_cast<double>(duration.nanoseconds) / 1e9;
}

// A counter that is not kept is null.
Json count(uint64_t value) { return value == openflow::unknown_count ? Json() : Json(value); }

template <class Entry, class Convert>
void print_array(const std::vector<Entry>& entries, Convert&& convert) {
  Json array = Json::array();
  for (const Entry& entry : entries) {
    array.push_back(convert(entry));
  }
  // Names come from outside and need not be UTF-8.
  fmt::print("{}\n", array.dump(2, ' ', false, Json::error_handler_t::replace));
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
                {"n_packets", flow.packet_count},
                {"n_bytes", flow.byte_count},
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
  print_array(descriptions, [](const openflow::PortDesc& port) {
    return Json{{"name", port.name},
                {"number", number(port.port)},
                {"mac", port.hw_addr.to_string()},
                {"is_admin_up", (port.config & openflow::port_config::down) == 0},
                {"has_link", (port.state & openflow::port_state::link_down) == 0},
                {"config", port.config},
                {"state", port.state},
                {"speed_kbps", port.current_speed_kbps}};
  });
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

}  // namespace weft::ofctl
