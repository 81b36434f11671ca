// NORMAL in a segment: untagged frames between its access ports, and copies through tunnels to its other hosts.
//
// What came from a tunnel never goes into one again (split horizon): every host reaches every other by itself, so a copy
// that was passed on would come twice, or for ever.
#include <array>

#include "lib/base/big_endian.h"
#include "lib/openflow/port_message.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

FieldValue value_of(const IpAddress& address) {
  if (address.is_v4()) {
    return {0, address.v4().host()};
  }
  return {load_be64(address.v6().bytes.data()), load_be64(address.v6().bytes.data() + 8)};
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
  flood_in_segment(segment, is_from_tunnel);
}

void Translation::forward_to(const Segment& segment, const MacLocation& location, bool is_from_tunnel) {
  const PortView& port = *find_port(location.port);
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
  if (location.port == packet_.in_port() || port.segment == nullptr || port.segment->vni != segment.vni ||
      !may_send(port)) {
    note("learned port is the input port, or may not send");
    note_drop(DropReason::no_output);
    return;
  }
  note("forwarding to learned port");
  send_in_vlan({&port}, 0);
}

void Translation::flood_in_segment(const Segment& segment, bool is_from_tunnel) {
  depend_on(dependency::port_set(place_.bridge->id));
  const std::vector<const PortView*> ports = local_ports(segment);
  send_in_vlan(ports, 0);
  bool has_sent = !ports.empty();
  const std::optional<OfPort> tunnel = place_.bridge->segment_tunnels[static_cast<size_t>(segment.encap)];
  if (!is_from_tunnel && tunnel) {
    if (segment.mode == SegmentMode::multicast && segment.group) {
      has_sent = send_to_remotes(segment, *tunnel, {&*segment.group, 1}) || has_sent;
    } else if (segment.mode == SegmentMode::replicate) {
      has_sent = send_to_remotes(segment, *tunnel, segment.vteps) || has_sent;
    }
  }
  if (!has_sent) {
    note_drop(DropReason::no_output);
  }
}

std::vector<const PortView*> Translation::local_ports(const Segment& segment) {
  std::vector<const PortView*> ports;
  const auto found = place_.bridge->segment_ports.find(segment.vni);
  if (found == place_.bridge->segment_ports.end()) {
    return ports;
  }
  for (const OfPort number : found->second) {
    const PortView* port = place_.bridge->port(number);
    if (number != packet_.in_port() && (port->config & openflow::port_config::no_flood) == 0 && may_send(*port)) {
      ports.push_back(port);
    }
  }
  return ports;
}

// One copy to each. False: to none, because there are none or the tunnel port may not send.
bool Translation::send_to_remotes(const Segment& segment, OfPort tunnel, std::span<const IpAddress> remotes) {
  const PortView* port = find_port(tunnel);
  if (port == nullptr || remotes.empty() || !may_send(*port)) {
    return false;
  }
  isolated([&] {
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
  });
  return true;
}

}  // namespace weft::ofproto
