// What a port hands in is held against what its guest may say it is, before any table sees it.
#include "ofproto/translate/port_security.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "lib/base/big_endian.h"
#include "lib/flow/field_text.h"
#include "lib/flow/ipv6_chain.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "ofproto/translate/translation.h"

namespace weft::ofproto {
namespace {

using Prefix = PortSecurity::Prefix;

constexpr unsigned mac_bits = 48;
constexpr unsigned v4_bits = 32;
constexpr unsigned v6_bits = 128;

constexpr uint64_t dhcp_client_port = 68;
constexpr uint64_t dhcp_server_port = 67;
constexpr uint8_t mld_report = 131;     // RFC 2710 section 3.1
constexpr uint8_t mld_v2_report = 143;  // RFC 3810 section 5.2

FieldValue value_of(const Ipv6Address& address) {
  return {load_be64(address.bytes.data()), load_be64(address.bytes.data() + 8)};
}

// fe80:: and the modified EUI-64 of the address (RFC 4291 appendix A).
Prefix link_local_of(const MacAddress& mac) {
  constexpr uint64_t universal_bit = uint64_t{2} << 56;
  constexpr uint64_t filler = uint64_t{0xfffe} << 24;
  const uint64_t bits = mac.to_uint64();
  const uint64_t id = ((bits >> 24) << 40 | filler | (bits & 0xffffff)) ^ universal_bit;
  return {FieldValue{uint64_t{0xfe80} << 48, id}, v6_bits};
}

unsigned common_bits(FieldValue a, FieldValue b, unsigned width) {
  const uint64_t hi = a.hi ^ b.hi;
  const uint64_t lo = a.lo ^ b.lo;
  const auto same = static_cast<unsigned>(hi != 0 ? std::countl_zero(hi) : 64 + std::countl_zero(lo));
  return same - (128 - width);
}

}  // namespace

PortSecurity::PortSecurity(std::span<const HostAddresses> allowed) {
  for (const HostAddresses& from : allowed) {
    const FieldValue mac{0, from.mac.to_uint64()};
    auto host = std::ranges::find(hosts_, mac, [](const Host& known) { return known.mac.value; });
    if (host == hosts_.end()) {
      host = hosts_.insert(host, Host{.mac = {mac, mac_bits}});
    }
    for (const IpPrefix& ip : from.ips) {
      host->has_ips = true;
      if (ip.address.is_v4()) {
        host->v4.push_back({FieldValue{0, ip.address.v4().host()}, ip.length});
      } else {
        host->v6.push_back({value_of(ip.address.v6()), ip.length});
      }
    }
  }
  for (Host& host : hosts_) {
    if (!host.v4.empty()) {
      host.spa = host.v4;
      host.spa.push_back({FieldValue{}, v4_bits});
    }
    if (!host.v6.empty()) {
      host.v6.push_back(link_local_of(MacAddress::from_uint64(host.mac.value.lo)));
    }
  }
}

PrefixMatch match_prefix(FieldValue value, unsigned width, std::span<const Prefix> prefixes) {
  PrefixMatch match;
  for (const Prefix& prefix : prefixes) {
    const unsigned same = common_bits(value, prefix.value, width);
    if (same < prefix.length) {
      match.length = match.found == nullptr ? std::max(match.length, same + 1) : match.length;
    } else if (match.found == nullptr || prefix.length < match.length) {
      match = {&prefix, prefix.length};
    }
  }
  return match;
}

// --- what of the packet decides

bool Translation::is_one_of(FieldId id, std::span<const PortSecurity::Prefix> allowed) {
  const Field& f = field(id);
  const PrefixMatch match = match_prefix(get(packet_.flow(), id), f.n_bits, allowed);
  packet_.look_at(f, FieldValue::ones(match.length) << (f.n_bits - match.length), looked_at_);
  return match.found != nullptr;
}

bool Translation::is_spoofed(const PortView& port) {
  const std::span<const PortSecurity::Host> hosts = port.security->hosts();
  std::vector<Prefix> macs;
  std::ranges::transform(hosts, std::back_inserter(macs), &PortSecurity::Host::mac);
  if (!is_one_of(FieldId::eth_src, macs)) {
    return is_wrong(FieldId::eth_src);
  }
  const FieldValue src = get(packet_.flow(), FieldId::eth_src);
  const auto host = std::ranges::find(hosts, src, [](const PortSecurity::Host& known) { return known.mac.value; });
  const uint64_t type = packet_.read(FieldId::eth_type, looked_at_).lo;
  switch (type) {
    case eth_type::arp:
    case eth_type::rarp:
      return is_spoofed_arp(*host, type == eth_type::rarp);
    case eth_type::ipv4:
      return host->has_ips && is_spoofed_ipv4(*host);
    case eth_type::ipv6:
      return (host->has_ips && is_spoofed_ipv6(*host)) || is_spoofed_neighbor_message(*host);
    default:
      return eth_type::is_vlan(static_cast<uint16_t>(type)) && cannot_be_checked("more VLAN tags than two");
  }
}

bool Translation::is_spoofed_arp(const PortSecurity::Host& host, bool is_rarp) {
  if (!packet_.has_header_of(field(FieldId::arp_sha), looked_at_)) {
    return cannot_be_checked("its ARP header is cut short, or not of Ethernet and IPv4");
  }
  if (!is_one_of(FieldId::arp_sha, {&host.mac, 1})) {
    return is_wrong(FieldId::arp_sha);
  }
  return host.has_ips && !is_rarp && !is_one_of(FieldId::arp_spa, host.spa) && is_wrong(FieldId::arp_spa);
}

bool Translation::is_spoofed_ipv4(const PortSecurity::Host& host) {
  if (host.v4.empty()) {
    return is_wrong(FieldId::ipv4_src);
  }
  if (!packet_.has_header_of(field(FieldId::ipv4_src), looked_at_)) {
    return cannot_be_checked("its IPv4 header is cut short or contradicts the frame");
  }
  // Both lists at once: of a source in neither no more bits are looked at than that takes.
  if (is_one_of(FieldId::ipv4_src, host.spa)) {
    const bool has_none = get(packet_.flow(), FieldId::ipv4_src).is_zero();
    if (!has_none || is_one_of(FieldId::ipv4_src, host.v4) || is_dhcp_request()) {
      return false;
    }
  }
  return is_wrong(FieldId::ipv4_src);
}

bool Translation::is_dhcp_request() {
  constexpr uint64_t everybody = 0xffffffff;
  return packet_.has_header_of(field(FieldId::udp_src), looked_at_) &&
         packet_.read(FieldId::udp_src, looked_at_).lo == dhcp_client_port &&
         packet_.read(FieldId::udp_dst, looked_at_).lo == dhcp_server_port &&
         packet_.read(FieldId::ipv4_dst, looked_at_).lo == everybody;
}

bool Translation::is_spoofed_ipv6(const PortSecurity::Host& host) {
  if (host.v6.empty()) {
    return is_wrong(FieldId::ipv6_src);
  }
  if (!packet_.has_header_of(field(FieldId::ipv6_src), looked_at_)) {
    return cannot_be_checked("its IPv6 header is cut short or contradicts the frame");
  }
  std::vector<Prefix> allowed = host.v6;
  allowed.push_back({FieldValue{}, v6_bits});
  if (is_one_of(FieldId::ipv6_src, allowed)) {
    const bool has_none = get(packet_.flow(), FieldId::ipv6_src).is_zero();
    if (!has_none || is_one_of(FieldId::ipv6_src, host.v6) || is_from_nobody_yet()) {
      return false;
    }
  }
  return is_wrong(FieldId::ipv6_src);
}

// What a host says before it has an address, to its own link (ff02::/16).
bool Translation::is_from_nobody_yet() {
  if (!packet_.has_header_of(field(FieldId::icmpv6_type), looked_at_)) {
    return false;
  }
  const uint64_t type = packet_.read(FieldId::icmpv6_type, looked_at_).lo;
  const Prefix own_link{FieldValue{uint64_t{0xff02} << 48, 0}, 16};
  return (type == icmpv6_type::router_solicitation || type == icmpv6_type::neighbor_solicitation ||
          type == mld_report || type == mld_v2_report) &&
         is_one_of(FieldId::ipv6_dst, {&own_link, 1});
}

// A message that its reader would believe, and that says of a link-layer address what is not so.
bool Translation::is_spoofed_neighbor_message(const PortSecurity::Host& host) {
  if (!packet_.has_header_of(field(FieldId::ip_proto), looked_at_)) {
    return cannot_be_checked("an IPv6 header is cut short");
  }
  if (packet_.read(FieldId::ip_proto, looked_at_).lo != ip_protocol::icmpv6) {
    return false;
  }
  if (!packet_.has_header_of(field(FieldId::icmpv6_type), looked_at_)) {
    return cannot_be_checked("its ICMPv6 header is cut short");
  }
  const auto type = static_cast<uint8_t>(packet_.read(FieldId::icmpv6_type, looked_at_).lo);
  if (!icmpv6_type::is_neighbor_discovery(type)) {
    return false;
  }
  if (packet_.read(FieldId::ip_frag, looked_at_).lo != 0) {
    return cannot_be_checked("a neighbour message in fragments");
  }
  if (!packet_.has_header_of(field(FieldId::nd_target), looked_at_)) {
    return cannot_be_checked("a neighbour message that is out of order");
  }
  const bool is_advert = type == icmpv6_type::neighbor_advertisement;
  const FieldId link = is_advert ? FieldId::nd_tll : FieldId::nd_sll;
  if (packet_.has_header_of(field(link), looked_at_) && !is_one_of(link, {&host.mac, 1})) {
    return is_wrong(link);
  }
  return is_advert && host.has_ips && !is_one_of(FieldId::nd_target, host.v6) && is_wrong(FieldId::nd_target);
}

// --- what is said; both are true, for they are asked whether it is spoofed

bool Translation::is_wrong(FieldId id) {
  if (in_.listener != nullptr) {
    const Field& f = field(id);
    note(fmt::format("port_security does not allow {}={}: drop", f.name,
                     format_value(f, MaskedValue{get(packet_.flow(), id), all_bits(f)})));
  }
  note_drop(DropReason::spoofed_address);
  return true;
}

bool Translation::cannot_be_checked(std::string_view why) {
  if (in_.listener != nullptr) {
    note(fmt::format("port_security cannot be checked, {}: drop", why));
  }
  note_drop(DropReason::spoofed_address);
  return true;
}

}  // namespace weft::ofproto
