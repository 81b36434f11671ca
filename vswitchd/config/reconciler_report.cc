// What the reconciler reports into the status columns.
#include <algorithm>

#include <fmt/format.h>

#include "lib/os/device.h"
#include "vswitchd/config/reconciler.h"

namespace weft::config {
namespace {

using management::Database;
using management::Datum;
using management::Row;

bool is_tunnel(const ofproto::PortRequest& request) {
  const auto* spec = std::get_if<datapath::PortSpec>(&request.attachment);
  return spec != nullptr && datapath::is_tunnel(spec->type);
}

// A tunnel port that carries all segments of its encapsulation.
bool is_for_any_id(const ofproto::PortRequest& request) {
  const auto* spec = std::get_if<datapath::PortSpec>(&request.attachment);
  return is_tunnel(request) && spec->type != datapath::PortType::gre && !spec->tunnel.remote && !spec->tunnel.in_key &&
         !spec->tunnel.out_key;
}

Datum text_or_empty(const std::string& text) { return text.empty() ? Datum{} : Datum::of(text); }

Datum counters(const datapath::PortCounters& c) {
  Datum out;
  const auto put = [&out](const char* name, uint64_t value) {
    out.put(std::string(name), static_cast<int64_t>(value));
  };
  put("rx_packets", c.rx_packets);
  put("rx_bytes", c.rx_bytes);
  put("tx_packets", c.tx_packets);
  put("tx_bytes", c.tx_bytes);
  put("rx_dropped", c.rx_dropped);
  put("tx_dropped", c.tx_dropped);
  put("rx_errors", c.rx_errors);
  put("tx_errors", c.tx_errors);
  put("rx_gso_segments", c.rx_gso_segments);
  put("tx_gso_segments", c.tx_gso_segments);
  if (c.too_big_answers + c.too_big_unanswered != 0) {
    put("too_big_answers", c.too_big_answers);
    put("too_big_unanswered", c.too_big_unanswered);
  }
  return out;
}

// Of a controller that has, or had, to do with any.
void put_packet_ins(Datum& out, const char* kind, const ofproto::PacketInCounters& counters) {
  if (counters.bypassed + counters.queued + counters.dropped == 0) {
    return;
  }
  const auto put = [&](const char* what, uint64_t count) {
    out.put(fmt::format("packet-in-{}-{}", kind, what), std::to_string(count));
  };
  put("bypassed", counters.bypassed);
  put("queued", counters.queued);
  put("dropped", counters.dropped);
  put("backlog", counters.backlog);
}

Datum controller_status(const ofproto::ControllerStatus& status) {
  Datum out;
  out.put(std::string("state"), status.state);
  if (!status.last_error.empty()) {
    out.put(std::string("last_error"), status.last_error);
  }
  if (status.dropped_events != 0) {
    out.put(std::string("dropped_events"), std::to_string(status.dropped_events));
  }
  put_packet_ins(out, "miss", status.misses);
  put_packet_ins(out, "action", status.actions);
  if (status.seconds_since_connect) {
    out.put(std::string("sec_since_connect"), std::to_string(*status.seconds_since_connect));
  }
  if (status.seconds_since_disconnect) {
    out.put(std::string("sec_since_disconnect"), std::to_string(*status.seconds_since_disconnect));
  }
  return out;
}

// What its user should know before traffic tells.
std::string price_of_afxdp(const datapath::PortStatus& status) {
  std::string price =
      "for small packets: no segmentation or checksum offload passes, TCP is several times slower than on a system "
      "port";
  if (status.loses_vlan_tags) {
    price += "; a VLAN tag that the device takes out of a frame is lost (see weft-vsctl(8))";
  }
  return price;
}

constexpr std::string_view what_eats_stt =
    "net.netfilter.nf_conntrack_tcp_loose is 0: a firewall that drops the state \"invalid\" drops STT without rules "
    "with "
    "\"notrack\" (see weft-vsctl(8))";

// As Open vSwitch reports it: what the driver says of itself.
Datum driver_status(const std::string& device) {
  Datum out;
  const auto driver = read_driver(device);
  if (!driver) {
    return out;
  }
  out.put(std::string("driver_name"), driver->name);
  out.put(std::string("driver_version"), driver->version);
  out.put(std::string("firmware_version"), driver->firmware);
  return out;
}

}  // namespace

void Reconciler::report(Database& database) const {
  const auto root = database.root().uuid;
  database.report("Open_vSwitch", root, "ovs_version", Datum::of(version_));
  database.report("Open_vSwitch", root, "datapath_types", Datum::of_strings({"netdev", "system"}));
  database.report("Open_vSwitch", root, "iface_types",
                  Datum::of_strings({"afxdp", "internal", "patch", "system", "tap", "vxlan"}));
  // Rows are copied: report() changes what rows() shows.
  const auto bridges = database.rows("Bridge");
  for (const auto& [uuid, row] : bridges) {
    report_bridge(database, row);
  }
}

void Reconciler::report_bridge(Database& database, const Row& row) const {
  const auto it = running_.find(row.name());
  if (it == running_.end()) {
    return;
  }
  const RunningBridge& running = it->second;
  Datum problems;
  if (!running.error.empty()) {
    problems.put(std::string("error"), running.error);
  }
  database.report("Bridge", row.uuid, "status", std::move(problems));
  if (running.bridge != nullptr) {
    database.report("Bridge", row.uuid, "datapath_id",
                    Datum::of(fmt::format("{:016x}", running.bridge->datapath_id())));
  }
  report_segments(database, row, running);
  for (const auto& port_uuid : row["ports"].uuids()) {
    const Row& interface = interface_of(database, *database.find("Port", port_uuid));
    if (running.ports.contains(interface.name())) {
      report_interface(database, Row(interface));
    }
  }
  if (!running.controllers) {
    return;
  }
  for (const auto& controller : running.controllers->status()) {
    for (const auto& uuid : row["controller"].uuids()) {
      if ((*database.find("Controller", uuid))["target"].string() == controller.target) {
        database.report("Controller", uuid, "is_connected", Datum::of(controller.is_connected));
        database.report("Controller", uuid, "role", controller.is_connected ? Datum::of(controller.role) : Datum{});
        database.report("Controller", uuid, "status", controller_status(controller));
      }
    }
  }
}

void Reconciler::report_interface(Database& database, const Row& row) const {
  const auto set = [&](std::string_view column, Datum value) {
    database.report("Interface", row.uuid, column, std::move(value));
  };
  for (const auto& [bridge_name, running] : running_) {
    const auto it = running.ports.find(row.name());
    if (it == running.ports.end()) {
      continue;
    }
    const RunningPort& port = it->second;
    set("ofport", Datum::of(static_cast<int64_t>(port.of_port ? number(*port.of_port) : -1)));
    if (port.of_port && *port.of_port != of_port::local) {
      set("last_ofport", Datum::of(static_cast<int64_t>(number(*port.of_port))));
    }
    const auto info = port.of_port ? running.bridge->port(row.name()) : std::nullopt;
    set("error", text_or_empty(info ? problem_of(running, port, *info) : port.error));
    const bool is_attached = info && info->port_id != port_id::none;
    set("statistics", is_attached ? counters(switch_.datapath().port_counters(info->port_id)) : Datum{});
    const auto status = is_attached ? switch_.datapath().port_status(info->port_id) : std::nullopt;
    const auto set_if = [&](bool is_known, std::string_view column, auto value) {
      set(column, is_known ? Datum::of(value()) : Datum{});
    };
    set_if(status.has_value(), "admin_state", [&] { return std::string(status->is_admin_up ? "up" : "down"); });
    set_if(status.has_value(), "link_state", [&] { return std::string(status->has_link ? "up" : "down"); });
    // A tunnel port has no device that these could be told of.
    const bool has_device = status && !is_tunnel(port.request);
    set_if(has_device, "mac_in_use", [&] { return status->mac.to_string(); });
    set_if(has_device, "mtu", [&] { return static_cast<int64_t>(status->mtu); });
    set_if(has_device, "ifindex", [&] { return static_cast<int64_t>(status->ifindex); });
    Datum more = has_device ? driver_status(row.name()) : Datum{};
    if (status && status->xdp_mode) {
      more.put(std::string("xdp-mode-in-use"), std::string(to_string(*status->xdp_mode)));
      more.put(std::string("warning"), price_of_afxdp(*status));
    }
    if (status && status->is_conntrack_invalid) {
      more.put(std::string("warning"), std::string(what_eats_stt));
    }
    set("status", std::move(more));
    set_if(has_device && status->speed_bps != 0, "link_speed", [&] { return static_cast<int64_t>(status->speed_bps); });
  }
}

// Why a port that has a number does not do all that is wanted of it.
std::string Reconciler::problem_of(const RunningBridge& running, const RunningPort& port,
                                   const ofproto::PortInfo& info) const {
  const auto is_missing = [&](const std::string& name) { return !name.empty() && !running.segments.contains(name); };
  if (is_missing(info.vlan.segment)) {
    return fmt::format("{}: bridge {} has no segment {}: what the port receives is dropped", info.name,
                       running.bridge->name(), info.vlan.segment);
  }
  for (const auto& [vlan, segment] : info.vlan.segment_vlans) {
    if (is_missing(segment)) {
      return fmt::format("{}: bridge {} has no segment {}: what the port receives in VLAN {} is dropped", info.name,
                         running.bridge->name(), segment, vlan);
    }
  }
  if (!info.vlan.segment.empty() && !info.vlan.segment_vlans.empty()) {
    return fmt::format("{}: it is an access port of segment {}: its segment_vlans are without effect", info.name,
                       info.vlan.segment);
  }
  const bool has_own = !info.vlan.segment.empty() || !info.vlan.segment_vlans.empty();
  if (has_own && !running.segments.empty() && is_for_any_id(port.request)) {
    return fmt::format("{}: a tunnel port is in segments by their ids: its {} is without effect", info.name,
                       info.vlan.segment.empty() ? "segment_vlans" : "segment");
  }
  if (info.vlan.storm_limit && !running.segments.empty() && is_for_any_id(port.request)) {
    return fmt::format("{}: what comes from other hosts was limited there: its storm_limit is without effect",
                       info.name);
  }
  if (info.vlan.mac_limit && !running.segments.empty() && is_for_any_id(port.request)) {
    return fmt::format("{}: what is behind a tunnel counts for its segment: its mac_limit is without effect",
                       info.name);
  }
  if (info.patch && !has_peer(info)) {
    return fmt::format("No usable peer '{}' exists in 'netdev' datapath.", info.patch->peer);
  }
  if (info.patch && port.request.port_security) {
    return fmt::format("{}: a patch port's packets are not checked: its port_security is without effect", info.name);
  }
  if (info.patch) {
    return info.qos ? fmt::format("{}: a patch port has no queues: its qos is without effect", info.name) : port.error;
  }
  if (info.port_id != port_id::none) {
    return port.error;
  }
  if (!port.absence.empty()) {
    return port.absence;
  }
  const auto* spec = std::get_if<datapath::PortSpec>(&port.request.attachment);
  return datapath::is_foreign_device(spec->type)
             ? fmt::format("{}: the device is gone; waiting for it to return", info.name)
             : fmt::format("{}: the device was deleted; it is made again at the next change", info.name);
}

// Two patch ports that name each other are a pair.
bool Reconciler::has_peer(const ofproto::PortInfo& patch) const {
  return std::ranges::any_of(running_, [&](const auto& entry) {
    const RunningBridge& running = entry.second;
    const auto peer = running.bridge == nullptr ? std::nullopt : running.bridge->port(patch.patch->peer);
    return peer && peer->patch && peer->patch->peer == patch.name;
  });
}

}  // namespace weft::config
