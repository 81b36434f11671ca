// Ethernet, VLAN, MPLS and ARP.
#include "datapath/action/field_place.h"
#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/mpls.h"
#include "lib/packet/pbb.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {

namespace {

// The type behind all tags. A frame with a length and no SNAP header has none.
Location locate_eth_type(const FrameLayers& layers) {
  if (layers.eth_type < eth_type::min || layers.eth_type_at == FrameLayers::absent) {
    return DropReason::not_this_protocol;
  }
  return FieldPlace{layers.eth_type_at, sizeof(Be16)};
}

}  // namespace

Location locate_ethernet(EditedPacket& packet, FieldId field) {
  if (packet->size() < ethernet_header_bytes) {
    return DropReason::truncated_frame;
  }
  if (field == FieldId::eth_type) {
    return locate_eth_type(packet.layers());
  }
  const size_t offset = field == FieldId::eth_dst ? offsetof(EthernetHeader, dst) : offsetof(EthernetHeader, src);
  return FieldPlace{offset, sizeof(MacAddress)};
}

// Of the outermost tag. What the key calls bit 0x1000, "there is a tag", is not in the frame; set_field masks it out.
Location locate_vlan(EditedPacket& packet, FieldId field) {
  constexpr size_t tci = mac_pair_bytes + offsetof(VlanTag, tci);
  if (packet.layers().vlan_count == 0) {
    return DropReason::not_tagged;
  }
  const bool is_pcp = field == FieldId::vlan_pcp || field == FieldId::dl_vlan_pcp;
  return FieldPlace{tci, sizeof(Be16), static_cast<uint8_t>(is_pcp ? vlan_pcp_shift : 0)};
}

Location locate_mpls(EditedPacket& packet, FieldId field) {
  if (packet.layers().mpls == FrameLayers::absent) {
    return DropReason::no_mpls;
  }
  const auto shift = [&]() -> uint8_t {
    switch (field) {
      case FieldId::mpls_label:
        return 12;
      case FieldId::mpls_tc:
        return 9;
      case FieldId::mpls_bos:
        return 8;
      default:
        return 0;
    }
  };
  return FieldPlace{packet.layers().mpls, mpls_entry_bytes, shift()};
}

Location locate_pbb(EditedPacket& packet, FieldId field) {
  if (packet.layers().pbb == FrameLayers::absent) {
    return DropReason::not_this_protocol;
  }
  const uint8_t shift = field == FieldId::pbb_uca ? pbb_uca_shift : 0;
  return FieldPlace{packet.layers().pbb, pbb_tag_bytes, shift};
}

Location locate_arp(EditedPacket& packet, FieldId field) {
  const FrameLayers& layers = packet.layers();
  if (layers.network != FrameLayers::Network::arp) {
    return DropReason::not_this_protocol;
  }
  const auto at = [&](size_t offset, size_t size) {
    return FieldPlace{layers.l3 + offset, static_cast<uint8_t>(size)};
  };
  switch (field) {
    case FieldId::arp_op:
      return at(offsetof(ArpHeader, op), sizeof(Be16));
    case FieldId::arp_spa:
      return at(offsetof(ArpHeader, spa), sizeof(Ipv4Address));
    case FieldId::arp_tpa:
      return at(offsetof(ArpHeader, tpa), sizeof(Ipv4Address));
    case FieldId::arp_sha:
      return at(offsetof(ArpHeader, sha), sizeof(MacAddress));
    case FieldId::arp_tha:
      return at(offsetof(ArpHeader, tha), sizeof(MacAddress));
    default:
      return DropReason::unsupported_action;
  }
}

}  // namespace weft::datapath
