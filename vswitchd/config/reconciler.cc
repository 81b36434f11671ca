#include "vswitchd/config/reconciler.h"

#include <net/if.h>

#include <algorithm>
#include <set>
#include <tuple>

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
  for (const auto* column : {"ofport_request", "ofport", "last_ofport"}) {
    const auto number = interface[column].integer();
    if (number && *number >= 1 && *number <= 65279) {
      return static_cast<uint16_t>(*number);
    }
  }
  return std::nullopt;
}

// The schema gives each port exactly one.
const Row& interface_of(const Database& database, const Row& port) {
  return *database.find("Interface", port["interfaces"].uuids().front());
}

bool is_system(const ofproto::PortRequest& request) {
  const auto* spec = std::get_if<datapath::PortSpec>(&request.attachment);
  return spec != nullptr && spec->type == datapath::PortType::system;
}

bool is_same(const ofproto::BridgeOptions& a, const ofproto::BridgeOptions& b) {
  const auto all = [](const auto& o) {
    return std::tuple(o.datapath_id, o.fail_mode, o.mac_aging, o.mac_limit, o.forward_bpdu);
  };
  return all(a) == all(b);
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
  std::vector<std::pair<const Row*, WantedPorts>> bridges;
  for (const auto& [uuid, row] : wanted.rows("Bridge")) {
    bridges.emplace_back(&row, wanted_ports(wanted, row));
    plan_removals(row.name(), bridges.back().second);
  }
  for (const auto& [row, ports] : bridges) {
    plan_bridge(wanted, *row, ports);
  }
}

void Reconciler::plan_bridge(const Database& wanted, const Row& row, const WantedPorts& ports) {
  const std::string name = row.name();
  std::vector<ofproto::ControllerConfig> controllers;
  for (const auto& uuid : row["controller"].uuids()) {
    controllers.push_back(to_controller_config(*wanted.find("Controller", uuid)));
  }
  steps_.push_back([this, name, options = to_bridge_options(row), has_controllers = !controllers.empty()] {
    make_bridge(name, options, has_controllers);
  });
  // Numbers that are spoken for are given out before free ones are chosen.
  for (const bool has_own_number : {true, false}) {
    for (const auto& [port_name, port] : ports) {
      if (port.has_own_number == has_own_number) {
        steps_.push_back([this, name, port_name = port_name, port = port] { make_port(name, port_name, port); });
      }
    }
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
    const Row& interface = interface_of(wanted, port);
    auto attachment = to_attachment(interface, bridge_mac(bridge));
    if (!attachment) {
      ports.emplace(interface.name(), WantedPort{Unexpected{attachment.error()}});
      continue;
    }
    const auto number = wanted_number(interface);
    ports.emplace(interface.name(),
                  WantedPort{ofproto::PortRequest{interface.name(), std::move(*attachment), number, to_vlan(port)},
                             number.has_value()});
  }
  return ports;
}

void Reconciler::plan_removals(const std::string& bridge, const WantedPorts& wanted) {
  const auto it = running_.find(bridge);
  if (it == running_.end()) {
    return;
  }
  for (const auto& [name, running] : it->second.ports) {
    const auto still = wanted.find(name);
    if (still == wanted.end() || !can_stay(it->second, running, still->second, wanted)) {
      steps_.push_back([this, bridge, name = name] { remove_port(bridge, name); });
    }
  }
}

// Only its VLANs may differ, and its number as long as another port that stays has the one that is wanted.
bool Reconciler::can_stay(const RunningBridge& bridge, const RunningPort& running, const WantedPort& wanted,
                          const WantedPorts& all_wanted) {
  if (!running.of_port || !wanted.request || running.request.attachment != wanted.request->attachment) {
    return false;
  }
  const auto number = wanted.request->ofport_request;
  if (!number || *number == weft::number(*running.of_port) || *running.of_port == of_port::local) {
    return true;
  }
  const auto holder = bridge.bridge->port(OfPort{*number});
  return holder && all_wanted.contains(holder->name);
}

void Reconciler::make_bridge(const std::string& name, const ofproto::BridgeOptions& options, bool has_controllers) {
  RunningBridge& running = running_[name];
  running.error.clear();
  if (const auto problem = management::bridge_name_problem(name)) {
    running.error = *problem;  // of a saved state: users' transactions are refused
  } else if (running.bridge == nullptr) {
    running.bridge = switch_.add_bridge(name, options);
    if (running.bridge == nullptr) {
      running.error = fmt::format("could not add bridge {}: the name is taken", name);
    } else {
      // Before its ports: nothing is switched by MAC on a bridge that a controller is to program.
      running.bridge->set_has_controllers(has_controllers);
      logger().info("bridge {}: added, datapath id {:016x}", name, options.datapath_id);
    }
  } else if (!is_same(running.bridge->options(), options)) {
    running.bridge->set_options(options);
  }
  if (running.bridge != nullptr && !running.controllers) {
    listen(running);
  }
  if (!running.error.empty()) {
    logger().err("{}", running.error);
  }
}

void Reconciler::listen(RunningBridge& running) {
  ofproto::SwitchDescription description;
  description.software = version_;
  description.datapath = running.bridge->name();
  auto controllers = ofproto::BridgeController::create(loop_, *running.bridge, rundir_, description);
  if (controllers) {
    running.controllers = std::move(*controllers);
  } else {
    running.error = controllers.error();
  }
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
  RunningPort& port = running.ports[name];
  if (running.bridge == nullptr) {
    port.error = running.error;
    return;
  }
  if (!wanted.request) {
    port.error = wanted.request.error();
    return;
  }
  if (port.of_port) {
    if (port.request.vlan != wanted.request->vlan) {
      running.bridge->set_vlan(name, wanted.request->vlan);
      port.request.vlan = wanted.request->vlan;
    }
    return find_device_again(running, port);
  }
  port.request = *wanted.request;
  add_port(running, port);
}

void Reconciler::add_port(RunningBridge& running, RunningPort& port) {
  auto request = port.request;
  if (!request.ofport_request) {
    request.ofport_request = unclaimed_number(running);
  }
  const auto added = running.bridge->add_port(request);
  const std::string& bridge = running.bridge->name();
  if (!added) {
    port.error = added.error().message;
    logger().warn("bridge {}: port {}: {}", bridge, request.name, port.error);
    return;
  }
  port.error.clear();
  port.of_port = *added;
  logger().info("bridge {}: port {} is number {}", bridge, request.name, number(*added));
}

// The lowest number that no port has and none that waits for its device wants back. Nothing when none waits: the
// bridge then chooses.
std::optional<uint16_t> Reconciler::unclaimed_number(const RunningBridge& running) {
  std::set<uint16_t> taken;
  for (const auto& [name, port] : running.ports) {
    if (!port.of_port && port.request.ofport_request) {
      taken.insert(*port.request.ofport_request);
    }
  }
  if (taken.empty()) {
    return std::nullopt;
  }
  for (const auto& info : running.bridge->ports()) {
    taken.insert(number(info.of_port));
  }
  uint16_t lowest = 1;
  while (taken.contains(lowest)) {
    ++lowest;
  }
  return lowest;
}

// A port whose device had gone, or has been replaced by another of the same name before anybody noticed.
void Reconciler::find_device_again(RunningBridge& running, RunningPort& port) {
  const std::string& name = port.request.name;
  const auto info = running.bridge->port(name);
  const unsigned ifindex = is_system(port.request) && info ? ::if_nametoindex(name.c_str()) : 0;
  if (ifindex == 0) {
    return;
  }
  if (info->port_id == port_id::none) {
    if (const auto done = running.bridge->reattach_port(name); !done) {
      logger().warn("bridge {}: port {}: {}", running.bridge->name(), name, done.error().message);
    } else {
      logger().info("bridge {}: port {} is back as number {}", running.bridge->name(), name, number(*port.of_port));
    }
    return;
  }
  const auto status = switch_.datapath().port_status(info->port_id);
  if (status && status->is_present && status->ifindex == ifindex) {
    return;
  }
  port.request.ofport_request = number(*port.of_port);
  port.of_port.reset();
  running.bridge->remove_port(name);
  add_port(running, port);
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
    const bool is_understood = it != running.ports.end() && !it->second.request.name.empty();
    if (!is_understood || running.bridge == nullptr) {
      continue;
    }
    RunningPort& port = it->second;
    if (port.of_port) {
      find_device_again(running, port);
      continue;
    }
    add_port(running, port);
    if (port.of_port && numbers_changed_) {
      numbers_changed_();
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
        database.report("Controller", uuid, "status", seconds(controller));
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
    if (port.of_port && *port.of_port != of_port::local) {
      set("last_ofport", Datum::of(static_cast<int64_t>(number(*port.of_port))));
    }
    const auto info = port.of_port ? running.bridge->port(row.name()) : std::nullopt;
    if (!info || info->port_id == port_id::none) {
      if (info && !info->patch) {
        set("error", Datum::of(fmt::format("{}: the device is gone; waiting for it to return", row.name())));
      }
      for (const auto* column : {"statistics", "admin_state", "link_state", "mac_in_use", "mtu", "ifindex"}) {
        set(column, {});
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
