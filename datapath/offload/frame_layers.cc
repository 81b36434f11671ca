#include "datapath/offload/frame_layers.h"

#include "lib/packet/arp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/pbb.h"
#include "lib/packet/sctp.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

using Bytes = std::span<const uint8_t>;

// A layer that begins there can be told by an offset of 16 bits.
bool is_in_reach(size_t offset) { return offset < FrameLayers::absent; }

void find_ipv4(Bytes frame, size_t offset, FrameLayers& layers) {
  const auto* ip = header_at<Ipv4Header>(frame, offset);
  if (ip == nullptr || ip->version() != 4 || ip->header_bytes() < ipv4_header_bytes ||
      !is_in_reach(offset + ip->header_bytes())) {
    return;
  }
  const size_t total = ip->total_length.host();
  if (total < ip->header_bytes() || offset + total > frame.size()) {
    return;
  }
  layers.network = FrameLayers::Network::ipv4;
  layers.l3 = static_cast<uint16_t>(offset);
  layers.l3_end = static_cast<uint32_t>(offset + total);
  layers.ip_protocol = ip->protocol;
  layers.protocol_at = static_cast<uint16_t>(offset + offsetof(Ipv4Header, protocol));
  layers.is_fragment = ip->is_fragment();
  layers.is_later_fragment = ip->is_later_fragment();
  if (!layers.is_later_fragment && offset + ip->header_bytes() < layers.l3_end) {
    layers.l4 = static_cast<uint16_t>(offset + ip->header_bytes());
  }
}

// Types 0 (RFC 2460), 2 (RFC 6275) and 3, 4 (segment routing, RFC 8754: the list is in reverse).
void read_routing_header(Bytes frame, size_t offset, size_t size, FrameLayers& layers) {
  const uint8_t type = frame[offset + 2];
  const uint8_t segments_left = frame[offset + 3];
  if (segments_left == 0 || size < 8 + sizeof(Ipv6Address)) {
    return;
  }
  layers.has_route_ahead = true;
  const size_t last = type == 4 ? offset + 8 : offset + size - sizeof(Ipv6Address);
  layers.final_dst = static_cast<uint16_t>(last);
}

// What extraction steps over too (lib/flow/ipv6_chain.h); mobility, HIP and shim6 are protocols of their own there.
bool is_stepped_over(uint8_t protocol) { return is_ipv6_extension(protocol) && protocol < ip_protocol::mobility; }

size_t extension_size(uint8_t protocol, const Ipv6ExtensionHeader& header) {
  switch (protocol) {
    case ip_protocol::fragment:
      return ipv6_fragment_header_bytes;
    case ip_protocol::ah:
      return header.ah_header_bytes();
    default:
      return header.header_bytes();
  }
}

void find_ipv6_payload(Bytes frame, FrameLayers& layers) {
  size_t at = layers.l3 + ipv6_header_bytes;
  while (is_stepped_over(layers.ip_protocol)) {
    const auto* header = header_at<Ipv6ExtensionHeader>(frame, at);
    if (header == nullptr || at + extension_size(layers.ip_protocol, *header) > layers.l3_end) {
      return;
    }
    const size_t size = extension_size(layers.ip_protocol, *header);
    if (!is_in_reach(at + size)) {
      return;
    }
    if (layers.ip_protocol == ip_protocol::routing) {
      read_routing_header(frame, at, size, layers);
    } else if (layers.ip_protocol == ip_protocol::fragment) {
      const auto& fragment = *header_at<Ipv6FragmentHeader>(frame, at);
      layers.is_later_fragment = fragment.fragment_offset() != 0;
      layers.is_fragment = layers.is_later_fragment || fragment.more_fragments();
    }
    layers.ip_protocol = header->next_header;
    layers.protocol_at = static_cast<uint16_t>(at);
    at += size;
    if (layers.is_later_fragment) {
      return;
    }
  }
  if (at < layers.l3_end) {
    layers.l4 = static_cast<uint16_t>(at);
  }
}

void find_ipv6(Bytes frame, size_t offset, FrameLayers& layers) {
  const auto* ip = header_at<Ipv6Header>(frame, offset);
  if (ip == nullptr || ip->version() != 6 || !is_in_reach(offset + ipv6_header_bytes)) {
    return;
  }
  const size_t end = offset + ipv6_header_bytes + ip->payload_length.host();
  if (end > frame.size()) {
    return;
  }
  layers.network = FrameLayers::Network::ipv6;
  layers.l3 = static_cast<uint16_t>(offset);
  layers.l3_end = static_cast<uint32_t>(end);
  layers.ip_protocol = ip->next_header;
  layers.protocol_at = static_cast<uint16_t>(offset + offsetof(Ipv6Header, next_header));
  layers.final_dst = static_cast<uint16_t>(offset + offsetof(Ipv6Header, dst));
  find_ipv6_payload(frame, layers);
}

void find_arp(Bytes frame, size_t offset, FrameLayers& layers) {
  const auto* arp = header_at<ArpHeader>(frame, offset);
  if (arp != nullptr && arp->is_ethernet_ipv4() && is_in_reach(offset)) {
    layers.network = FrameLayers::Network::arp;
    layers.l3 = static_cast<uint16_t>(offset);
    layers.l3_end = static_cast<uint32_t>(offset + arp_header_bytes);
  }
}

// As many as Linux steps over.
constexpr uint16_t max_vlan_count = 8;

// The EtherType at `at` and what it announces; steps over tags and a SNAP header. A tag is one, here as in the key, when
// the type behind it is there too.
void find_payload(Bytes frame, size_t at, FrameLayers& layers) {
  for (; at + sizeof(Be16) <= frame.size(); at += vlan_tag_bytes) {
    layers.eth_type = load_be16(&frame[at]);
    layers.eth_type_at = is_in_reach(at) ? static_cast<uint16_t>(at) : FrameLayers::absent;
    const bool is_whole = at + sizeof(Be16) + vlan_tag_bytes <= frame.size();
    if (!eth_type::is_vlan(layers.eth_type) || layers.vlan_count == max_vlan_count || !is_whole) {
      break;
    }
    ++layers.vlan_count;
  }
  at += sizeof(Be16);
  if (layers.eth_type < eth_type::min) {
    const auto* snap = header_at<LlcSnapHeader>(frame, at);
    if (snap == nullptr || !snap->is_snap()) {
      return;
    }
    if (snap->type.host() < eth_type::min) {
      return;
    }
    layers.eth_type = snap->type.host();
    at += sizeof(LlcSnapHeader);
    layers.eth_type_at = is_in_reach(at) ? static_cast<uint16_t>(at - sizeof(Be16)) : FrameLayers::absent;
  }
  switch (layers.eth_type) {
    case eth_type::ipv4:
      return find_ipv4(frame, at, layers);
    case eth_type::ipv6:
      return find_ipv6(frame, at, layers);
    case eth_type::arp:
    case eth_type::rarp:
      return find_arp(frame, at, layers);
    case eth_type::mpls:
    case eth_type::mpls_multicast:
      if (at + sizeof(uint32_t) <= frame.size() && is_in_reach(at)) {
        layers.mpls = static_cast<uint16_t>(at);
      }
      return;
    case eth_type::pbb:
      if (at + pbb_tag_bytes + mac_pair_bytes <= frame.size() && is_in_reach(at)) {
        layers.pbb = static_cast<uint16_t>(at);
      }
      return;
    default:
      return;
  }
}

// Offset of the checksum field in the L4 header, and whether a pseudo-header is part of the sum.
struct ChecksumPlace {
  uint16_t offset;
  bool has_pseudo_header;
};

constexpr ChecksumPlace no_checksum{FrameLayers::absent, false};

ChecksumPlace checksum_place(const FrameLayers& layers) {
  switch (layers.ip_protocol) {
    case ip_protocol::tcp:
      return {tcp_checksum_offset, true};
    case ip_protocol::udp:
    case ip_protocol::udplite:
      return {udp_checksum_offset, true};
    case ip_protocol::icmp:
      return layers.network == FrameLayers::Network::ipv4 ? ChecksumPlace{icmp_checksum_offset, false} : no_checksum;
    case ip_protocol::icmpv6:
      return layers.network == FrameLayers::Network::ipv6 ? ChecksumPlace{icmp_checksum_offset, true} : no_checksum;
    case ip_protocol::sctp:
      return {sctp_checksum_offset, false};
    default:
      return no_checksum;
  }
}

L4Checksum::State state_of(const Packet& packet, uint16_t l4, uint16_t offset, const L4Checksum& place) {
  using enum L4Checksum::State;
  const Offload& offload = packet.offload;
  if (offload.is_partial() && offload.csum_start == l4 && offload.csum_offset == offset) {
    return partial;
  }
  if (place.is_udp && load_be16(packet.data() + place.field) == 0) {
    return absent;
  }
  // The frame will be cut at a deeper layer: every piece gets an outer sum of its own then, and until then the field
  // holds the pseudo-header's.
  return offload.is_gso() && offload.csum_start > l4 ? partial : full;
}

}  // namespace

FrameLayers find_layers(Bytes frame, size_t offset) {
  FrameLayers layers;
  find_payload(frame, offset + mac_pair_bytes, layers);
  return layers;
}

FrameLayers find_ip_layers(Bytes frame, size_t offset) {
  FrameLayers layers;
  if (offset < frame.size()) {
    const bool is_v6 = frame[offset] >> 4 == 6;
    layers.eth_type = is_v6 ? eth_type::ipv6 : eth_type::ipv4;
    is_v6 ? find_ipv6(frame, offset, layers) : find_ipv4(frame, offset, layers);
  }
  return layers;
}

L4Checksum find_l4_checksum(const Packet& packet, const FrameLayers& layers) {
  if (!layers.has_l4()) {
    return {};
  }
  const ChecksumPlace place = checksum_place(layers);
  const bool is_sctp = layers.ip_protocol == ip_protocol::sctp;
  const size_t field_size = is_sctp ? sizeof(uint32_t) : sizeof(uint16_t);
  if (place.offset == FrameLayers::absent || layers.l4 + place.offset + field_size > layers.l3_end) {
    return {};
  }
  L4Checksum found;
  found.field = static_cast<uint16_t>(layers.l4 + place.offset);
  found.has_pseudo_header = place.has_pseudo_header;
  found.is_udp = layers.ip_protocol == ip_protocol::udp;
  found.state = state_of(packet, layers.l4, place.offset, found);
  if (is_sctp && found.state == L4Checksum::State::full) {
    found.state = L4Checksum::State::crc;
  }
  return found;
}

InternetSum pseudo_header_sum(Bytes frame, const PseudoHeaderPlace& place, uint8_t protocol, size_t l4_size) {
  if (place.is_ipv4) {
    const auto& ip = *header_at<Ipv4Header>(frame, place.offset);
    return pseudo_header_sum(ip.src, ip.dst, protocol, l4_size);
  }
  const auto& ip = *header_at<Ipv6Header>(frame, place.offset);
  return pseudo_header_sum(ip.src, *header_at<Ipv6Address>(frame, place.final_dst), protocol, l4_size);
}

}  // namespace weft::datapath
