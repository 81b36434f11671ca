// Ports of the reconciler: making them, finding their devices again, and what each says when it cannot work.
#include <net/if.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "vswitchd/config/logger.h"
#include "vswitchd/config/reconciler.h"

namespace weft::config {
namespace {

using datapath::PortSpec;
using datapath::PortType;

const PortSpec* device_of(const ofproto::PortRequest& request) { return std::get_if<PortSpec>(&request.attachment); }

// A device that somebody else made, and that may come back.
bool is_foreign(const ofproto::PortRequest& request) {
  const PortSpec* spec = device_of(request);
  return spec != nullptr && datapath::is_foreign_device(spec->type);
}

// A device that the switch makes and that goes with the port.
bool is_own_device(const ofproto::PortRequest& request) {
  const PortSpec* spec = device_of(request);
  return spec != nullptr && (spec->type == PortType::tap || spec->type == PortType::internal);
}

}  // namespace

void Reconciler::make_port(const std::string& bridge, const std::string& name, const WantedPort& wanted) {
  RunningBridge& running = running_[bridge];
  RunningPort& port = running.ports[name];
  if (running.bridge == nullptr) {
    port.error = running.error;  // which the bridge has told already
    return;
  }
  if (!wanted.request) {
    return set_error(bridge, name, port.error, wanted.request.error());
  }
  if (port.of_port) {
    if (port.request.vlan != wanted.request->vlan) {
      running.bridge->set_vlan(name, wanted.request->vlan);
      port.request.vlan = wanted.request->vlan;
    }
    if (port.request.qos != wanted.request->qos) {
      running.bridge->set_qos(name, wanted.request->qos);
      port.request.qos = wanted.request->qos;
    }
    if (port.request.port_security != wanted.request->port_security) {
      running.bridge->set_port_security(name, wanted.request->port_security);
      port.request.port_security = wanted.request->port_security;
    }
    if (port.request.attachment != wanted.request->attachment) {
      port.request.attachment = wanted.request->attachment;
      port.is_configured = false;
    }
    find_device_again(running, port);
    return configure_device(running, port);
  }
  port.request = *wanted.request;
  add_port(running, port);
}

void Reconciler::add_port(RunningBridge& running, RunningPort& port) {
  auto request = port.request;
  if (!request.ofport_request) {
    request.ofport_request = unclaimed_number(running);
  }
  const std::string& bridge = running.bridge->name();
  port.is_held_back = false;
  if (const auto holder = other_holder(port)) {
    return set_error(bridge, request.name, port.error, *holder);
  }
  const auto added = running.bridge->add_port(request);
  if (!added) {
    note_holder(port, added.error());
    return set_error(bridge, request.name, port.error, added.error().message);
  }
  port.of_port = *added;
  reconciler_logger.info("bridge {}: port {} is number {}", bridge, request.name, number(*added));
  expect_device(port);
  configure_device(running, port);
}

void Reconciler::note_holder(RunningPort& port, const datapath::PortError& error) {
  port.is_held_back = error.kind == datapath::PortError::Kind::held;
  if (port.is_held_back) {
    retry_.start(retry_wait_, [this] { retry_held_back(); });
  }
}

// Nobody tells when a process has let go.
void Reconciler::retry_held_back() {
  retry_wait_ = std::min(retry_wait_ * 2, longest_retry_wait);
  for (const auto& [bridge, running] : running_) {
    for (const auto& [name, port] : running.ports) {
      if (port.is_held_back) {
        steps_.push_back([this, name = name] { device_appeared(name); });
      }
    }
  }
  work();
}

// Two ports on one device would each get every frame.
std::optional<std::string> Reconciler::other_holder(const RunningPort& port) const {
  const std::string& name = port.request.name;
  const unsigned ifindex = is_foreign(port.request) ? ::if_nametoindex(name.c_str()) : 0;
  const auto holder = ifindex == 0 ? std::nullopt : switch_.port_of_device(ifindex);
  return holder && *holder != name
             ? std::optional(fmt::format("{} is another name of a device that port {} has already", name, *holder))
             : std::nullopt;
}

// A device is there that the port has not configured yet.
void Reconciler::expect_device(RunningPort& port) {
  const PortSpec* spec = device_of(port.request);
  port.is_configured = spec == nullptr || !spec->mtu_request;  // the address was given to it at its making
  port.absence.clear();
  if (port.is_configured) {
    port.error.clear();
  }
}

// A port works on when its device does not take an MTU or address.
void Reconciler::configure_device(RunningBridge& running, RunningPort& port) {
  const PortSpec* spec = device_of(port.request);
  const auto info = port.of_port ? running.bridge->port(port.request.name) : std::nullopt;
  if (port.is_configured || spec == nullptr || !info || info->port_id == port_id::none) {
    return;
  }
  const auto configured = running.bridge->configure_port(port.request.name, *spec);
  port.is_configured = configured.has_value();
  set_error(running.bridge->name(), port.request.name, port.error, configured ? "" : configured.error().message);
}

// What is tried again at every change is told once.
void Reconciler::set_error(const std::string& bridge, const std::string& port, std::string& error, std::string text) {
  if (error != text && !text.empty()) {
    reconciler_logger.warn("bridge {}: port {}: {}", bridge, port, text);
  }
  error = std::move(text);
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
  if (!info) {
    return;
  }
  const bool is_attached = info->port_id != port_id::none;
  if (is_own_device(port.request)) {
    if (!is_attached) {
      add_again(running, port);
    }
    return;
  }
  const unsigned ifindex = is_foreign(port.request) ? ::if_nametoindex(name.c_str()) : 0;
  if (ifindex == 0) {
    return;
  }
  if (!is_attached) {
    return reattach(running, port);
  }
  const auto status = switch_.datapath().port_status(info->port_id);
  if (!status || !status->is_present || status->ifindex != ifindex) {
    add_again(running, port);
  }
}

void Reconciler::reattach(RunningBridge& running, RunningPort& port) {
  const std::string& name = port.request.name;
  const std::string& bridge = running.bridge->name();
  if (const auto holder = other_holder(port)) {
    return set_error(bridge, name, port.absence, *holder);
  }
  port.is_held_back = false;
  if (const auto done = running.bridge->reattach_port(name); !done) {
    note_holder(port, done.error());
    return set_error(bridge, name, port.absence, done.error().message);
  }
  reconciler_logger.info("bridge {}: port {} is back as number {}", bridge, name, number(*port.of_port));
  expect_device(port);
  configure_device(running, port);
}

void Reconciler::add_again(RunningBridge& running, RunningPort& port) {
  port.request.ofport_request = number(*port.of_port);
  port.of_port.reset();
  running.bridge->remove_port(port.request.name);
  add_port(running, port);
}

// Makes room for what is wanted under the same name; what was told of it is remembered.
void Reconciler::release_port(const std::string& bridge, const std::string& name) {
  RunningBridge& running = running_[bridge];
  RunningPort& port = running.ports.find(name)->second;
  if (port.of_port && running.bridge != nullptr) {
    running.bridge->remove_port(name);
  }
  port = RunningPort{.error = std::move(port.error)};
}

void Reconciler::remove_port(const std::string& bridge, const std::string& name) {
  RunningBridge& running = running_[bridge];
  const auto it = running.ports.find(name);
  if (it->second.of_port && running.bridge != nullptr) {
    running.bridge->remove_port(name);
    reconciler_logger.info("bridge {}: port {} deleted", bridge, name);
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

void Reconciler::device_renamed(const std::string& before, const std::string& now) {
  for_port_without_device(before, [&](RunningBridge& running, RunningPort& port) {
    if (is_foreign(port.request)) {
      set_error(running.bridge->name(), before, port.absence,
                fmt::format("{}: the device was renamed to {}; waiting for one of this name", before, now));
    }
  });
}

void Reconciler::device_gone(const std::string& name) {
  for_port_without_device(name, [this](RunningBridge& running, RunningPort& port) {
    if (is_own_device(port.request)) {
      find_device_again(running, port);
    } else {
      reconciler_logger.warn("bridge {}: port {}: the device is gone", running.bridge->name(), port.request.name);
    }
  });
}

void Reconciler::for_port_without_device(const std::string& name,
                                         const std::function<void(RunningBridge&, RunningPort&)>& visit) {
  for (auto& [bridge_name, running] : running_) {
    const auto it = running.ports.find(name);
    if (it == running.ports.end() || !it->second.of_port) {
      continue;
    }
    const auto info = running.bridge->port(name);
    if (info && info->port_id == port_id::none) {
      visit(running, it->second);
    }
  }
}

}  // namespace weft::config
