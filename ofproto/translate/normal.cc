// NORMAL: what a switch without flow tables does: learn where addresses are, forward there, flood what is unknown,
// within VLANs as the ports' configuration draws them, and within segments (segment.cc).
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "lib/flow/extract.h"
#include "lib/openflow/port_message.h"
#include "lib/packet/ethernet.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

MacAddress mac_of(FieldValue value) { return MacAddress::from_uint64(value.lo); }

}  // namespace

void Translation::normal() {
  const PortView* in_port = find_port(packet_.in_port());
  const MacAddress dst = mac_of(packet_.read(FieldId::eth_dst, looked_at_));
  if (!place_.bridge->forward_bpdu && is_reserved_multicast(dst)) {
    note("link-local address: drop");
    note_drop(DropReason::reserved_address);
    return;
  }
  if (is_oam(in_port)) {
    note("an OAM packet of the tunnel: drop");
    note_drop(DropReason::tunnel_oam);
    return;
  }
  const std::optional<Domain> domain = input_domain(in_port);
  if (!domain || !learn(in_port, *domain)) {
    return;
  }
  if (domain->is_segment()) {
    const Segment& segment = *place_.bridge->segments->find(domain->vni());
    if (!suppress(segment, *in_port)) {
      forward_in_segment(segment, in_port->serves_segments);
    }
  } else {
    forward_in_vlan(domain->vlan());
  }
}

// Where the packet belongs; nothing: nowhere, and why is noted.
std::optional<Domain> Translation::input_domain(const PortView* in_port) {
  if (in_port != nullptr && in_port->serves_segments) {
    return tunnel_domain();
  }
  if (in_port != nullptr && !in_port->segment_name.empty()) {
    return access_domain(*in_port);
  }
  if (in_port != nullptr && !in_port->segment_vlans.empty()) {
    const uint64_t vid = packet_.read(FieldId::vlan_vid, looked_at_).lo & 0x0fff;
    const auto mapped = in_port->segment_vlans.find(static_cast<uint16_t>(vid));
    if (mapped != in_port->segment_vlans.end()) {
      return gateway_domain(*in_port, mapped->second);
    }
  }
  const std::optional<uint16_t> vlan = input_vlan(in_port);
  if (!vlan) {
    note("the port does not carry this VLAN: drop");
    note_drop(DropReason::vlan_not_allowed);
    return std::nullopt;
  }
  return Domain::of_vlan(*vlan);
}

void Translation::forward_in_vlan(uint16_t vlan) {
  const auto learned = learned_output(vlan);
  const std::vector<const PortView*> ports = learned ? *learned : flood_ports(vlan);
  if (ports.empty()) {
    note_drop(DropReason::no_output);
  } else if (learned) {
    send_in_vlan(ports, vlan);
  } else {
    flood_within(storm_limit(std::nullopt), [&] { send_in_vlan(ports, vlan); });
  }
}

// Of the port of arrival, flooding into a segment or a VLAN; null: there is none. What a controller or the switch itself
// sends in a port's name is not the port's.
const StormLimit* Translation::storm_limit(std::optional<uint32_t> vni) const {
  const PortView* in_port = place_.bridge->port(packet_.in_port());
  if (in_port == nullptr || in_.actions != nullptr) {
    return nullptr;
  }
  if (in_port->storm_limit) {
    return in_port->storm_limit->meter == nullptr ? nullptr : &*in_port->storm_limit;
  }
  const auto found = vni ? in_port->segment_storm_limits.find(*vni) : in_port->segment_storm_limits.end();
  return found == in_port->segment_storm_limits.end() ? nullptr : &found->second;
}

// The meter is a branch of its own: what it drops is not flooded, and everything else that is to happen happens.
void Translation::flood_within(const StormLimit* limit, const std::function<void()>& flood) {
  if (limit == nullptr) {
    return flood();
  }
  if (in_.listener != nullptr) {
    note(fmt::format("the port may flood {} frames a second (storm_limit)", limit->rate));
  }
  isolated([&] {
    out_.actions.push_back(datapath::ApplyMeter{limit->meter, limit->rate, DropReason::storm_limit});
    flood();
    if (out_.actions.size() == 1) {
      out_.actions.clear();  // nobody is there to hear it
    }
  });
}

// The VLAN that the packet belongs to on the port it came from, or nothing where it may not be. A packet from no
// port of ours (packet-out) is taken at its word.
std::optional<uint16_t> Translation::input_vlan(const PortView* in_port) {
  const uint64_t tag = packet_.read(FieldId::vlan_vid, looked_at_).lo;
  const auto vid = static_cast<uint16_t>(tag & 0x0fff);
  if (in_port == nullptr) {
    return vid;
  }
  const PortVlan& config = in_port->vlan;
  if (config.is_access) {
    return vid == 0 ? std::optional(config.tag) : std::nullopt;
  }
  const uint16_t vlan = vid == 0 && config.has_native ? config.tag : vid;
  return config.carries(vlan) ? std::optional(vlan) : std::nullopt;
}

// RFC 8926 section 3.4: such a packet speaks to the tunnel's end and must not be forwarded.
bool Translation::is_oam(const PortView* in_port) {
  return in_port != nullptr && in_port->has_tunnel_options && !packet_.read(FieldId::tun_flags, looked_at_).is_zero();
}

// False: the packet is dropped, for there is no room for its source, and such are not to be forwarded.
bool Translation::learn(const PortView* in_port, Domain domain) {
  const MacAddress src = mac_of(packet_.read(FieldId::eth_src, looked_at_));
  if (in_port == nullptr || src.is_multicast()) {
    return true;
  }
  const IpAddress remote = in_port->serves_segments ? tunnel_source() : IpAddress();
  if (in_port->serves_segments && !place_.bridge->segments->find(domain.vni())->learns_from(remote)) {
    return true;
  }
  const MacTable::Key key{domain, src};
  const MacLocation location{in_port->of_port, remote};
  const DependencyId id = dependency::mac(place_.bridge->id, domain, src);
  const MacBound* obstacle = nullptr;
  if (const auto known = find_mac(key); known != location) {
    obstacle = place_.bridge->macs->obstacle(key, location, known.has_value());
    note(obstacle != nullptr    ? "not learning: the mac_limit is reached"
         : location.is_remote() ? "learning that the source is behind this remote"
                                : "learning that the source is on this port");
    out_.effects.comes_late = out_.effects.comes_late || std::ranges::count(out_.dependencies.ids, id) != 0;
    const bool came_home = known && known->is_remote() && !location.is_remote();
    out_.effects.macs.push_back(
        {place_.bridge->id, place_.bridge->macs, key, location, came_home, obstacle == nullptr});
  }
  depend_on(id);
  out_.credits.macs.push_back({place_.bridge->macs, key, location});
  if (obstacle == nullptr) {
    return true;
  }
  depend_on(dependency::mac_room(place_.bridge->id, obstacle->scope()));
  if (obstacle->policy() != MacLimitPolicy::drop) {
    return true;
  }
  note("no room for the source: drop");
  note_drop(DropReason::mac_limit);
  return false;
}

// What this packet has taught already counts, though it is applied only later.
std::optional<MacLocation> Translation::find_mac(const MacTable::Key& key) const {
  const auto& learned = out_.effects.macs;
  const auto found = std::find_if(learned.rbegin(), learned.rend(), [&](const MacLearn& learn) {
    return learn.has_room && learn.bridge == place_.bridge->id && learn.key == key;
  });
  return found != learned.rend() ? std::optional(found->location) : place_.bridge->macs->lookup(key);
}

// Not so between two protected ports. The packet's own port has been looked at already.
bool Translation::may_hear(const PortView& port) {
  const PortView* in_port = place_.bridge->port(packet_.in_port());
  return !port.is_protected || in_port == nullptr || !in_port->is_protected;
}

std::optional<std::vector<const PortView*>> Translation::learned_output(uint16_t vlan) {
  const MacAddress dst = mac_of(packet_.read(FieldId::eth_dst, looked_at_));
  if (!dst.is_multicast()) {
    const Domain domain = Domain::of_vlan(vlan);
    depend_on(dependency::mac(place_.bridge->id, domain, dst));
    if (const auto known = find_mac({domain, dst})) {
      const PortView* port = find_port(known->port);
      if (port != nullptr) {
        const bool is_output =
            known->port != packet_.in_port() && port->vlan.carries(vlan) && may_hear(*port) && may_send(*port);
        note(is_output ? "forwarding to learned port" : "learned port is the input port, or may not send");
        return is_output ? std::vector{port} : std::vector<const PortView*>{};
      }
    }
    note("no learned MAC for destination, flooding");
  }
  return std::nullopt;
}

std::vector<const PortView*> Translation::flood_ports(uint16_t vlan) {
  depend_on(dependency::port_set(place_.bridge->id));
  std::vector<const PortView*> ports;
  for (const auto& [number, port] : place_.bridge->ports) {
    if (number != packet_.in_port() && (port.config & openflow::port_config::no_flood) == 0 &&
        port.vlan.carries(vlan) && may_hear(port) && may_send(port)) {
      ports.push_back(&port);
    }
  }
  return ports;
}

// Ports on which the packet is to be tagged and those on which it is not are two branches; the one that needs no
// change goes first.
void Translation::send_in_vlan(const std::vector<const PortView*>& ports, uint16_t vlan) {
  std::map<bool, std::vector<const PortView*>> by_tag;
  for (const PortView* port : ports) {
    by_tag[port->vlan.sends_tagged(vlan)].push_back(port);
  }
  const bool is_tagged = packet_.has_vlan_tag(looked_at_);
  for (const bool tagged : {is_tagged, !is_tagged}) {
    const auto found = by_tag.find(tagged);
    if (found != by_tag.end()) {
      isolated([&] {
        packet_.set_vlan(tagged ? std::optional(vlan) : std::nullopt, looked_at_);
        send_to_all(found->second);
      });
    }
  }
}

}  // namespace weft::ofproto
