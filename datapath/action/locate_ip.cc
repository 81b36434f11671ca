// IPv4 and IPv6.
#include "datapath/action/field_place.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"

namespace weft::datapath {
namespace {

Location locate_ipv4(const FrameLayers& layers, FieldId field) {
  const auto at = [&](size_t offset, size_t size, Covered covered, uint8_t shift = 0) {
    return FieldPlace{layers.l3 + offset, static_cast<uint8_t>(size), shift, covered};
  };
  switch (field) {
    case FieldId::ipv4_src:
      return at(offsetof(Ipv4Header, src), sizeof(Ipv4Address), Covered::by_pseudo_header);
    case FieldId::ipv4_dst:
      return at(offsetof(Ipv4Header, dst), sizeof(Ipv4Address), Covered::by_pseudo_header);
    case FieldId::nw_tos:
    case FieldId::ip_ecn:
      return at(offsetof(Ipv4Header, tos), 1, Covered::by_ip_header);
    case FieldId::ip_dscp:
      return at(offsetof(Ipv4Header, tos), 1, Covered::by_ip_header, 2);
    case FieldId::nw_ttl:
      return at(offsetof(Ipv4Header, ttl), 1, Covered::by_ip_header);
    case FieldId::ip_proto:
      return at(offsetof(Ipv4Header, protocol), 1, Covered::by_ip_header);
    default:
      return DropReason::not_this_protocol;
  }
}

Location locate_ipv6(const FrameLayers& layers, FieldId field) {
  const auto at = [&](size_t offset, size_t size, Covered covered, uint8_t shift = 0) {
    return FieldPlace{layers.l3 + offset, static_cast<uint8_t>(size), shift, covered};
  };
  constexpr uint8_t class_shift = 20;  // in the word that begins the header
  switch (field) {
    case FieldId::ipv6_src:
      return at(offsetof(Ipv6Header, src), sizeof(Ipv6Address), Covered::by_pseudo_header);
    case FieldId::ipv6_dst:
      return at(offsetof(Ipv6Header, dst), sizeof(Ipv6Address),
                layers.has_route_ahead ? Covered::by_route_header : Covered::by_pseudo_header);
    case FieldId::ipv6_label:
      return at(0, sizeof(Be32), Covered::by_nothing);
    case FieldId::nw_tos:
    case FieldId::ip_ecn:
      return at(0, sizeof(Be32), Covered::by_nothing, class_shift);
    case FieldId::ip_dscp:
      return at(0, sizeof(Be32), Covered::by_nothing, class_shift + 2);
    case FieldId::nw_ttl:
      return at(offsetof(Ipv6Header, hop_limit), 1, Covered::by_nothing);
    case FieldId::ip_proto:
      return FieldPlace{layers.protocol_at, 1};
    default:
      return DropReason::not_this_protocol;
  }
}

}  // namespace

Location locate_ip(EditedPacket& packet, FieldId field) {
  const FrameLayers& layers = packet.layers();
  switch (layers.network) {
    case FrameLayers::Network::ipv4:
      return locate_ipv4(layers, field);
    case FrameLayers::Network::ipv6:
      return locate_ipv6(layers, field);
    default:
      return DropReason::not_this_protocol;
  }
}

}  // namespace weft::datapath
