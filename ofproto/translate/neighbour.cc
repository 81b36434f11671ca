// ARP and neighbour discovery in a segment that suppresses them: what is learned from them, and which requests are answered
// from what was learned instead of being flooded.
//
// Believed is who speaks for himself: the link-layer address he gives is the frame's own. Of IPv6 only advertisements with
// the override flag count: others are those of proxies, or of several hosts that share an address (RFC 4861 section 7.2.4).
//
// Answered is a request to all, from a port of this host, for an address that is known to be elsewhere than on that port.
// Not: what finds out whether an address is taken or still there (probes, announcements, unicast requests), which only its
// owner can say; what carries more than an answer of ours could (a nonce, a signature); and an ARP request by which its sender
// is known anew or with another MAC: it is all that other hosts hear of that, where guests announce nothing.
//
// The answer is the request with other fields, sent back: of equal length, so that actions can make it. Everything that it
// is made of is matched by the megaflow, or written.
#include <algorithm>

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/icmp.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

constexpr uint8_t nd_hop_limit = 255;  // nobody routed it: RFC 4861 section 7.1

bool is_of_a_host(const IpAddress& address) {
  const bool is_special =
      address.is_v4() ? address.v4().is_broadcast() || address.v4().is_loopback() : address.v6().is_loopback();
  return !is_special && !address.is_unspecified() && !address.is_multicast();
}

MacAddress to_mac(FieldValue value) { return MacAddress::from_uint64(value.lo); }
Ipv4Address to_ipv4(FieldValue value) { return Ipv4Address::from_host(static_cast<uint32_t>(value.lo)); }
Ipv6Address to_ipv6(FieldValue value) {
  Ipv6Address address;
  store_be64(address.bytes.data(), value.hi);
  store_be64(address.bytes.data() + 8, value.lo);
  return address;
}

FieldValue bits_of(MacAddress mac) { return {0, mac.to_uint64()}; }

// 33:33 and the last four bytes: RFC 2464 section 7.
MacAddress multicast_mac(const Ipv6Address& group) {
  return {{0x33, 0x33, group.bytes[12], group.bytes[13], group.bytes[14], group.bytes[15]}};
}

// What a request says of the asker himself, which hosts that do not hear it would go on answering otherwise.
bool is_news(const std::optional<NeighbourTable::Entry>& before, MacAddress mac) {
  return !before || (!before->is_fixed && (before->neighbour.mac != mac || !before->may_be_answered()));
}

}  // namespace

// Whether the packet was answered, and goes nowhere else.
bool Translation::suppress(const Segment& segment, const PortView& in_port) {
  if (!segment.suppress_arp) {
    return false;
  }
  const uint64_t type = packet_.read(FieldId::eth_type, looked_at_).lo;
  if (type == eth_type::arp) {
    return !packet_.has_second_vlan_tag(looked_at_) && suppress_arp(segment, in_port);
  }
  if (type == eth_type::ipv6) {
    return packet_.has_header_of(field(FieldId::nd_target), looked_at_) && !packet_.has_second_vlan_tag(looked_at_) &&
           suppress_nd(segment, in_port);
  }
  return false;
}

// --- ARP

bool Translation::suppress_arp(const Segment& segment, const PortView& in_port) {
  if (!packet_.has_header_of(field(FieldId::arp_op), looked_at_)) {
    return false;
  }
  const MacAddress asker_mac = to_mac(packet_.read(FieldId::arp_sha, looked_at_));
  const Ipv4Address asker = to_ipv4(packet_.read(FieldId::arp_spa, looked_at_));
  const uint64_t op = packet_.read(FieldId::arp_op, looked_at_).lo;
  const bool speaks_for_itself = asker_mac == to_mac(packet_.read(FieldId::eth_src, looked_at_)) &&
                                 !asker_mac.is_multicast() && is_of_a_host(asker);
  if (!speaks_for_itself || (op != arp_op::request && op != arp_op::reply)) {
    return false;
  }
  const auto before = find_neighbour({Domain::of_segment(segment.vni), asker});
  learn_neighbour(segment, asker, {asker_mac}, in_port);
  if (op != arp_op::request || in_port.serves_segments ||
      !to_mac(packet_.read(FieldId::eth_dst, looked_at_)).is_broadcast()) {
    return false;
  }
  if (is_news(before, asker_mac) && segment.mode != SegmentMode::controller) {
    note("others have to hear who asks");
    out_.effects.comes_late = true;  // the next one is answered
    return false;
  }
  const Ipv4Address asked = to_ipv4(packet_.read(FieldId::arp_tpa, looked_at_));
  const auto owner = asked == asker ? std::nullopt : answer_for(segment, asked, in_port);
  if (!owner) {
    return false;
  }
  answer(segment, asked, in_port, [&] {
    const auto set = [&](FieldId id, FieldValue value) {
      packet_.set_field(field(id), value, all_bits(field(id)), looked_at_);
    };
    set(FieldId::eth_dst, bits_of(asker_mac));
    set(FieldId::eth_src, bits_of(owner->mac));
    set(FieldId::arp_op, {0, arp_op::reply});
    set(FieldId::arp_sha, bits_of(owner->mac));
    set(FieldId::arp_spa, {0, asked.host()});
    set(FieldId::arp_tha, bits_of(asker_mac));
    set(FieldId::arp_tpa, {0, asker.host()});
  });
  return true;
}

// --- neighbour discovery

bool Translation::suppress_nd(const Segment& segment, const PortView& in_port) {
  if (packet_.read(FieldId::nw_ttl, looked_at_).lo != nd_hop_limit ||
      packet_.read(FieldId::ipv6_exthdr, looked_at_).lo != 0) {
    return false;  // not to be believed, nor in fragments: RFC 6980
  }
  if (packet_.read(FieldId::icmpv6_type, looked_at_).lo == icmpv6_type::neighbor_advertisement) {
    learn_from_advertisement(segment, in_port);
    return false;
  }
  const Ipv6Address asker = to_ipv6(packet_.read(FieldId::ipv6_src, looked_at_));
  if (in_port.serves_segments || !is_of_a_host(asker) || !packet_.has_header_of(field(FieldId::nd_sll), looked_at_) ||
      packet_.read(FieldId::nd_sll, looked_at_) != packet_.read(FieldId::eth_src, looked_at_) ||
      packet_.read(FieldId::nd_options_type, looked_at_).lo != nd_option_type::source_link_layer ||
      packet_.has_target_link_option(looked_at_) || packet_.has_other_nd_options(looked_at_)) {
    return false;
  }
  const Ipv6Address asked = to_ipv6(packet_.read(FieldId::nd_target, looked_at_));
  const Ipv6Address group = asked.solicited_node();
  if (asked == asker || to_ipv6(packet_.read(FieldId::ipv6_dst, looked_at_)) != group ||
      to_mac(packet_.read(FieldId::eth_dst, looked_at_)) != multicast_mac(group)) {
    return false;
  }
  const auto owner = answer_for(segment, asked, in_port);
  if (!owner) {
    return false;
  }
  // Not to override what the owner himself says: RFC 4861 section 7.2.8.
  const uint32_t flags = nd_flag::solicited | (owner->is_router ? nd_flag::router : 0);
  answer(segment, asked, in_port, [&] { packet_.answer_solicitation(owner->mac, flags, looked_at_, out_.actions); });
  return true;
}

void Translation::learn_from_advertisement(const Segment& segment, const PortView& in_port) {
  const uint64_t flags = packet_.read(FieldId::nd_reserved, looked_at_).lo;
  if ((flags & nd_flag::override_cached) == 0 || !packet_.has_header_of(field(FieldId::nd_tll), looked_at_)) {
    return;
  }
  const MacAddress mac = to_mac(packet_.read(FieldId::nd_tll, looked_at_));
  const Ipv6Address address = to_ipv6(packet_.read(FieldId::nd_target, looked_at_));
  if (mac == to_mac(packet_.read(FieldId::eth_src, looked_at_)) && !mac.is_multicast() && is_of_a_host(address)) {
    learn_neighbour(segment, address, {mac, (flags & nd_flag::router) != 0}, in_port);
  }
}

// The source's option comes first in the order in which fields are told: the datapath finds it by its type, which is
// written last. For lookups that follow it is the target's.
void PacketState::answer_solicitation(MacAddress mac, uint32_t flags, LookedAt& looked_at,
                                      datapath::ActionList& actions) {
  const auto set = [&](FieldId id, FieldValue value) {
    set_field(weft::field(id), value, all_bits(weft::field(id)), looked_at);
  };
  const FieldValue asker_mac = read(FieldId::eth_src, looked_at);
  const FieldValue asker = read(FieldId::ipv6_src, looked_at);
  set(FieldId::eth_dst, asker_mac);
  set(FieldId::eth_src, bits_of(mac));
  set(FieldId::ipv6_dst, asker);
  set(FieldId::ipv6_src, read(FieldId::nd_target, looked_at));
  set(FieldId::nd_sll, bits_of(mac));
  set(FieldId::nd_options_type, {0, nd_option_type::target_link_layer});
  set(FieldId::nd_reserved, {0, flags});
  set(FieldId::icmpv6_type, {0, icmpv6_type::neighbor_advertisement});
  commit(looked_at, actions);
  const Field& source = weft::field(FieldId::nd_sll);
  const Field& target = weft::field(FieldId::nd_tll);
  weft::set(flow_, source, {});
  weft::set(flow_, target, bits_of(mac));
  weft::set(written_, target, all_bits(target));
  set_constant(present_word, present_in_word(present::nd_tll), present_in_word(present::nd_sll | present::nd_tll));
  base_ = flow_;
}

// --- what is known

void Translation::learn_neighbour(const Segment& segment, const IpAddress& address, const Neighbour& neighbour,
                                  const PortView& in_port) {
  if (in_port.serves_segments && segment.mode == SegmentMode::controller) {
    return;  // what is behind tunnels is the controller's to say
  }
  const NeighbourTable::Key key{Domain::of_segment(segment.vni), address};
  const OfPort teller = in_port.serves_segments ? of_port::none : in_port.of_port;
  const auto known = find_neighbour(key);
  const DependencyId id = dependency::neighbour(place_.bridge->id, key.domain, address);
  const bool is_known = known && known->may_be_answered() && known->neighbour == neighbour && known->teller == teller;
  if (!is_known && !(known && known->is_fixed)) {
    note([&] { return fmt::format("learning that {} has {}", neighbour.mac.to_string(), address.to_string()); });
    out_.effects.comes_late = out_.effects.comes_late || std::ranges::count(out_.dependencies.ids, id) != 0;
    out_.effects.neighbours.push_back({place_.bridge->id, place_.bridge->neighbours, key, neighbour, teller});
    // What the next claim teaches is a matter of when it comes.
    out_.is_cacheable = out_.is_cacheable && (!known || known->may_be_answered());
  }
  depend_on(id);
}

// What this packet has taught already counts, though it is applied only later.
std::optional<NeighbourTable::Entry> Translation::find_neighbour(const NeighbourTable::Key& key) const {
  const auto& learned = out_.effects.neighbours;
  const auto found = std::find_if(learned.rbegin(), learned.rend(), [&](const NeighbourLearn& learn) {
    return learn.bridge == place_.bridge->id && learn.key == key;
  });
  return found != learned.rend()
             ? std::optional(NeighbourTable::Entry{.key = key, .neighbour = found->neighbour, .teller = found->teller})
             : place_.bridge->neighbours->lookup(key);
}

// Who has the address that is asked for on this port; nothing: everybody is to be asked.
std::optional<Neighbour> Translation::answer_for(const Segment& segment, const IpAddress& asked,
                                                 const PortView& in_port) {
  const Domain domain = Domain::of_segment(segment.vni);
  depend_on(dependency::neighbour(place_.bridge->id, domain, asked));
  const auto known = find_neighbour({domain, asked});
  if (!known) {
    note([&] { return fmt::format("nobody is known to have {}", asked.to_string()); });
    return std::nullopt;
  }
  if (!known->may_be_answered()) {
    note([&] {
      return fmt::format("{} moved {}: it is left to its owner", asked.to_string(),
                         known->is_disputed ? "too often" : "just now");
    });
    return std::nullopt;
  }
  const MacAddress mac = known->neighbour.mac;
  depend_on(dependency::mac(place_.bridge->id, domain, mac));
  const auto location = find_mac({domain, mac});
  if (!location || !is_elsewhere(segment, *location, in_port)) {
    note([&] {
      return fmt::format("{} has {}, but {}", mac.to_string(), asked.to_string(),
                         location ? "is on this port, or out of its reach" : "nobody knows where it is");
    });
    return std::nullopt;
  }
  return known->neighbour;
}

// ... and may be reached from the port.
bool Translation::is_elsewhere(const Segment& segment, const MacLocation& location, const PortView& in_port) {
  const PortView* port = find_port(location.port);
  if (port == nullptr || location.port == in_port.of_port) {
    return false;
  }
  const auto members = place_.bridge->segment_ports.find(segment.vni);
  return location.is_remote() ||
         (members != place_.bridge->segment_ports.end() &&
          std::ranges::count(members->second, location.port, &SegmentMember::port) != 0 && may_hear(*port, segment));
}

void Translation::answer(const Segment& segment, const IpAddress& asked, const PortView& in_port,
                         const std::function<void()>& rewrite) {
  if (!may_send(in_port)) {
    return;
  }
  note([&] { return fmt::format("answered for {} by suppression", asked.to_string()); });
  out_.credits.answers.push_back({place_.bridge->neighbours, Domain::of_segment(segment.vni)});
  isolated([&] {
    rewrite();
    send(in_port);
  });
}

}  // namespace weft::ofproto
