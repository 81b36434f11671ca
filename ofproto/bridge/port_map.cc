#include "ofproto/bridge/port_map.h"

#include <algorithm>

namespace weft::ofproto {
namespace {

VlanMode mode_of(const VlanConfig& vlan) {
  if (vlan.mode) {
    return *vlan.mode;
  }
  if (!vlan.tag) {
    return VlanMode::trunk;
  }
  return vlan.trunks.empty() ? VlanMode::access : VlanMode::native_tagged;
}

PortVlan resolve(const VlanConfig& vlan) {
  const VlanMode mode = mode_of(vlan);
  PortVlan resolved;
  resolved.is_access = mode == VlanMode::access;
  resolved.has_native = mode == VlanMode::native_tagged || mode == VlanMode::native_untagged;
  resolved.native_is_untagged = mode == VlanMode::native_untagged;
  resolved.tag = mode == VlanMode::trunk ? uint16_t{0} : vlan.tag.value_or(0);
  if (!resolved.is_access && !vlan.trunks.empty()) {
    auto trunks = std::make_shared<std::bitset<4096>>();
    for (const uint16_t vid : vlan.trunks) {
      trunks->set(vid & 0x0fff);
    }
    resolved.trunks = std::move(trunks);
  }
  if (!vlan.segment_vlans.empty()) {
    auto mapped = std::make_shared<std::bitset<4096>>();
    for (const auto& [vid, segment] : vlan.segment_vlans) {
      mapped->set(vid & 0x0fff);
    }
    resolved.mapped = std::move(mapped);
  }
  return resolved;
}

std::optional<Encap> encap_of(datapath::PortType type) {
  using enum datapath::PortType;
  switch (type) {
    case vxlan:
    case memory:  // stands for one
      return Encap::vxlan;
    case geneve:
      return Encap::geneve;
    case nvgre:
      return Encap::nvgre;
    case stt:
      return Encap::stt;
    default:
      return std::nullopt;
  }
}

uint32_t kbps(uint64_t bps) { return static_cast<uint32_t>(std::min<uint64_t>(bps / 1000, 0xffffffff)); }

}  // namespace

bool BridgePort::is_tunnel() const {
  return device() != nullptr && (datapath::is_tunnel(device()->type) || device()->is_memory_tunnel);
}

std::optional<Encap> BridgePort::segment_encap() const {
  if (!is_tunnel() || device()->tunnel.remote || device()->tunnel.in_key || device()->tunnel.out_key) {
    return std::nullopt;
  }
  return encap_of(device()->type);
}

bool BridgePort::is_up() const {
  const bool is_attached = patch() != nullptr || (port_id != port_id::none && status.has_link && status.is_admin_up);
  return is_attached && (config & openflow::port_config::down) == 0;
}

openflow::PortDesc BridgePort::desc() const {
  openflow::PortDesc desc;
  desc.port = of_port;
  desc.hw_addr = status.mac;
  desc.name = request.name;
  desc.config = config;
  if (patch() == nullptr && !status.is_admin_up) {
    desc.config |= openflow::port_config::down;
  }
  const bool has_link = patch() != nullptr || (port_id != port_id::none && status.has_link);
  if (!has_link) {
    desc.state = openflow::port_state::link_down;
  } else if (is_up()) {
    desc.state = openflow::port_state::live;
  }
  desc.current_speed_kbps = kbps(status.speed_bps);
  desc.max_speed_kbps = desc.current_speed_kbps;
  if (status.speed_bps >= 10'000'000'000) {
    desc.current = openflow::port_feature::full_10gb;
  } else if (status.speed_bps >= 1'000'000'000) {
    desc.current = openflow::port_feature::full_1gb;
  }
  return desc;
}

void BridgePort::follow_security() {
  const bool is_checked = request.port_security && patch() == nullptr;
  security = is_checked ? std::make_shared<const PortSecurity>(*request.port_security) : nullptr;
}

PortInfo BridgePort::info() const {
  PortInfo info;
  info.name = request.name;
  info.of_port = of_port;
  info.port_id = port_id;
  info.desc = desc();
  info.mtu = status.mtu;
  if (patch() != nullptr) {
    info.patch = *patch();
  }
  info.vlan = request.vlan;
  info.qos = request.qos;
  return info;
}

PortView BridgePort::view() const {
  PortView view;
  view.of_port = of_port;
  view.port_id = port_id;
  view.name = request.name;
  view.config = config;
  view.is_live = is_up();
  view.is_patch = patch() != nullptr;
  view.patch_peer = patch() != nullptr ? patch()->peer : std::string();
  view.patch_counters = patch_counters;
  if (is_tunnel()) {
    view.tunnel = device()->tunnel;
    view.has_tunnel_options = device()->type == datapath::PortType::geneve || device()->is_memory_tunnel;
    view.encap = segment_encap();
  }
  view.vlan = resolve(request.vlan);
  view.segment_name = request.vlan.segment;
  view.is_standby = request.vlan.is_standby;
  view.is_protected = request.vlan.is_protected;
  view.queues = queues;
  view.security = security;
  return view;
}

bool PortMap::is_kept(OfPort of_port) const {
  return std::ranges::any_of(numbers_, [&](const auto& kept) { return kept.second == of_port; });
}

std::optional<OfPort> PortMap::choose_number(const PortRequest& request, std::string_view bridge_name) const {
  if (request.name == bridge_name) {
    return of_port::local;
  }
  if (request.ofport_request && is_free(OfPort{*request.ofport_request})) {
    return OfPort{*request.ofport_request};
  }
  const auto kept = numbers_.find(request.name);
  if (kept != numbers_.end() && is_free(kept->second)) {
    return kept->second;
  }
  std::optional<OfPort> last_resort;
  for (uint16_t n = 1; n <= number(of_port::max); ++n) {
    if (!is_free(OfPort{n})) {
      continue;
    }
    if (!is_kept(OfPort{n})) {
      return OfPort{n};
    }
    last_resort = last_resort.value_or(OfPort{n});
  }
  return last_resort;
}

BridgePort& PortMap::insert(BridgePort port) {
  numbers_[port.request.name] = port.of_port;
  const OfPort of_port = port.of_port;
  return ports_.insert_or_assign(of_port, std::move(port)).first->second;
}

void PortMap::erase(OfPort of_port) { ports_.erase(of_port); }

const BridgePort* PortMap::find(OfPort of_port) const {
  const auto found = ports_.find(of_port);
  return found == ports_.end() ? nullptr : &found->second;
}

const BridgePort* PortMap::find(std::string_view name) const {
  const auto found = numbers_.find(name);
  const BridgePort* port = found == numbers_.end() ? nullptr : find(found->second);
  return port != nullptr && port->request.name == name ? port : nullptr;
}

BridgePort* PortMap::find(OfPort of_port) { return const_cast<BridgePort*>(std::as_const(*this).find(of_port)); }

BridgePort* PortMap::find(std::string_view name) { return const_cast<BridgePort*>(std::as_const(*this).find(name)); }

BridgePort* PortMap::find(PortId port_id) {
  for (auto& [number, port] : ports_) {
    if (port.port_id == port_id) {
      return &port;
    }
  }
  return nullptr;
}

}  // namespace weft::ofproto
