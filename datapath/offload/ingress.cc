#include "datapath/offload/ingress.h"

#include <cassert>

#include "datapath/offload/frame_layers.h"
#include "datapath/offload/header_path.h"
#include "lib/packet/checksum.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/mpls.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

constexpr uint8_t unknown_depth = 254;

// The layer spoken of is not the outermost L4 header: count the tunnels before it.
uint8_t depth_of(const Packet& packet) {
  const auto path = find_header_path(packet.bytes(), packet.offload.csum_start);
  return path ? path->tunnel_count : unknown_depth;
}

// Where the payload begins that is to be cut; 0: the header that should be there is not.
size_t payload_offset(const Packet& packet) {
  const Offload& offload = packet.offload;
  if (offload.gso == Offload::Gso::udp_l4) {
    return offload.csum_offset == udp_checksum_offset ? offload.csum_start + udp_header_bytes : 0;
  }
  const auto* tcp = header_at<TcpHeader>(packet.bytes(), offload.csum_start);
  if (tcp == nullptr || offload.csum_offset != tcp_checksum_offset || tcp->header_bytes() < tcp_header_bytes) {
    return 0;
  }
  return offload.csum_start + tcp->header_bytes();
}

Verdict check_gso(Packet& packet) {
  Offload& offload = packet.offload;
  const size_t headers = payload_offset(packet);
  if (offload.gso_size == 0 || headers == 0 || headers > packet.size() || headers > 0xffff) {
    return DropReason::bad_vnet_header;
  }
  // One piece: nothing to cut. In a tunnel of the guest's own it stays what it is, because cutting also finishes the
  // tunnel's checksum.
  if (packet.size() - headers <= offload.gso_size && offload.csum_start == packet.l4_offset) {
    offload.gso = Offload::Gso::none;
    offload.gso_ecn = false;
    offload.gso_size = 0;
    offload.hdr_len = 0;
    return keep;
  }
  offload.hdr_len = static_cast<uint16_t>(headers);
  return packet.gso_segments() <= max_gso_segments ? keep : Verdict{DropReason::bad_vnet_header};
}

// Of what may stand before an IP header that extraction does not find: two tags, SNAP and an I-TAG; three labels.
constexpr size_t max_link_header = ethernet_header_bytes + 2 * vlan_tag_bytes + sizeof(LlcSnapHeader) + 4;
constexpr size_t max_known_labels = 3 * mpls_entry_bytes;

// Whether the key was read from nothing that finishing the checksum will write to. A guest whose sum is stored over an
// address or a port would be let through as one that it is not.
bool leaves_key_alone(const Packet& packet) {
  const size_t start = packet.offload.csum_start;
  if (packet.l3_offset == Packet::unknown_offset) {
    return start >=
           (packet.l2_5_offset == Packet::unknown_offset ? max_link_header : packet.l2_5_offset + max_known_labels);
  }
  if (packet.l4_offset == Packet::unknown_offset || start < packet.l4_offset) {
    return false;
  }
  const L4Checksum checksum = find_l4_checksum(packet, find_layers(packet.bytes()));
  if (checksum.state == L4Checksum::State::none) {
    return true;  // of this protocol the key knows nothing
  }
  // At the header itself, its checksum field; beyond it only in what UDP carries.
  return start == packet.l4_offset ? checksum.state == L4Checksum::State::partial
                                   : checksum.is_udp && start >= packet.l4_offset + udp_header_bytes;
}

Be16 l4_pseudo_sum(std::span<const uint8_t> frame, const FrameLayers& layers) {
  return pseudo_header_sum(frame, pseudo_header_place(layers), layers.ip_protocol, layers.l3_end - layers.l4).folded();
}

void mark_partial(Packet& packet, const FrameLayers& layers, const L4Checksum& checksum) {
  packet.trim(layers.l3_end);  // the sum to finish runs to the end of the frame, where padding has no place
  packet.offload.checksum = Offload::Checksum::partial;
  packet.offload.csum_start = layers.l4;
  packet.offload.csum_offset = static_cast<uint16_t>(checksum.field - layers.l4);
}

// Replaces a right full checksum by the pseudo-header sum. False: it was wrong.
bool make_partial(Packet& packet, const FrameLayers& layers, const L4Checksum& checksum) {
  if (checksum.state == L4Checksum::State::partial) {
    return true;
  }
  if (checksum.state != L4Checksum::State::full) {
    return false;
  }
  const Be16 pseudo = l4_pseudo_sum(packet.bytes(), layers);
  const auto l4 = packet.bytes().subspan(layers.l4, layers.l3_end - layers.l4);
  if (packet.offload.checksum != Offload::Checksum::verified &&
      InternetSum().add(l4).add(pseudo).checksum() != Be16{}) {
    return false;
  }
  store_be16(packet.data() + checksum.field, pseudo.host());
  mark_partial(packet, layers, checksum);
  return true;
}

}  // namespace

Verdict check_offload(Packet& packet) {
  Offload& offload = packet.offload;
  if (!offload.is_partial()) {
    if (offload.is_gso()) {
      return DropReason::bad_vnet_header;
    }
    return keep;
  }
  const size_t field_size = offload.csum_offset == 8 ? sizeof(uint32_t) : sizeof(uint16_t);
  if (size_t{offload.csum_start} + offload.csum_offset + field_size > packet.size()) {
    return DropReason::bad_checksum_offset;
  }
  if (!leaves_key_alone(packet)) {
    return DropReason::bad_vnet_header;
  }
  if (offload.is_gso()) {
    if (const Verdict verdict = check_gso(packet)) {
      return verdict;
    }
  }
  offload.outer_count = offload.csum_start == packet.l4_offset ? uint8_t{0} : depth_of(packet);
  return keep;
}

void detect_partial_checksum(Packet& packet) {
  const FrameLayers layers = find_layers(packet.bytes());
  const L4Checksum checksum = find_l4_checksum(packet, layers);
  if (layers.is_fragment || checksum.state != L4Checksum::State::full || !checksum.has_pseudo_header) {
    return;
  }
  if (l4_pseudo_sum(packet.bytes(), layers).host() == load_be16(packet.data() + checksum.field)) {
    mark_partial(packet, layers, checksum);
  }
}

void promote_to_gso(Packet& packet, size_t inner_mtu) {
  const FrameLayers layers = find_layers(packet.bytes());
  if (packet.offload.is_gso() || !layers.has_l4() || layers.is_fragment || layers.ip_protocol != ip_protocol::tcp ||
      layers.l3_end - layers.l3 <= inner_mtu) {
    return;
  }
  const auto* tcp = header_at<TcpHeader>(packet.bytes(), layers.l4);
  if (tcp == nullptr || tcp->header_bytes() < tcp_header_bytes) {
    return;
  }
  const size_t hdr_len = layers.l4 + tcp->header_bytes();
  const size_t ip_headers = hdr_len - layers.l3;
  if (hdr_len > layers.l3_end || ip_headers >= inner_mtu ||
      !make_partial(packet, layers, find_l4_checksum(packet, layers))) {
    return;
  }
  packet.offload.gso = layers.network == FrameLayers::Network::ipv4 ? Offload::Gso::tcp4 : Offload::Gso::tcp6;
  packet.offload.gso_size = static_cast<uint16_t>(inner_mtu - ip_headers);
  packet.offload.hdr_len = static_cast<uint16_t>(hdr_len);
}

bool is_unfinished_udp(std::span<const uint8_t> frame) {
  const FrameLayers layers = find_layers(frame);
  const auto* udp = layers.has_l4() ? header_at<UdpHeader>(frame, layers.l4) : nullptr;
  return udp != nullptr && layers.ip_protocol == ip_protocol::udp && !layers.is_fragment &&
         layers.l3_end == frame.size() && udp->checksum == l4_pseudo_sum(frame, layers);
}

void promote_udp_to_gso(Packet& packet, uint16_t gso_size) {
  assert(packet.offload.is_partial() && "an unfinished checksum was detected");
  packet.offload.gso = Offload::Gso::udp_l4;
  packet.offload.gso_size = gso_size;
  packet.offload.hdr_len = static_cast<uint16_t>(packet.offload.csum_start + udp_header_bytes);
}

}  // namespace weft::datapath
