#include "datapath/action/set_field.h"

#include <array>

#include "datapath/action/field_place.h"
#include "lib/packet/checksum.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

Location locate(EditedPacket& packet, FieldId field) {
  switch (field) {
    case FieldId::eth_dst:
    case FieldId::eth_src:
    case FieldId::eth_type:
      return locate_ethernet(packet, field);
    case FieldId::vlan_tci:
    case FieldId::vlan_vid:
    case FieldId::vlan_pcp:
    case FieldId::dl_vlan:
    case FieldId::dl_vlan_pcp:
      return locate_vlan(packet, field);
    case FieldId::mpls_label:
    case FieldId::mpls_tc:
    case FieldId::mpls_bos:
    case FieldId::mpls_ttl:
      return locate_mpls(packet, field);
    case FieldId::pbb_isid:
    case FieldId::pbb_uca:
      return locate_pbb(packet, field);
    case FieldId::arp_op:
    case FieldId::arp_spa:
    case FieldId::arp_tpa:
    case FieldId::arp_sha:
    case FieldId::arp_tha:
      return locate_arp(packet, field);
    case FieldId::ipv4_src:
    case FieldId::ipv4_dst:
    case FieldId::ipv6_src:
    case FieldId::ipv6_dst:
    case FieldId::ipv6_label:
    case FieldId::nw_tos:
    case FieldId::ip_dscp:
    case FieldId::ip_ecn:
    case FieldId::nw_ttl:
    case FieldId::ip_proto:
      return locate_ip(packet, field);
    case FieldId::tcp_src:
    case FieldId::tcp_dst:
    case FieldId::udp_src:
    case FieldId::udp_dst:
    case FieldId::sctp_src:
    case FieldId::sctp_dst:
      return locate_ports(packet, field);
    case FieldId::icmp_type:
    case FieldId::icmp_code:
    case FieldId::icmpv6_type:
    case FieldId::icmpv6_code:
      return locate_icmp(packet, field);
    case FieldId::nd_target:
    case FieldId::nd_sll:
    case FieldId::nd_tll:
    case FieldId::nd_reserved:
    case FieldId::nd_options_type:
      return locate_nd(packet, field);
    default:
      return DropReason::unsupported_action;
  }
}

// The bits of the value that exist in the frame. In the key a VLAN's 0x1000 says that there is a tag; in the frame
// that bit is the drop eligible indicator, which stays as it is.
FieldValue frame_bits(const Field& field) {
  const FieldValue bits = all_bits(field);
  const bool has_tag_bit = field.id == FieldId::vlan_tci || field.id == FieldId::vlan_vid;
  return has_tag_bit ? bits & ~FieldValue{0, vlan_dei} : bits;
}

FieldValue load(const uint8_t* bytes, size_t size) {
  FieldValue value;
  for (size_t i = 0; i < size; ++i) {
    value.hi = value.hi << 8 | value.lo >> 56;
    value.lo = value.lo << 8 | bytes[i];
  }
  return value;
}

void store(FieldValue value, uint8_t* bytes, size_t size) {
  for (size_t i = size; i-- > 0;) {
    bytes[i] = static_cast<uint8_t>(value.lo);
    value.lo = value.lo >> 8 | value.hi << 56;
    value.hi >>= 8;
  }
}

Verdict write(EditedPacket& packet, const FieldPlace& place, FieldValue value, FieldValue mask) {
  std::array<uint8_t, 16> bytes;
  const FieldValue old = load(packet->data() + place.offset, place.size);
  store((old & ~mask) | value, bytes.data(), place.size);
  return write_and_fix(packet, place.offset, {bytes.data(), place.size}, place.covered);
}

Verdict set_mark(Packet& packet, const SetField& action) {
  const auto mask = static_cast<uint32_t>(action.mask.lo);
  packet.mark = (packet.mark & ~mask) | (static_cast<uint32_t>(action.value.lo) & mask);
  return keep;
}

// What the bytes behind it are hangs on this field.
bool names_what_follows(FieldId field) { return field == FieldId::eth_type || field == FieldId::ip_proto; }

// A promise about a header that will be called something else is kept first: nobody could keep it afterwards.
Verdict settle_offload(EditedPacket& packet) {
  if (packet->offload.is_gso()) {
    return DropReason::gso_unsupported;
  }
  return packet->offload.is_partial() ? finish_partial_checksum(*packet) : keep;
}

}  // namespace

Verdict set_field(EditedPacket& packet, const SetField& action) {
  if (action.field == FieldId::pkt_mark) {
    return set_mark(*packet, action);
  }
  const Location location = locate(packet, action.field);
  if (const auto* reason = std::get_if<DropReason>(&location)) {
    return *reason;
  }
  const auto* place = std::get_if<FieldPlace>(&location);
  if (place == nullptr) {
    return keep;
  }
  const FieldValue mask = action.mask & frame_bits(field(action.field));
  const auto write_it = [&] {
    return write(packet, *place, (action.value & mask) << place->shift, mask << place->shift);
  };
  if (!names_what_follows(action.field)) {
    return write_it();
  }
  if (const Verdict verdict = settle_offload(packet)) {
    return verdict;
  }
  const Verdict verdict = write_it();
  packet.headers_moved();
  return verdict;
}

}  // namespace weft::datapath
