// Segments of a bridge, and what it knows of addresses: what operators see and change.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "lib/base/text.h"
#include "lib/openflow/port_message.h"
#include "ofproto/bridge/local_bridge.h"
#include "ofproto/overlay/announcement.h"

namespace weft::ofproto {
namespace {

// Beyond so many things that change at once, what rests on the bridge is proved again as a whole.
constexpr size_t max_listed_ids = 4096;

MacLimitInfo limit_info(const MacBound& bound) {
  return {.limit = bound.as_limit(),
          .count = bound.count(),
          .refused = bound.refused_count(),
          .evicted = bound.evicted_count()};
}

bool is_in(const BridgePort& port, std::string_view segment) {
  const VlanConfig& vlan = port.request.vlan;
  return vlan.segment == segment ||
         std::ranges::any_of(vlan.segment_vlans, [&](const auto& entry) { return entry.second == segment; });
}

}  // namespace

void LocalBridge::publish_addresses(std::vector<DependencyId> ids) {
  if (ids.size() > max_listed_ids) {
    ids = {dependency::bridge(id_)};
  }
  if (!ids.empty()) {
    sweep_neighbours();
    host_.state().changes.append({.ids = std::move(ids), .rules = {}});
    host_.revalidator().wake();
  }
}

void LocalBridge::update_segments(const SegmentChanges& changes) {
  auto table = std::make_shared<SegmentTable>(*segments_);
  std::vector<DependencyId> touched;
  std::vector<Domain> gone;
  std::vector<Domain> unheard;  // nothing is suppressed there any more
  std::set<std::string_view> names(changes.removed.begin(), changes.removed.end());
  for (const std::string& name : changes.removed) {
    if (const SegmentPtr segment = table->find(name)) {
      gone.push_back(Domain::of_segment(segment->vni));
      table->erase(name);
    }
  }
  for (const Segment& segment : changes.set) {
    names.insert(segment.name);
    const SegmentPtr before = table->find(segment.name);
    if (before != nullptr && (before->vni != segment.vni || before->encap != segment.encap)) {
      gone.push_back(Domain::of_segment(before->vni));
    }
    if (before != nullptr && before->suppress_arp && !segment.suppress_arp) {
      unheard.push_back(Domain::of_segment(before->vni));
    }
    touched.push_back(dependency::segment(id_, segment.vni));
    table->put(segment);
  }
  for (const Domain domain : gone) {
    touched.push_back(dependency::segment(id_, domain.vni()));
  }
  for (const auto& [number, port] : ports_.all()) {
    const auto& vlans = port.request.vlan.segment_vlans;
    if (names.contains(port.request.vlan.segment) ||
        std::ranges::any_of(vlans, [&](const auto& entry) { return names.contains(entry.second); })) {
      touched.push_back(dependency::port(id_, number));
    }
  }
  // Which tunnel ports serve segments, and are in no VLAN any more.
  const bool is_other_encap =
      std::ranges::any_of(all_encaps, [&](Encap encap) { return table->has(encap) != segments_->has(encap); });
  if (is_other_encap || touched.size() > max_listed_ids) {
    touched = {dependency::bridge(id_)};
  }
  const auto before = std::exchange(segments_, std::move(table));
  host_.publish_snapshot({.ids = std::move(touched), .rules = {}});
  follow_groups();
  follow_mss_clamp();
  for (const Domain domain : gone) {
    publish_addresses(macs_.flush(domain));
    publish_addresses(neighbours_.flush(domain));
  }
  for (const Domain domain : unheard) {
    publish_addresses(neighbours_.flush_learned(domain));
  }
  limit_segments(changes, gone);
  publish_addresses(forget_strangers(*before, changes));
}

// After the flush of what is gone, whose counts go with it.
void LocalBridge::limit_segments(const SegmentChanges& changes, const std::vector<Domain>& gone) {
  std::vector<MacTable::LimitChange> limits;
  for (const Domain domain : gone) {
    const SegmentPtr heir = segments_->find(domain.vni());
    limits.push_back({MacScope::of(domain), heir == nullptr ? std::nullopt : heir->mac_limit});
  }
  for (const Segment& segment : changes.set) {
    limits.push_back({MacScope::of(Domain::of_segment(segment.vni)), segment.mac_limit});
  }
  publish_addresses(macs_.set_limits(limits));
}

// A segment that does not hear a host any more, or learns from none, forgets what such hosts taught. New ones do not.
std::vector<DependencyId> LocalBridge::forget_strangers(const SegmentTable& before, const SegmentChanges& changes) {
  std::unordered_map<uint32_t, SegmentPtr> stricter;
  for (const Segment& segment : changes.set) {
    const SegmentPtr was = before.find(segment.name);
    const SegmentPtr is = segments_->find(segment.vni);
    const bool may_be_stricter = was != nullptr && is != nullptr && was->vni == segment.vni &&
                                 (was->mode != is->mode || was->any_vtep != is->any_vtep || was->vteps != is->vteps);
    if (may_be_stricter && is->mode != SegmentMode::multicast && !is->any_vtep) {
      stricter.emplace(Domain::of_segment(is->vni).bits(), is);
    }
  }
  if (stricter.empty()) {
    return {};
  }
  return macs_.flush_if([&](const MacTable::Key& key, const MacLocation& location) {
    const auto found = location.is_remote() ? stricter.find(key.domain.bits()) : stricter.end();
    return found != stricter.end() && !found->second->learns_from(location.remote);
  });
}

// What segments and their ports are to each other, in a view whose ports are there.
void LocalBridge::connect_segments(BridgeView& view) const {
  view.segments = segments_;
  view.flood_lists = flood_lists_;
  for (auto& [number, port] : view.ports) {
    if (port.encap && segments_->has(*port.encap)) {
      port.serves_segments = true;
      port.vlan.is_in_none = true;
      auto& tunnel = view.segment_tunnels[static_cast<size_t>(*port.encap)];
      tunnel = tunnel.value_or(number);
    } else if (!port.segment_name.empty()) {
      port.vlan.is_in_none = true;
      port.segment = segments_->find(port.segment_name);
      if (port.segment != nullptr) {
        view.segment_ports[port.segment->vni].push_back({number});
      }
    } else {
      connect_gateway(view, port);
    }
  }
  limit_storms(view);
}

// What a port floods into a segment, or into VLANs. What comes from other hosts was limited there.
void LocalBridge::limit_storms(BridgeView& view) const {
  storm_limits_->begin();
  for (auto& [number, port] : view.ports) {
    const auto own = ports_.find(number)->request.vlan.storm_limit;
    if (own && !port.serves_segments) {
      port.storm_limit = storm_limits_->limit(number, std::nullopt, *own);
    }
  }
  if (segments_->has_storm_limit()) {
    for (const auto& [vni, members] : view.segment_ports) {
      const SegmentPtr segment = segments_->find(vni);
      if (segment == nullptr || !segment->storm_limit) {
        continue;
      }
      for (const SegmentMember& member : members) {
        PortView& port = view.ports.find(member.port)->second;
        port.segment_storm_limits.emplace(vni, storm_limits_->limit(member.port, vni, *segment->storm_limit));
      }
    }
  }
  storm_limits_->end();
}

void LocalBridge::connect_gateway(BridgeView& view, PortView& port) const {
  const BridgePort* own = ports_.find(port.of_port);
  for (const auto& [vlan, name] : own->request.vlan.segment_vlans) {
    const SegmentPtr segment = segments_->find(std::string_view(name));
    port.segment_vlans.emplace(vlan, segment);
    if (segment != nullptr && !port.is_standby) {
      view.segment_ports[segment->vni].push_back({port.of_port, vlan});
    }
  }
}

// When a gateway comes or goes, addresses of its VLANs that were behind another host are behind nobody knows whom.
void LocalBridge::forget_behind_gateways(const VlanConfig& vlan) {
  std::vector<DependencyId> forgotten;
  for (const auto& [vid, name] : vlan.segment_vlans) {
    const SegmentPtr segment = segments_->find(std::string_view(name));
    if (segment == nullptr) {
      continue;
    }
    for (const MacTable::Entry& entry : macs_.entries(Domain::of_segment(segment->vni))) {
      if (!entry.is_fixed && entry.location.is_remote()) {
        const std::vector<DependencyId> removed = macs_.remove(entry.key);
        forgotten.insert(forgotten.end(), removed.begin(), removed.end());
      }
    }
  }
  publish_addresses(std::move(forgotten));
}

// A group is joined while a segment that has it has a port that is up. Several segments may share one.
void LocalBridge::follow_groups() {
  if (!segments_->has_multicast() && groups_.empty()) {
    return;
  }
  std::array<std::set<IpAddress>, all_encaps.size()> wanted;
  for (const auto& [number, port] : ports_.all()) {
    if (!port.is_up()) {
      continue;
    }
    const auto want = [&](std::string_view name) {
      const SegmentPtr segment = segments_->find(name);
      if (segment != nullptr && segment->mode == SegmentMode::multicast && segment->group) {
        wanted[static_cast<size_t>(segment->encap)].insert(*segment->group);
      }
    };
    want(port.request.vlan.segment);
    if (!port.request.vlan.is_standby) {
      std::ranges::for_each(port.request.vlan.segment_vlans, [&](const auto& entry) { want(entry.second); });
    }
  }
  std::erase_if(groups_, [&](const auto& entry) {
    const BridgePort* port = ports_.find(entry.first);
    return port == nullptr || port->port_id == port_id::none;
  });
  for (const auto& [number, port] : ports_.all()) {
    const auto encap = port.port_id == port_id::none ? std::nullopt : port.segment_encap();
    if (!encap) {
      continue;
    }
    // The first one of an encapsulation has all of its groups, the others none.
    std::set<IpAddress> groups = std::exchange(wanted[static_cast<size_t>(*encap)], {});
    const auto known = groups_.find(number);
    if (known == groups_.end() ? groups.empty() : known->second.joined == groups && known->second.problem.empty()) {
      continue;
    }
    const auto done = host_.datapath().set_tunnel_groups(port.port_id, {groups.begin(), groups.end()});
    groups_[number] = {std::move(groups), done ? std::string() : done.error().message};
  }
}

// On every port that packets of a segment may come from, for as long as its device is there.
void LocalBridge::follow_mss_clamp() {
  if (!segments_->has_mss_clamp() && clamped_.empty()) {
    return;
  }
  std::array<std::set<uint32_t>, all_encaps.size()> wanted;
  segments_->for_each([&](const Segment& segment) {
    if (segment.clamps_mss) {
      wanted[static_cast<size_t>(segment.encap)].insert(segment.vni);
    }
  });
  std::erase_if(clamped_, [&](const auto& entry) {
    const BridgePort* port = ports_.find(entry.first);
    return port == nullptr || port->port_id == port_id::none;
  });
  for (const auto& [number, port] : ports_.all()) {
    const auto encap = port.port_id == port_id::none ? std::nullopt : port.segment_encap();
    if (!encap) {
      continue;
    }
    const std::set<uint32_t>& ids = wanted[static_cast<size_t>(*encap)];
    if (std::set<uint32_t>& now = clamped_[number]; now != ids) {
      now = ids;
      host_.datapath().set_mss_clamp(port.port_id, {ids.begin(), ids.end()});
    }
  }
  std::erase_if(clamped_, [](const auto& entry) { return entry.second.empty(); });
}

std::string LocalBridge::group_problem(Encap encap) const {
  for (const auto& [number, groups] : groups_) {
    const BridgePort* port = ports_.find(number);
    if (!groups.problem.empty() && port != nullptr && port->segment_encap() == encap) {
      return groups.problem;
    }
  }
  return {};
}

// An address came here from another host, with a packet that went to one place only. NORMAL floods this one.
void LocalBridge::announce_address(const MacTable::Key& key, OfPort of_port) {
  const BridgePort* port = ports_.find(of_port);
  const SegmentPtr segment = key.domain.is_segment() ? segments_->find(key.domain.vni()) : nullptr;
  if (port == nullptr || segment == nullptr) {
    return;
  }
  // Behind a gateway it comes from the VLAN that is the segment's.
  openflow::ActionList actions;
  if (port->request.vlan.segment != segment->name) {
    const auto& vlans = port->request.vlan.segment_vlans;
    const auto vlan = std::ranges::find(vlans, segment->name, [](const auto& entry) { return entry.second; });
    if (vlan == vlans.end()) {
      return;
    }
    if (vlan->first != 0) {
      actions.emplace_back(openflow::SetVlanVidAction{vlan->first});
    }
  }
  actions.emplace_back(openflow::OutputAction{.port = of_port::normal});
  static_cast<void>(inject(make_announcement(key.mac), of_port, {.actions = &actions, .resumed = nullptr}));
}

// --- addresses

// In the columns that operators know. A segment stands in the VLAN's column by its name.
std::string LocalBridge::fdb_show() const {
  std::string text = " port  VLAN  MAC                Age\n";
  const TimePoint now = host_.clock().now();
  for (const MacTable::Entry& entry : macs_.entries()) {
    const OfPort of_port = entry.location.port;
    const std::string port = of_port == of_port::local ? std::string("LOCAL") : std::to_string(number(of_port));
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - entry.used).count();
    const SegmentPtr segment = entry.key.domain.is_segment() ? segments_->find(entry.key.domain.vni()) : nullptr;
    const std::string domain = segment != nullptr              ? segment->name
                               : entry.key.domain.is_segment() ? fmt::format("vni={}", entry.key.domain.vni())
                                                               : std::to_string(entry.key.domain.vlan());
    text += fmt::format("{:>5}  {:>4}  {}  {:>3}{}\n", port, domain, entry.key.mac.to_string(),
                        entry.is_fixed ? std::string("static") : std::to_string(age),
                        entry.location.is_remote() ? "  " + entry.location.remote.to_string() : "");
  }
  return text;
}

void LocalBridge::fdb_flush() { publish_addresses(macs_.flush()); }

Result<Domain, std::string> LocalBridge::find_domain(std::string_view text) const {
  if (const SegmentPtr segment = segments_->find(text)) {
    return Domain::of_segment(segment->vni);
  }
  if (const auto vlan = parse_unsigned(text, 4095)) {
    return Domain::of_vlan(static_cast<uint16_t>(*vlan));
  }
  return Unexpected{
      fmt::format("\"{}\" is neither a VLAN nor a segment of bridge {}{}", text, name_, segment_hint(text))};
}

std::string LocalBridge::segment_hint(std::string_view name) const {
  std::vector<std::string> names;
  segments_->for_each([&](const Segment& segment) { names.push_back(segment.name); });
  const std::string likely = did_you_mean(name, names);
  return likely.empty() ? "" : fmt::format(", did you mean \"{}\"?", likely);
}

Result<void, std::string> LocalBridge::fdb_add(std::string_view port_name, std::string_view domain_text, MacAddress mac,
                                               const std::optional<IpAddress>& remote) {
  const auto domain = find_domain(domain_text);
  if (!domain) {
    return Unexpected{domain.error()};
  }
  const BridgePort* port = ports_.find(port_name);
  if (port == nullptr) {
    return Unexpected{fmt::format("bridge {} has no port {}", name_, port_name)};
  }
  if (remote && (!domain->is_segment() || port->segment_encap() != segments_->find(domain->vni())->encap)) {
    return Unexpected{
        fmt::format("a VTEP is for a segment and a tunnel port of its encapsulation, with remote_ip=flow")};
  }
  if (!remote && domain->is_segment() && !is_in(*port, segments_->find(domain->vni())->name)) {
    return Unexpected{fmt::format("port {} is not in segment {}", port_name, domain_text)};
  }
  std::vector<DependencyId> fixed =
      macs_.fix({*domain, mac}, {port->of_port, remote.value_or(IpAddress())}, host_.clock().now());
  if (fixed.empty()) {
    return Unexpected{fmt::format("bridge {} has no room for more addresses (other_config:mac-table-size)", name_)};
  }
  publish_addresses(std::move(fixed));
  return {};
}

Result<void, std::string> LocalBridge::fdb_remove(std::string_view domain_text, MacAddress mac) {
  const auto domain = find_domain(domain_text);
  if (!domain) {
    return Unexpected{domain.error()};
  }
  std::vector<DependencyId> removed = macs_.remove({*domain, mac});
  if (removed.empty()) {
    return Unexpected{fmt::format("there is no entry for {} in {}", mac.to_string(), domain_text)};
  }
  publish_addresses(std::move(removed));
  return {};
}

std::optional<SegmentInfo> LocalBridge::segment_info(std::string_view name) const {
  SegmentInfo info;
  info.segment = segments_->find(name);
  if (info.segment == nullptr) {
    return std::nullopt;
  }
  info.neighbours = neighbours_.counts_of(Domain::of_segment(info.segment->vni));
  std::map<IpAddress, size_t> remotes;
  for (const IpAddress& vtep : info.segment->vteps) {
    remotes[vtep] = 0;
  }
  for (const MacTable::Entry& entry : macs_.entries(Domain::of_segment(info.segment->vni))) {
    if (entry.location.is_remote()) {
      ++remotes[entry.location.remote];
      ++info.remote_count;
    } else {
      ++info.local_count;
    }
  }
  if (const MacBound* bound = macs_.bound(MacScope::of(Domain::of_segment(info.segment->vni)))) {
    info.limit = limit_info(*bound);
  }
  for (const auto& [address, count] : remotes) {
    info.remotes.push_back({address, count});
  }
  for (const auto& [number, port] : ports_.all()) {
    if (info.tunnel_port.empty() && port.segment_encap() == info.segment->encap) {
      info.tunnel_port = port.request.name;
    }
  }
  return info;
}

FdbStats LocalBridge::fdb_stats() const {
  FdbStats stats{.count = macs_.size(), .limit = options_.mac_limit, .refused = macs_.refused_count()};
  const auto add = [&](const std::string& what, MacScope scope) {
    if (const MacBound* bound = macs_.bound(scope)) {
      stats.limits.emplace_back(what, limit_info(*bound));
    }
  };
  for (const auto& [number, port] : ports_.all()) {
    add("port " + port.request.name, MacScope::of(number));
  }
  std::map<std::string, MacScope> segments;
  segments_->for_each([&](const Segment& segment) {
    if (segment.mac_limit) {
      segments.emplace(segment.name, MacScope::of(Domain::of_segment(segment.vni)));
    }
  });
  for (const auto& [name, scope] : segments) {
    add("segment " + name, scope);
  }
  return stats;
}

size_t LocalBridge::fdb_flush(const IpAddress& remote) {
  std::vector<DependencyId> ids = macs_.flush(remote);
  const size_t count = ids.size();
  publish_addresses(std::move(ids));
  return count;
}

}  // namespace weft::ofproto
