// NORMAL in a segment: untagged frames between its access ports, and copies through tunnels to its other hosts.
//
// What came from a tunnel never goes into one again (split horizon): every host reaches every other by itself, so a copy
// that was passed on would come twice, or for ever.
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "lib/base/big_endian.h"
#include "lib/openflow/port_message.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

// Lists up to here cost less than what it takes to share them.
constexpr size_t max_remotes_of_its_own = 8;

FieldValue value_of(const IpAddress& address) {
  if (address.is_v4()) {
    return {0, address.v4().host()};
  }
  return {load_be64(address.v6().bytes.data()), load_be64(address.v6().bytes.data() + 8)};
}

const std::vector<SegmentMember>& members_of(const BridgeView& bridge, const Segment& segment) {
  static const std::vector<SegmentMember> none;
  const auto found = bridge.segment_ports.find(segment.vni);
  return found == bridge.segment_ports.end() ? none : found->second;
}

}  // namespace

// A tunnel packet belongs to the segment of its tunnel id. The inner frame is untagged (RFC 7348 section 6.1).
std::optional<Domain> Translation::tunnel_domain() {
  const uint64_t id = packet_.read(FieldId::tun_id, looked_at_).lo;
  const SegmentPtr segment = id > max_vni ? nullptr : place_.bridge->segments->find(static_cast<uint32_t>(id));
  depend_on(dependency::segment(place_.bridge->id, static_cast<uint32_t>(id)));
  if (segment == nullptr || place_.bridge->port(packet_.in_port())->encap != segment->encap) {
    note("no segment has this tunnel id: drop");
    note_drop(DropReason::unknown_segment);
    return std::nullopt;
  }
  if (packet_.read(FieldId::vlan_vid, looked_at_).lo % 0x1000 != 0) {
    note("a tagged frame from a tunnel: drop");
    note_drop(DropReason::vlan_not_allowed);
    return std::nullopt;
  }
  if (!segment->accepts(tunnel_source())) {
    note("from a host that is not in the segment's list of VTEPs: drop");
    note_drop(DropReason::unknown_vtep);
    return std::nullopt;
  }
  return Domain::of_segment(segment->vni);
}

std::optional<Domain> Translation::access_domain(const PortView& in_port) {
  if (in_port.segment == nullptr) {
    note("the port's segment does not exist: drop");
    note_drop(DropReason::unknown_segment);
    return std::nullopt;
  }
  if (packet_.read(FieldId::vlan_vid, looked_at_).lo % 0x1000 != 0) {
    note("a tagged frame on an access port of a segment: drop");
    note_drop(DropReason::vlan_not_allowed);
    return std::nullopt;
  }
  depend_on(dependency::segment(place_.bridge->id, in_port.segment->vni));
  return Domain::of_segment(in_port.segment->vni);
}

// A VLAN of the port is the segment's. Of two gateways between the same networks only one may forward.
std::optional<Domain> Translation::gateway_domain(const PortView& in_port, const SegmentPtr& segment) {
  if (in_port.is_standby) {
    note("a gateway on standby: drop");
    note_drop(DropReason::gateway_on_standby);
    return std::nullopt;
  }
  if (segment == nullptr) {
    note("the VLAN's segment does not exist: drop");
    note_drop(DropReason::unknown_segment);
    return std::nullopt;
  }
  depend_on(dependency::segment(place_.bridge->id, segment->vni));
  return Domain::of_segment(segment->vni);
}

IpAddress Translation::tunnel_source() {
  const FieldValue v4 = packet_.read(FieldId::tun_src, looked_at_);
  if (!v4.is_zero()) {
    return Ipv4Address::from_host(static_cast<uint32_t>(v4.lo));
  }
  const FieldValue v6 = packet_.read(FieldId::tun_ipv6_src, looked_at_);
  Ipv6Address address;
  store_be64(address.bytes.data(), v6.hi);
  store_be64(address.bytes.data() + 8, v6.lo);
  return address;
}

void Translation::forward_in_segment(const Segment& segment, bool is_from_tunnel) {
  const Domain domain = Domain::of_segment(segment.vni);
  const MacAddress dst = MacAddress::from_uint64(packet_.read(FieldId::eth_dst, looked_at_).lo);
  if (!dst.is_multicast()) {
    depend_on(dependency::mac(place_.bridge->id, domain, dst));
    const auto known = find_mac({domain, dst});
    if (known && find_port(known->port) != nullptr) {
      return forward_to(segment, *known, is_from_tunnel);
    }
    note("no learned MAC for destination, flooding");
  }
  // Everybody hears of it: that says where the source is now.
  for (MacLearn& learn : out_.effects.macs) {
    learn.must_announce = learn.must_announce && learn.key.domain != domain;
  }
  flood_within(storm_limit(segment.vni), [&] { flood_in_segment(segment, is_from_tunnel); });
}

// Not so between two access ports of a segment that isolates its ports. A patch port is no guest's: it joins two segments.
bool Translation::may_hear(const PortView& port, const Segment& segment) {
  const auto is_guest = [](const PortView& one) { return one.segment != nullptr && !one.is_patch; };
  const PortView* in_port = place_.bridge->port(packet_.in_port());
  const bool are_isolated = segment.isolates_ports && in_port != nullptr && is_guest(*in_port) && is_guest(port);
  return !are_isolated && may_hear(port);
}

void Translation::forward_to(const Segment& segment, const MacLocation& location, bool is_from_tunnel) {
  if (location.is_remote()) {
    if (is_from_tunnel) {
      note("from a tunnel to a tunnel of the same segment: drop");
      note_drop(DropReason::no_output);
      return;
    }
    note("forwarding to learned remote");
    send_to_remotes(segment, location.port, {&location.remote, 1});
    return;
  }
  const std::vector<SegmentMember>& members = members_of(*place_.bridge, segment);
  const auto member = std::ranges::find(members, location.port, &SegmentMember::port);
  const PortView* port = find_port(location.port);
  if (location.port == packet_.in_port() || member == members.end() || !may_hear(*port, segment) || !may_send(*port)) {
    note("learned port is the input port, may not hear it, or may not send");
    note_drop(DropReason::no_output);
    return;
  }
  note("forwarding to learned port");
  send_to_members({*member});
}

void Translation::flood_in_segment(const Segment& segment, bool is_from_tunnel) {
  depend_on(dependency::port_set(place_.bridge->id));
  const std::vector<SegmentMember> members = local_members(segment);
  send_to_members(members);
  bool has_sent = !members.empty();
  const std::optional<OfPort> tunnel = place_.bridge->segment_tunnels[static_cast<size_t>(segment.encap)];
  if (!is_from_tunnel && tunnel) {
    if (segment.mode == SegmentMode::multicast && segment.group) {
      has_sent = send_to_remotes(segment, *tunnel, {&*segment.group, 1}) || has_sent;
    } else if (segment.mode == SegmentMode::replicate) {
      has_sent = send_to_vteps(segment, *tunnel) || has_sent;
    }
  }
  if (!has_sent) {
    note_drop(DropReason::no_output);
  }
}

std::vector<SegmentMember> Translation::local_members(const Segment& segment) {
  std::vector<SegmentMember> members;
  for (const SegmentMember& member : members_of(*place_.bridge, segment)) {
    const PortView& port = *place_.bridge->port(member.port);
    if (member.port != packet_.in_port() && (port.config & openflow::port_config::no_flood) == 0 &&
        may_hear(port, segment) && may_send(port)) {
      members.push_back(member);
    }
  }
  return members;
}

// Untagged on access ports, with their VLAN on gateways. What needs no change goes first.
void Translation::send_to_members(const std::vector<SegmentMember>& members) {
  std::map<uint16_t, std::vector<const PortView*>> by_tag;
  for (const SegmentMember& member : members) {
    by_tag[member.vlan].push_back(place_.bridge->port(member.port));
  }
  const auto send = [&](uint16_t tag, const std::vector<const PortView*>& ports) {
    isolated([&] {
      packet_.set_vlan(tag == 0 ? std::nullopt : std::optional(tag), looked_at_);
      send_to_all(ports);
    });
  };
  const auto own_tag = static_cast<uint16_t>(packet_.read(FieldId::vlan_vid, looked_at_).lo & 0x0fff);
  if (const auto same = by_tag.extract(own_tag)) {
    send(own_tag, same.mapped());
  }
  for (const auto& [tag, ports] : by_tag) {
    send(tag, ports);
  }
}

// People give all hosts the same list: what it says of this host itself is passed over.
bool Translation::send_to_vteps(const Segment& segment, OfPort tunnel) {
  const std::vector<IpAddress>& own = *place_.bridge->own_addresses;
  const auto is_own = [&](const IpAddress& vtep) { return std::ranges::binary_search(own, vtep); };
  if (std::ranges::none_of(segment.vteps, is_own)) {
    return send_to_remotes(segment, tunnel, segment.vteps);
  }
  std::vector<IpAddress> others;
  std::ranges::remove_copy_if(segment.vteps, std::back_inserter(others), is_own);
  return send_to_remotes(segment, tunnel, others);
}

// One copy to each. False: to none, because there are none or the tunnel port may not send.
bool Translation::send_to_remotes(const Segment& segment, OfPort tunnel, std::span<const IpAddress> remotes) {
  const PortView* port = find_port(tunnel);
  if (port == nullptr || remotes.empty() || !may_send(*port)) {
    return false;
  }
  const bool is_shared = remotes.size() > max_remotes_of_its_own && !has_egress_before_it();
  isolated([&] {
    const auto before = is_shared ? std::make_unique<PacketState>(packet_) : nullptr;
    packet_.set_vlan(std::nullopt, looked_at_);
    const auto set = [&](FieldId id, FieldValue value) {
      packet_.set_field(field(id), value, all_bits(field(id)), looked_at_);
    };
    set(FieldId::tun_id, {0, segment.vni});
    set(FieldId::tun_src, {});
    set(FieldId::tun_ipv6_src, {});
    for (const IpAddress& remote : remotes) {
      set(FieldId::tun_dst, remote.is_v4() ? value_of(remote) : FieldValue{});
      set(FieldId::tun_ipv6_dst, remote.is_v6() ? value_of(remote) : FieldValue{});
      send(*port);
    }
    if (is_shared) {
      auto list = place_.bridge->flood_lists->share(segment.vni, std::exchange(out_.actions, {}));
      out_.actions.emplace_back(std::move(list));
      packet_ = *before;  // a clone leaves the packet as it was
    }
  });
  return true;
}

}  // namespace weft::ofproto
