// Ports of a bridge: attaching them to the datapath, numbering them, telling who listens.
#include <algorithm>

#include "ofproto/bridge/local_bridge.h"
#include "ofproto/bridge/port_mod.h"
#include "ofproto/bridge/port_qos.h"

namespace weft::ofproto {
namespace {

constexpr size_t max_port_name = 255;

Unexpected<datapath::PortError> refuse(datapath::PortError::Kind kind, std::string message) {
  return Unexpected(datapath::PortError{kind, std::move(message)});
}

}  // namespace

Result<void, datapath::PortError> LocalBridge::attach(BridgePort& port) {
  const datapath::PortSpec* spec = port.device();
  if (spec == nullptr) {
    return {};
  }
  auto attached = host_.datapath().add_port(*spec);
  if (!attached) {
    return Unexpected(attached.error());
  }
  port.port_id = *attached;
  port.status = host_.datapath().port_status(*attached).value_or(datapath::PortStatus{});
  host_.datapath().set_tunnel_options(port.port_id, tlv_table_.option_map());
  return {};
}

// The id is free for another port when no decision names it any more.
void LocalBridge::detach(BridgePort& port) {
  if (port.port_id == port_id::none) {
    return;
  }
  const PortId port_id = std::exchange(port.port_id, port_id::none);
  port.status = datapath::PortStatus{.is_present = false, .mac = port.status.mac};
  host_.datapath().remove_port(port_id);
  host_.revalidator().barrier([&datapath = host_.datapath(), port_id] { datapath.release_port_id(port_id); });
}

void LocalBridge::announce(const BridgePort& port, openflow::PortStatusReason reason, const void* by) {
  tell([message = openflow::PortStatus{reason, port.desc()}, by](BridgeListener& listener) {
    listener.port_status(message, by);
  });
}

void LocalBridge::publish_port(const BridgePort& port, openflow::PortStatusReason reason, const void* by) {
  host_.publish_snapshot({.ids = {dependency::port(id_, port.of_port), dependency::port_set(id_)}, .rules = {}},
                         port.request.name);
  announce(port, reason, by);
  follow_groups();
  follow_mss_clamp();
}

Result<OfPort, datapath::PortError> LocalBridge::add_port(const PortRequest& request) {
  using Kind = datapath::PortError::Kind;
  if (request.name.empty() || request.name.size() > max_port_name) {
    return refuse(Kind::invalid, "a port's name has 1 to 255 bytes");
  }
  const bool is_local = request.name == name_;
  if (is_local ? ports_.find(of_port::local) != nullptr : host_.has_name(request.name)) {
    return refuse(Kind::busy, "there is a port or bridge named " + request.name + " already");
  }
  const std::optional<OfPort> of_port = ports_.choose_number(request, name_);
  if (!of_port) {
    return refuse(Kind::invalid, "bridge " + name_ + " has no port number left");
  }
  BridgePort port;
  port.request = request;
  port.of_port = *of_port;
  port.created = host_.clock().now();
  if (port.patch() != nullptr) {
    port.patch_counters = std::make_shared<PatchCounters>();
  }
  if (auto attached = attach(port); !attached) {
    return Unexpected(attached.error());
  }
  follow_qos(port);
  port.follow_security();
  limit_addresses(port.of_port, request.vlan.mac_limit);
  publish_port(ports_.insert(std::move(port)), openflow::PortStatusReason::added);
  return *of_port;
}

bool LocalBridge::remove_port(std::string_view name) {
  const BridgePort* found = ports_.find(name);
  if (found == nullptr) {
    return false;
  }
  BridgePort port = *found;
  ports_.erase(port.of_port);
  publish_port(port, openflow::PortStatusReason::removed);
  publish_addresses(macs_.flush(port.of_port));
  limit_addresses(port.of_port, std::nullopt);
  detach(port);
  return true;
}

Result<void, datapath::PortError> LocalBridge::reattach_port(std::string_view name) {
  BridgePort* port = ports_.find(name);
  if (port == nullptr) {
    return refuse(datapath::PortError::Kind::invalid, "no port named " + std::string(name));
  }
  if (port->port_id != port_id::none || port->patch() != nullptr) {
    return {};
  }
  if (auto attached = attach(*port); !attached) {
    return attached;
  }
  publish_port(*port, openflow::PortStatusReason::modified);
  return {};
}

Result<void, datapath::PortError> LocalBridge::configure_port(std::string_view name, const datapath::PortSpec& spec) {
  BridgePort* port = ports_.find(name);
  if (port == nullptr || port->port_id == port_id::none) {
    return refuse(datapath::PortError::Kind::no_such_device, "no port with a device is named " + std::string(name));
  }
  auto& own = std::get<datapath::PortSpec>(port->request.attachment);
  datapath::PortSpec changes = spec;
  if (spec.mac == own.mac) {
    changes.mac.reset();  // whoever has the device may have given it another one meanwhile
  }
  const auto configured = host_.datapath().configure_port(port->port_id, changes);
  if (configured) {
    own.mtu_request = spec.mtu_request;
    own.mac = spec.mac;
  }
  port_changed(port->port_id);  // also when the device took only one of the two
  return configured;
}

bool LocalBridge::set_vlan(std::string_view name, const VlanConfig& vlan) {
  BridgePort* port = ports_.find(name);
  if (port == nullptr) {
    return false;
  }
  if (port->request.vlan != vlan) {
    VlanConfig before = std::exchange(port->request.vlan, vlan);
    before.is_protected = vlan.is_protected;  // which address is where does not depend on these
    before.storm_limit = vlan.storm_limit;
    before.mac_limit = vlan.mac_limit;
    if (before != vlan) {
      publish_addresses(macs_.flush(port->of_port));
      forget_behind_gateways(before);
      forget_behind_gateways(vlan);
    }
    host_.publish_snapshot({.ids = {dependency::port(id_, port->of_port), dependency::port_set(id_)}, .rules = {}});
    limit_addresses(port->of_port, vlan.mac_limit);
    follow_groups();
  }
  return true;
}

void LocalBridge::limit_addresses(OfPort of_port, const std::optional<MacLimit>& limit) {
  const MacTable::LimitChange change{MacScope::of(of_port), limit};
  publish_addresses(macs_.set_limits({&change, 1}));
}

bool LocalBridge::set_qos(std::string_view name, const std::optional<QosConfig>& qos) {
  BridgePort* port = ports_.find(name);
  if (port == nullptr) {
    return false;
  }
  if (port->request.qos != qos) {
    port->request.qos = qos;
    follow_qos(*port);
    host_.publish_snapshot({.ids = {dependency::port(id_, port->of_port), dependency::port_set(id_)}, .rules = {}});
  }
  return true;
}

bool LocalBridge::set_port_security(std::string_view name, const std::optional<std::vector<HostAddresses>>& allowed) {
  BridgePort* port = ports_.find(name);
  if (port == nullptr) {
    return false;
  }
  if (port->request.port_security != allowed) {
    port->request.port_security = allowed;
    port->follow_security();
    host_.publish_snapshot({.ids = {dependency::port(id_, port->of_port)}, .rules = {}});
  }
  return true;
}

void LocalBridge::follow_qos(BridgePort& port) {
  const bool has_queues = port.request.qos && port.patch() == nullptr;
  port.queues =
      has_queues ? make_queues(*port.request.qos, port.queues.get(), host_.clock().now(), host_.datapath()) : nullptr;
}

Result<void, openflow::OpenFlowError> LocalBridge::set_port_config(OfPort of_port, uint32_t config, uint32_t mask,
                                                                   const ChangeOrigin& origin) {
  BridgePort* port = ports_.find(of_port);
  if (port == nullptr) {
    return Unexpected(openflow::OpenFlowError(openflow::ErrorCode::ofppmfc_bad_port, "no such port"));
  }
  if ((mask & ~settable_port_config) != 0) {
    return Unexpected(openflow::OpenFlowError(openflow::ErrorCode::ofppmfc_bad_config, "not a port's setting"));
  }
  const uint32_t wanted = (port->config & ~mask) | (config & mask);
  if (wanted != port->config) {
    port->config = wanted;
    publish_port(*port, openflow::PortStatusReason::modified, origin.by);
  }
  return {};
}

// Whatever the device says now. One that is gone leaves its number and its place behind.
void LocalBridge::port_changed(PortId port_id) {
  BridgePort* port = ports_.find(port_id);
  if (port == nullptr) {
    return;
  }
  const std::optional<datapath::PortStatus> status = host_.datapath().port_status(port_id);
  if (status && status->is_present && *status == port->status) {
    return;
  }
  if (status && status->is_present) {
    port->status = *status;
    publish_port(*port, openflow::PortStatusReason::modified);
    return;
  }
  const PortId gone = port->port_id;
  port->port_id = port_id::none;
  publish_port(*port, openflow::PortStatusReason::modified);
  publish_addresses(macs_.flush(port->of_port));
  port->port_id = gone;
  detach(*port);
}

void LocalBridge::device_changed(uint32_t ifindex) {
  std::vector<PortId> ids;
  for (const auto& [number, port] : ports_.all()) {
    if (port.port_id != port_id::none && port.status.ifindex == ifindex) {
      ids.push_back(port.port_id);
    }
  }
  std::ranges::for_each(ids, [this](PortId id) { port_changed(id); });
  // What could not be joined may be possible now that some device has changed.
  if (std::ranges::any_of(groups_, [](const auto& entry) { return !entry.second.problem.empty(); })) {
    follow_groups();
  }
}

void LocalBridge::underlay_changed() {
  for (auto& [number, groups] : groups_) {
    const BridgePort* port = ports_.find(number);
    if (port != nullptr && port->port_id != port_id::none) {
      const auto done = host_.datapath().set_tunnel_groups(port->port_id, {groups.joined.begin(), groups.joined.end()});
      groups.problem = done ? std::string() : done.error().message;
    }
  }
}

std::vector<PortInfo> LocalBridge::ports() const {
  std::vector<PortInfo> ports;
  for (const auto& [number, port] : ports_.all()) {
    ports.push_back(port.info());
  }
  return ports;
}

std::vector<OfPort> LocalBridge::port_numbers() const {
  std::vector<OfPort> numbers;
  for (const auto& [number, port] : ports_.all()) {
    numbers.push_back(number);
  }
  return numbers;
}

std::optional<PortInfo> LocalBridge::port(OfPort of_port) const {
  const BridgePort* port = ports_.find(of_port);
  return port == nullptr ? std::nullopt : std::optional(port->info());
}

std::optional<PortInfo> LocalBridge::port(std::string_view name) const {
  const BridgePort* port = ports_.find(name);
  return port == nullptr ? std::nullopt : std::optional(port->info());
}

}  // namespace weft::ofproto
