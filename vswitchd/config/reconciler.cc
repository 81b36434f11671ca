#include "vswitchd/config/reconciler.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/log.h"

namespace weft::config {
namespace {

using management::Atom;
using management::Database;
using management::Datum;
using management::Row;

constexpr auto slice_limit = std::chrono::milliseconds(5);

log::Logger& logger() { return log::get("reconciler"); }

// The number the port must get: asked for, or the one it had.
std::optional<uint16_t> wanted_number(const Row& interface) {
  for (const auto* column : {"ofport_request", "ofport"}) {
    const auto number = interface[column].integer();
    if (number && *number >= 1 && *number <= 65279) {
      return static_cast<uint16_t>(*number);
    }
  }
  return std::nullopt;
}

const Row* interface_of(const Database& database, const Row& port) {
  const auto interfaces = port["interfaces"].uuids();
  return interfaces.size() == 1 ? database.find("Interface", interfaces.front()) : nullptr;
}

// Whether the running port can stay: only its VLANs may differ.
bool is_same_port(const ofproto::PortRequest& running, std::optional<OfPort> number,
                  const ofproto::PortRequest& wanted) {
  const bool keeps_number = !wanted.ofport_request || !number || *wanted.ofport_request == weft::number(*number);
  return running.attachment == wanted.attachment && keeps_number;
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
  return out;
}

Datum seconds(const ofproto::ControllerStatus& status) {
  Datum out;
  out.put(std::string("state"), status.state);
  if (!status.last_error.empty()) {
    out.put(std::string("last_error"), status.last_error);
  }
  if (status.seconds_since_connect) {
    out.put(std::string("sec_since_connect"), std::to_string(*status.seconds_since_connect));
  }
  if (status.seconds_since_disconnect) {
    out.put(std::string("sec_since_disconnect"), std::to_string(*status.seconds_since_disconnect));
  }
  return out;
}

}  // namespace

Reconciler::Reconciler(EventLoop& loop, ofproto::Switch& the_switch, std::string rundir, std::string version)
    : loop_(loop), switch_(the_switch), rundir_(std::move(rundir)), version_(std::move(version)) {}

Reconciler::~Reconciler() { *is_alive_ = false; }

void Reconciler::follow(const Database& wanted, std::function<void()> done) {
  waiting_.emplace_back(wanted, std::move(done));
  if (!is_working_) {
    is_working_ = true;
    run_slice();
  }
}

void Reconciler::run_slice() {
  const auto deadline = std::chrono::steady_clock::now() + slice_limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (steps_.empty()) {
      if (waiting_.empty()) {
        is_working_ = false;
        return;
      }
      auto [wanted, done] = std::move(waiting_.front());
      waiting_.pop_front();
      plan(wanted);
      steps_.push_back(std::move(done));
    }
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    step();
  }
  loop_.post([this, is_alive = is_alive_] {
    if (*is_alive) {
      run_slice();
    }
  });
}

void Reconciler::plan(const Database& wanted) {
  for (const auto& [name, running] : running_) {
    if (wanted.find_by_name("Bridge", name) == nullptr) {
      steps_.push_back([this, name = name] { remove_bridge(name); });
    }
  }
  for (const auto& [uuid, row] : wanted.rows("Bridge")) {
    plan_bridge(wanted, row);
  }
}

void Reconciler::plan_bridge(const Database& wanted, const Row& row) {
  const std::string name = row.name();
  steps_.push_back([this, name, options = to_bridge_options(row)] { make_bridge(name, options); });
  plan_ports(name, wanted_ports(wanted, row));

  std::vector<ofproto::ControllerConfig> controllers;
  for (const auto& uuid : row["controller"].uuids()) {
    controllers.push_back(to_controller_config(*wanted.find("Controller", uuid)));
  }
  steps_.push_back([this, name, controllers = std::move(controllers)] {
    const auto it = running_.find(name);
    if (it != running_.end() && it->second.controllers) {
      it->second.controllers->configure(controllers);
    }
  });
}

Reconciler::WantedPorts Reconciler::wanted_ports(const Database& wanted, const Row& bridge) const {
  WantedPorts ports;
  for (const auto& uuid : bridge["ports"].uuids()) {
    const Row& port = *wanted.find("Port", uuid);
    const Row* interface = interface_of(wanted, port);
    if (interface == nullptr) {
      ports.emplace(port.name(),
                    WantedPort{Unexpected{fmt::format("{}: a port has exactly one interface", port.name())}});
      continue;
    }
    auto attachment = to_attachment(*interface, bridge_mac(bridge));
    if (!attachment) {
      ports.emplace(interface->name(), WantedPort{Unexpected{attachment.error()}});
      continue;
    }
    const auto number = wanted_number(*interface);
    ports.emplace(interface->name(),
                  WantedPort{ofproto::PortRequest{interface->name(), std::move(*attachment), number, to_vlan(port)},
                             number.has_value()});
  }
  return ports;
}

void Reconciler::plan_ports(const std::string& bridge, const WantedPorts& wanted) {
  const auto it = running_.find(bridge);
  if (it != running_.end()) {
    for (const auto& [name, running] : it->second.ports) {
      const auto still = wanted.find(name);
      const bool stays = still != wanted.end() && still->second.request.has_value() && running.error.empty() &&
                         is_same_port(running.request, running.of_port, *still->second.request);
      if (!stays) {
        steps_.push_back([this, bridge, name = name] { remove_port(bridge, name); });
      }
    }
  }
  // Numbers that are spoken for are given out before free ones are chosen.
  for (const bool has_own_number : {true, false}) {
    for (const auto& [name, port] : wanted) {
      if (port.has_own_number == has_own_number) {
        steps_.push_back([this, bridge, name = name, port = port] { make_port(bridge, name, port); });
      }
    }
  }
}

void Reconciler::make_bridge(const std::string& name, const ofproto::BridgeOptions& options) {
  RunningBridge& running = running_[name];
  if (running.bridge != nullptr) {
    running.bridge->set_datapath_id(options.datapath_id);
    running.bridge->set_options(options);
    return;
  }
  running.bridge = switch_.add_bridge(name, options);
  if (running.bridge == nullptr) {
    running.error = fmt::format("could not add bridge {}: the name is taken", name);
    return;
  }
  ofproto::SwitchDescription description;
  description.software = version_;
  description.datapath = name;
  auto controllers = ofproto::BridgeController::create(loop_, *running.bridge, rundir_, description);
  if (!controllers) {
    running.error = controllers.error();
    logger().err("{}", running.error);
    return;
  }
  running.controllers = std::move(*controllers);
  logger().info("bridge {}: added, datapath id {:016x}", name, options.datapath_id);
}

void Reconciler::remove_bridge(const std::string& name) {
  const auto it = running_.find(name);
  it->second.controllers.reset();
  switch_.remove_bridge(name);
  running_.erase(it);
  logger().info("bridge {}: deleted", name);
}

void Reconciler::make_port(const std::string& bridge, const std::string& name, const WantedPort& wanted) {
  RunningBridge& running = running_[bridge];
  if (running.bridge == nullptr) {
    return;
  }
  RunningPort& port = running.ports[name];
  if (!wanted.request) {
    port.error = wanted.request.error();
    return;
  }
  if (port.of_port) {
    if (port.request.vlan != wanted.request->vlan) {
      running.bridge->set_vlan(name, wanted.request->vlan);
      port.request.vlan = wanted.request->vlan;
    }
    return;
  }
  port.request = *wanted.request;
  const auto added = running.bridge->add_port(port.request);
  if (!added) {
    port.error = added.error().message;
    logger().warn("bridge {}: port {}: {}", bridge, name, port.error);
    return;
  }
  port.error.clear();
  port.of_port = *added;
  logger().info("bridge {}: port {} is number {}", bridge, name, number(*added));
}

void Reconciler::remove_port(const std::string& bridge, const std::string& name) {
  RunningBridge& running = running_[bridge];
  const auto it = running.ports.find(name);
  if (it->second.of_port && running.bridge != nullptr) {
    running.bridge->remove_port(name);
  }
  running.ports.erase(it);
}

void Reconciler::device_appeared(const std::string& name) {
  for (auto& [bridge_name, running] : running_) {
    const auto it = running.ports.find(name);
    if (it == running.ports.end() || running.bridge == nullptr) {
      continue;
    }
    RunningPort& port = it->second;
    if (!port.of_port) {
      const bool was_understood = !port.request.name.empty();
      if (was_understood) {
        make_port(bridge_name, name, WantedPort{port.request, port.request.ofport_request.has_value()});
      }
      continue;
    }
    const auto info = running.bridge->port(name);
    const bool is_system = std::holds_alternative<datapath::PortSpec>(port.request.attachment) &&
                           std::get<datapath::PortSpec>(port.request.attachment).type == datapath::PortType::system;
    if (info && info->port_id == port_id::none && is_system) {
      if (const auto done = running.bridge->reattach_port(name); !done) {
        logger().warn("bridge {}: port {}: {}", bridge_name, name, done.error().message);
      } else {
        logger().info("bridge {}: port {} is back as number {}", bridge_name, name, number(*port.of_port));
      }
    }
  }
}

const ofproto::BridgeController* Reconciler::controllers(std::string_view bridge) const {
  const auto it = running_.find(bridge);
  return it == running_.end() ? nullptr : it->second.controllers.get();
}

void Reconciler::report(Database& database) const {
  const auto root = database.root().uuid;
  database.report("Open_vSwitch", root, "ovs_version", Datum::of(version_));
  database.report("Open_vSwitch", root, "datapath_types", Datum::of_strings({"netdev", "system"}));
  database.report("Open_vSwitch", root, "iface_types",
                  Datum::of_strings({"internal", "patch", "system", "tap", "vxlan"}));
  // Rows are copied: report() changes what rows() shows.
  const auto bridges = database.rows("Bridge");
  for (const auto& [uuid, row] : bridges) {
    report_bridge(database, row);
  }
}

void Reconciler::report_bridge(Database& database, const Row& row) const {
  const auto it = running_.find(row.name());
  if (it == running_.end() || it->second.bridge == nullptr) {
    return;
  }
  const RunningBridge& running = it->second;
  database.report("Bridge", row.uuid, "datapath_id", Datum::of(fmt::format("{:016x}", running.bridge->datapath_id())));
  for (const auto& port_uuid : row["ports"].uuids()) {
    if (const Row* interface = interface_of(database, *database.find("Port", port_uuid))) {
      const auto port = running.ports.find(interface->name());
      if (port != running.ports.end()) {
        report_interface(database, Row(*interface));
      }
    }
  }
  if (!running.controllers) {
    return;
  }
  for (const auto& status : running.controllers->status()) {
    for (const auto& uuid : row["controller"].uuids()) {
      if ((*database.find("Controller", uuid))["target"].string() == status.target) {
        database.report("Controller", uuid, "is_connected", Datum::of(status.is_connected));
        database.report("Controller", uuid, "role", status.is_connected ? Datum::of(status.role) : Datum{});
        database.report("Controller", uuid, "status", seconds(status));
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
    set("error", text_or_empty(port.error));
    const auto info = port.of_port ? running.bridge->port(row.name()) : std::nullopt;
    if (!info || info->port_id == port_id::none) {
      if (info && !info->patch) {
        set("error", Datum::of(fmt::format("{}: the device is gone; waiting for it to return", row.name())));
      }
      continue;
    }
    set("statistics", counters(switch_.datapath().port_counters(info->port_id)));
    if (const auto status = switch_.datapath().port_status(info->port_id)) {
      set("admin_state", Datum::of(std::string(status->is_admin_up ? "up" : "down")));
      set("link_state", Datum::of(std::string(status->has_link ? "up" : "down")));
      set("mac_in_use", Datum::of(status->mac.to_string()));
      set("mtu", Datum::of(static_cast<int64_t>(status->mtu)));
      set("ifindex", Datum::of(static_cast<int64_t>(status->ifindex)));
    }
  }
}

}  // namespace weft::config
