#include "datapath/tunnel/stt_frame.h"

#include <cstring>

#include "datapath/offload/frame_layers.h"
#include "lib/base/hash.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {

namespace {

constexpr size_t max_l4_offset = 0xff;
constexpr uint16_t first_source_port = 49152;
constexpr uint16_t source_port_count = 16384;

// The flags that say which checksum is partial; 0: STT has no words for it.
uint8_t partial_flags(const Packet& packet) {
  const Offload& offload = packet.offload;
  if (offload.csum_start > max_l4_offset) {
    return 0;
  }
  constexpr uint8_t partial = SttHeader::flag_csum_partial;
  switch (offload.gso) {
    case Offload::Gso::tcp4:
      return partial | SttHeader::flag_tcp | SttHeader::flag_ipv4;
    case Offload::Gso::tcp6:
      return partial | SttHeader::flag_tcp;
    case Offload::Gso::udp_l4:
      return 0;
    case Offload::Gso::none:
      break;
  }
  const FrameLayers layers = find_layers(packet.bytes());
  if (!layers.has_l4() || layers.l4 != offload.csum_start || layers.is_fragment) {
    return 0;
  }
  const uint8_t family = layers.network == FrameLayers::Network::ipv4 ? SttHeader::flag_ipv4 : uint8_t{0};
  if (layers.ip_protocol == ip_protocol::tcp && offload.csum_offset == tcp_checksum_offset) {
    return partial | family | SttHeader::flag_tcp;
  }
  if (layers.ip_protocol == ip_protocol::udp && offload.csum_offset == udp_checksum_offset) {
    return partial | family;
  }
  return 0;
}

Offload offload_of(const SttHeader& header) {
  Offload offload;
  if ((header.flags & SttHeader::flag_csum_partial) == 0) {
    offload.checksum =
        (header.flags & SttHeader::flag_csum_verified) != 0 ? Offload::Checksum::verified : Offload::Checksum::none;
    return offload;
  }
  const bool is_tcp = (header.flags & SttHeader::flag_tcp) != 0;
  offload.checksum = Offload::Checksum::partial;
  offload.csum_start = header.l4_offset;
  offload.csum_offset = is_tcp ? tcp_checksum_offset : udp_checksum_offset;
  if (is_tcp && header.mss != Be16{}) {
    offload.gso = (header.flags & SttHeader::flag_ipv4) != 0 ? Offload::Gso::tcp4 : Offload::Gso::tcp6;
    offload.gso_size = header.mss.host();
  }
  return offload;
}

// CWR is the first segment's only, which whoever cuts has to be told.
bool has_cwr(std::span<const uint8_t> frame, const Offload& offload) {
  const auto* tcp = header_at<TcpHeader>(frame, offload.csum_start);
  return tcp != nullptr && (tcp->flags() & tcp_flag::cwr) != 0;
}

Verdict put_vlan_back(Packet& packet, uint16_t vlan) {
  if (packet.push(vlan_tag_bytes) == nullptr) {
    return DropReason::no_headroom;
  }
  uint8_t* frame = packet.data();
  std::memmove(frame, frame + vlan_tag_bytes, mac_pair_bytes);
  const VlanTag tag{Be16{eth_type::vlan}, Be16{static_cast<uint16_t>(vlan & ~SttHeader::vlan_is_valid)}};
  std::memcpy(frame + mac_pair_bytes, &tag, sizeof tag);
  return keep;
}

InternetSum pseudo_sum(const IpAddress& src, const IpAddress& dst, size_t size) {
  return src.is_v4() ? pseudo_header_sum(src.v4(), dst.v4(), ip_protocol::tcp, size)
                     : pseudo_header_sum(src.v6(), dst.v6(), ip_protocol::tcp, size);
}

// What the kernel has merged, or got whole from a host on the same machine, has the pseudo-header sum in the field: the
// kernel vouches for it. Anything else it hands over unseen.
bool is_checksum_good(const OuterHeader& outer, const TcpHeader& header, std::span<const uint8_t> tcp) {
  const InternetSum pseudo = pseudo_sum(outer.remote, outer.local, tcp.size());
  return header.checksum == pseudo.folded() || InternetSum(pseudo).add(tcp).checksum() == Be16{};
}

void write_ip(uint8_t* to, const SttOuter& outer, size_t payload_size) {
  if (outer.remote.is_v4()) {
    Ipv4Header ip;
    ip.tos = outer.tos;
    ip.total_length = Be16{static_cast<uint16_t>(ipv4_header_bytes + payload_size)};
    ip.id = Be16{outer.ip_id};
    ip.flags_fragment = Be16{outer.dont_fragment ? ipv4_dont_fragment : uint16_t{0}};
    ip.ttl = outer.ttl;
    ip.protocol = ip_protocol::tcp;
    ip.src = outer.local.v4();
    ip.dst = outer.remote.v4();
    std::memcpy(to, &ip, sizeof ip);
    ip.checksum = internet_checksum({to, sizeof ip});
    std::memcpy(to, &ip, sizeof ip);
    return;
  }
  Ipv6Header ip;
  ip.set_traffic_class(outer.tos);
  // RFC 6438: the flow label says for ECMP what the source port says.
  ip.set_flow_label(outer.src_port);
  ip.payload_length = Be16{static_cast<uint16_t>(payload_size)};
  ip.next_header = ip_protocol::tcp;
  ip.hop_limit = outer.ttl;
  ip.src = outer.local.v6();
  ip.dst = outer.remote.v6();
  std::memcpy(to, &ip, sizeof ip);
}

}  // namespace

Result<SttHeader, DropReason> make_stt_header(Packet& packet, uint64_t context_id) {
  SttHeader header;
  header.context_id = Be64{context_id};
  if (packet.offload.is_partial()) {
    header.flags = partial_flags(packet);
    if (header.flags != 0) {
      header.l4_offset = static_cast<uint8_t>(packet.offload.csum_start);
      header.mss = Be16{packet.offload.gso_size};
      return header;
    }
    if (packet.offload.is_gso()) {
      return Unexpected(DropReason::gso_unsupported);
    }
    if (const Verdict verdict = finish_partial_checksum(packet)) {
      return Unexpected(*verdict);
    }
    return header;
  }
  if (packet.offload.checksum == Offload::Checksum::verified) {
    header.flags = SttHeader::flag_csum_verified;
  }
  return header;
}

Result<uint64_t, DropReason> take_stt_header(Packet& packet) {
  const auto* at = header_at<SttHeader>(packet.bytes());
  if (at == nullptr || packet.size() < stt_header_bytes + ethernet_header_bytes) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  if (at->version != 0) {
    return Unexpected(DropReason::tunnel_bad_version);
  }
  const SttHeader header = *at;
  packet.offload = Offload{};
  packet.pull(stt_header_bytes);
  Offload offload = offload_of(header);
  const size_t field_end = size_t{offload.csum_start} + offload.csum_offset + sizeof(Be16);
  if (offload.is_partial() && (offload.csum_start < ethernet_header_bytes || field_end > packet.size())) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  offload.gso_ecn = offload.is_gso() && has_cwr(packet.bytes(), offload);
  packet.offload = offload;
  if ((header.vlan.host() & SttHeader::vlan_is_valid) != 0) {
    if (const Verdict verdict = put_vlan_back(packet, header.vlan.host())) {
      return Unexpected(*verdict);
    }
  }
  return header.context_id.host();
}

Result<SttSegment, DropReason> open_stt_segment(const OuterHeader& outer, std::span<const uint8_t> tcp) {
  const auto* header = header_at<TcpHeader>(tcp);
  if (header == nullptr) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  constexpr uint16_t never = tcp_flag::syn | tcp_flag::fin | tcp_flag::rst;
  if ((header->flags() & (never | tcp_flag::ack)) != tcp_flag::ack) {
    return Unexpected(DropReason::tunnel_bad_flags);
  }
  SttSegment segment;
  segment.frame = {outer.remote, outer.local, header->src_port.host(), header->acknowledgement.host()};
  segment.frame_size = stt_frame_size(header->sequence);
  segment.offset = stt_segment_offset(header->sequence);
  segment.tos = outer.tos;
  segment.ttl = outer.ttl;
  const size_t size = tcp.size() - tcp_header_bytes;
  if (header->header_bytes() != tcp_header_bytes || size == 0 ||
      segment.frame_size < stt_header_bytes + ethernet_header_bytes) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  if (segment.offset + size > segment.frame_size) {
    return Unexpected(DropReason::stt_bad_segment);
  }
  if (!is_checksum_good(outer, *header, tcp)) {
    return Unexpected(DropReason::stt_bad_checksum);
  }
  return segment;
}

size_t stt_outer_size(const IpAddress& remote) {
  return (remote.is_v4() ? ipv4_header_bytes : ipv6_header_bytes) + tcp_header_bytes;
}

void write_stt_outer(uint8_t* to, const SttOuter& outer, size_t frame_size, size_t offset, size_t size) {
  const size_t tcp_size = tcp_header_bytes + size;
  write_ip(to, outer, tcp_size);
  TcpHeader tcp;
  tcp.src_port = Be16{outer.src_port};
  tcp.dst_port = Be16{outer.dst_port};
  tcp.sequence = make_stt_sequence(static_cast<uint16_t>(frame_size), static_cast<uint16_t>(offset));
  tcp.acknowledgement = Be32{outer.frame_id};
  tcp.offset_flags = TcpHeader::make_offset_flags(tcp_header_bytes, tcp_flag::ack | tcp_flag::psh);
  tcp.window = Be16{0xffff};
  tcp.checksum = pseudo_sum(outer.local, outer.remote, tcp_size).folded();
  std::memcpy(to + stt_outer_size(outer.remote) - tcp_header_bytes, &tcp, sizeof tcp);
}

uint16_t stt_source_port(uint64_t flow_hash) {
  return static_cast<uint16_t>(first_source_port + hash_finish(flow_hash, 0) % source_port_count);
}

}  // namespace weft::datapath
