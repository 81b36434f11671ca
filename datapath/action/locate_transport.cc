// TCP, UDP, SCTP, ICMP, ICMPv6 and neighbour discovery.
#include <optional>

#include "datapath/action/field_place.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"

namespace weft::datapath {
namespace {

// What stands in the way of writing to an L4 header of one of these protocols, `size` bytes of it.
std::optional<Location> why_not(const FrameLayers& layers, uint8_t protocol, size_t size) {
  if (!layers.is_ip()) {
    return DropReason::not_this_protocol;
  }
  if (layers.is_later_fragment) {
    return NothingToWrite{};
  }
  if (!layers.has_l4() || layers.l4 + size > layers.l3_end) {
    return DropReason::truncated_header;
  }
  if (layers.ip_protocol != protocol) {
    return DropReason::not_this_protocol;
  }
  return std::nullopt;
}

uint8_t protocol_of(FieldId field) {
  switch (field) {
    case FieldId::tcp_src:
    case FieldId::tcp_dst:
      return ip_protocol::tcp;
    case FieldId::udp_src:
    case FieldId::udp_dst:
      return ip_protocol::udp;
    case FieldId::sctp_src:
    case FieldId::sctp_dst:
      return ip_protocol::sctp;
    case FieldId::icmp_type:
    case FieldId::icmp_code:
      return ip_protocol::icmp;
    default:
      return ip_protocol::icmpv6;
  }
}

bool is_source(FieldId field) {
  return field == FieldId::tcp_src || field == FieldId::udp_src || field == FieldId::sctp_src;
}

FieldPlace in_l4(const FrameLayers& layers, size_t offset, size_t size) {
  return {layers.l4 + offset, static_cast<uint8_t>(size), 0, Covered::by_l4};
}

// The link-layer address option of this type, or the first option of all for 0.
Location locate_option(EditedPacket& packet, uint8_t type) {
  const FrameLayers& layers = packet.layers();
  const auto frame = packet->bytes().first(layers.l3_end);
  for (size_t at = layers.l4 + nd_header_bytes;;) {
    const auto* option = header_at<NdOption>(frame, at);
    if (option == nullptr || option->option_bytes() == 0 || at + option->option_bytes() > frame.size()) {
      return NothingToWrite{};
    }
    if (type == 0) {
      return FieldPlace{at, 1, 0, Covered::by_l4};
    }
    if (option->type == type && option->option_bytes() == sizeof(NdLinkLayerOption)) {
      return FieldPlace{at + offsetof(NdLinkLayerOption, mac), sizeof(MacAddress), 0, Covered::by_l4};
    }
    at += option->option_bytes();
  }
}

}  // namespace

Location locate_ports(EditedPacket& packet, FieldId field) {
  constexpr size_t both_ports = 4;
  const FrameLayers& layers = packet.layers();
  if (const auto reason = why_not(layers, protocol_of(field), both_ports)) {
    return *reason;
  }
  return in_l4(layers, is_source(field) ? 0 : sizeof(Be16), sizeof(Be16));
}

Location locate_icmp(EditedPacket& packet, FieldId field) {
  const FrameLayers& layers = packet.layers();
  if (const auto reason = why_not(layers, protocol_of(field), sizeof(Be32))) {
    return *reason;
  }
  const bool is_type = field == FieldId::icmp_type || field == FieldId::icmpv6_type;
  return in_l4(layers, is_type ? offsetof(IcmpHeader, type) : offsetof(IcmpHeader, code), 1);
}

Location locate_nd(EditedPacket& packet, FieldId field) {
  const FrameLayers& layers = packet.layers();
  if (const auto reason = why_not(layers, ip_protocol::icmpv6, nd_header_bytes)) {
    return *reason;
  }
  if (!icmpv6_type::is_neighbor_discovery(packet->data()[layers.l4])) {
    return DropReason::not_this_protocol;
  }
  switch (field) {
    case FieldId::nd_target:
      return in_l4(layers, offsetof(NdHeader, target), sizeof(Ipv6Address));
    case FieldId::nd_reserved:
      return in_l4(layers, offsetof(IcmpHeader, rest), sizeof(Be32));
    case FieldId::nd_sll:
      return locate_option(packet, nd_option_type::source_link_layer);
    case FieldId::nd_tll:
      return locate_option(packet, nd_option_type::target_link_layer);
    case FieldId::nd_options_type:
      return locate_option(packet, 0);
    default:
      return DropReason::unsupported_action;
  }
}

}  // namespace weft::datapath
