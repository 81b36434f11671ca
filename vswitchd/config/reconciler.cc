#include "vswitchd/config/reconciler.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "vswitchd/config/domain_spec.h"
#include "vswitchd/config/logger.h"
#include "vswitchd/config/qos_spec.h"
#include "vswitchd/config/segment_spec.h"

namespace weft::config {
namespace {

using management::Atom;
using management::Database;
using management::Datum;
using management::Row;

constexpr auto slice_limit = std::chrono::milliseconds(5);

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

bool is_same(const ofproto::BridgeOptions& a, const ofproto::BridgeOptions& b) {
  const auto all = [](const auto& o) {
    return std::tuple(o.datapath_id, o.fail_mode, o.mac_aging, o.mac_limit, o.forward_bpdu);
  };
  return all(a) == all(b);
}

// The MTU and the address are changed on the device as it is: making it anew would take the host's or a container's
// configuration with it.
bool is_same_device(Attachment a, Attachment b) {
  for (Attachment* attachment : {&a, &b}) {
    if (auto* spec = std::get_if<datapath::PortSpec>(attachment)) {
      spec->mtu_request.reset();
      spec->mac.reset();
    }
  }
  return a == b;
}

}  // namespace

Reconciler::Reconciler(EventLoop& loop, ofproto::Switch& the_switch, std::string rundir, std::string version)
    : loop_(loop), switch_(the_switch), rundir_(std::move(rundir)), version_(std::move(version)), retry_(loop) {}

Reconciler::~Reconciler() { *is_alive_ = false; }

void Reconciler::follow(const Database& wanted, std::function<void()> done) {
  waiting_.emplace_back(wanted, std::move(done));
  work();
}

void Reconciler::work() {
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
  retry_wait_ = first_retry_wait;
  tls_.configure(to_tls_files(wanted));
  if (const auto limits = to_domain_limits(wanted); limits != limits_) {
    limits_ = limits;
    switch_.datapath().set_domain_limits(limits);
  }
  if (const bool wanted_now = wants_kernel_forwarding(wanted); wanted_now != wants_kernel_forwarding_) {
    wants_kernel_forwarding_ = wanted_now;
    switch_.datapath().set_kernel_forwarding(wanted_now);
  }
  for (const auto& [name, running] : running_) {
    if (wanted.find_by_name("Bridge", name) == nullptr) {
      plan_end(name, running);
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

// Ports one by one before their bridge: letting go of a device waits for the kernel, some 20 ms.
void Reconciler::plan_end(const std::string& bridge, const RunningBridge& running) {
  steps_.push_back([this, bridge] { running_[bridge].controllers.reset(); });
  for (const auto& [name, port] : running.ports) {
    if (name != bridge) {
      steps_.push_back([this, bridge, name = name] { remove_port(bridge, name); });
    }
  }
  steps_.push_back([this, bridge] { remove_bridge(bridge); });
}

void Reconciler::plan_bridge(const Database& wanted, const Row& row, const WantedPorts& ports) {
  const std::string name = row.name();
  ofproto::ConnectionsConfig connections{.controllers = {}, .versions = to_versions(row)};
  for (const auto& uuid : row["controller"].uuids()) {
    connections.controllers.push_back(to_controller_config(*wanted.find("Controller", uuid)));
  }
  const bool has_controllers =
      std::ranges::any_of(connections.controllers, [](const auto& controller) { return !controller.is_service; });
  steps_.push_back([this, name, options = to_bridge_options(row), has_controllers, versions = connections.versions] {
    make_bridge(name, options, has_controllers);
    if ((versions & openflow::supported_versions()).empty()) {
      running_[name].error = "protocols names no OpenFlow version that is supported: nobody can connect";
    }
  });
  steps_.push_back([this, name, segments = wanted_segments(wanted, row)] { follow_segments(name, segments); });
  // Numbers that are spoken for are given out before free ones are chosen.
  for (const bool has_own_number : {true, false}) {
    for (const auto& [port_name, port] : ports) {
      if (port.has_own_number == has_own_number) {
        steps_.push_back([this, name, port_name = port_name, port = port] { make_port(name, port_name, port); });
      }
    }
  }
  steps_.push_back([this, name, connections = std::move(connections)] {
    const auto it = running_.find(name);
    if (it != running_.end() && it->second.controllers) {
      it->second.controllers->configure(connections);
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
                  WantedPort{ofproto::PortRequest{interface.name(), std::move(*attachment), number, to_vlan(port),
                                                  to_qos(wanted, port), to_port_security(port)},
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
    if (still == wanted.end()) {
      steps_.push_back([this, bridge, name = name] { remove_port(bridge, name); });
    } else if (!can_stay(it->second, running, still->second, wanted)) {
      steps_.push_back([this, bridge, name = name] { release_port(bridge, name); });
    }
  }
}

// Its VLANs, queues, MTU and address may differ, and its number as long as another port that stays has the one that is wanted.
bool Reconciler::can_stay(const RunningBridge& bridge, const RunningPort& running, const WantedPort& wanted,
                          const WantedPorts& all_wanted) {
  if (!running.of_port || !wanted.request || !is_same_device(running.request.attachment, wanted.request->attachment)) {
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
  const std::string told = std::exchange(running.error, {});
  if (const auto problem = management::bridge_name_problem(name)) {
    running.error = *problem;  // of a saved state: users' transactions are refused
  } else if (running.bridge == nullptr) {
    running.bridge = switch_.add_bridge(name, options);
    if (running.bridge == nullptr) {
      running.error = fmt::format("could not add bridge {}: the name is taken", name);
    } else {
      // Before its ports: nothing is switched by MAC on a bridge that a controller is to program.
      running.bridge->set_has_controllers(has_controllers);
      reconciler_logger.info("bridge {}: added, datapath id {:016x}", name, options.datapath_id);
    }
  } else if (!is_same(running.bridge->options(), options)) {
    running.bridge->set_options(options);
  }
  if (running.bridge != nullptr && !running.controllers) {
    listen(running);
  }
  if (!running.error.empty() && running.error != told) {
    reconciler_logger.err("{}", running.error);
  }
}

void Reconciler::listen(RunningBridge& running) {
  ofproto::SwitchDescription description;
  description.software = version_;
  description.datapath = running.bridge->name();
  auto controllers = ofproto::BridgeController::create(loop_, *running.bridge, tls_, rundir_, description);
  if (controllers) {
    running.controllers = std::move(*controllers);
  } else {
    running.error = controllers.error();
  }
}

void Reconciler::remove_bridge(const std::string& name) {
  switch_.remove_bridge(name);
  running_.erase(name);
  reconciler_logger.info("bridge {}: deleted", name);
}

const ofproto::BridgeController* Reconciler::controllers(std::string_view bridge) const {
  const auto it = running_.find(bridge);
  return it == running_.end() ? nullptr : it->second.controllers.get();
}

}  // namespace weft::config
