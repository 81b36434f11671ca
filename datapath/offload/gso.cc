#include "datapath/offload/gso.h"

#include <algorithm>
#include <cstring>

#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"

namespace weft::datapath {
namespace {

using Kind = HeaderPath::Kind;
using WritableBytes = std::span<uint8_t>;

constexpr size_t gre_checksum_offset = 4;  // RFC 2784

bool is_kind_of(Offload::Gso gso, const FrameLayers& layers) {
  switch (gso) {
    case Offload::Gso::tcp4:
      return layers.network == FrameLayers::Network::ipv4 && layers.ip_protocol == ip_protocol::tcp;
    case Offload::Gso::tcp6:
      return layers.network == FrameLayers::Network::ipv6 && layers.ip_protocol == ip_protocol::tcp;
    case Offload::Gso::udp_l4:
      return layers.ip_protocol == ip_protocol::udp;
    case Offload::Gso::none:
      return false;
  }
  return false;
}

size_t transport_header_size(std::span<const uint8_t> frame, const Offload& offload) {
  if (offload.gso == Offload::Gso::udp_l4) {
    return udp_header_bytes;
  }
  const auto* tcp = header_at<TcpHeader>(frame, offload.csum_start);
  return tcp == nullptr ? 0 : tcp->header_bytes();
}

// What the checksum of `header` covers beyond the headers: from `start` to the end of the frame.
InternetSum sum_from(std::span<const uint8_t> headers, size_t start, InternetSum payload_sum) {
  InternetSum sum;
  sum.add(headers.subspan(start));
  return (headers.size() - start) % 2 == 0 ? sum.add(payload_sum) : sum.add_at_odd_offset(payload_sum);
}

void finish_ipv4(WritableBytes headers, size_t offset) {
  auto& ip = *header_at<Ipv4Header>(headers, offset);
  ip.checksum = Be16{};
  ip.checksum = internet_checksum(headers.subspan(offset, ip.header_bytes()));
}

}  // namespace

Segmenter::Segmenter(const Packet& packet) : frame_(packet.bytes()), offload_(packet.offload), verdict_(check()) {}

Verdict Segmenter::check() {
  if (!offload_.is_gso() || offload_.gso_size == 0 || !offload_.is_partial()) {
    return DropReason::bad_vnet_header;
  }
  const auto path = find_header_path(frame_, offload_.csum_start);
  if (!path || !is_kind_of(offload_.gso, path->innermost)) {
    return DropReason::gso_unsupported;
  }
  const size_t l4_header = transport_header_size(frame_, offload_);
  header_size_ = offload_.csum_start + l4_header;
  const size_t least = offload_.gso == Offload::Gso::udp_l4 ? udp_header_bytes : tcp_header_bytes;
  if (l4_header < least || header_size_ > frame_.size()) {
    return DropReason::bad_vnet_header;
  }
  path_ = *path;
  const size_t payload_size = frame_.size() - header_size_;
  count_ = std::max<size_t>(1, (payload_size + offload_.gso_size - 1) / offload_.gso_size);
  return keep;
}

std::span<const uint8_t> Segmenter::payload(size_t piece) const {
  const auto all = frame_.subspan(header_size_);
  const size_t start = piece * offload_.gso_size;
  return all.subspan(start, std::min<size_t>(offload_.gso_size, all.size() - start));
}

void Segmenter::write_headers(size_t piece, uint8_t* to, InternetSum payload_sum) const {
  std::memcpy(to, frame_.data(), header_size_);
  const WritableBytes headers{to, header_size_};
  const size_t size = frame_size(piece);
  patch_transport(piece, headers, size);
  patch_lengths(piece, headers, size);
  finish_checksums(headers, size, payload_sum);
}

void Segmenter::patch_transport(size_t piece, WritableBytes headers, size_t size) const {
  if (offload_.gso == Offload::Gso::udp_l4) {
    header_at<UdpHeader>(headers, offload_.csum_start)->length =
        Be16{static_cast<uint16_t>(size - offload_.csum_start)};
    return;
  }
  auto& tcp = *header_at<TcpHeader>(headers, offload_.csum_start);
  tcp.sequence = Be32{static_cast<uint32_t>(tcp.sequence.host() + piece * offload_.gso_size)};
  uint16_t flags = tcp.flags();
  if (piece + 1 != count_) {
    flags = static_cast<uint16_t>(flags & ~(tcp_flag::fin | tcp_flag::psh));
  }
  if (piece != 0) {
    flags = static_cast<uint16_t>(flags & ~tcp_flag::cwr);
  }
  tcp.offset_flags = TcpHeader::make_offset_flags(tcp.header_bytes(), flags);
}

void Segmenter::patch_lengths(size_t piece, WritableBytes headers, size_t size) const {
  for (const auto [kind, offset] : path_.all()) {
    const size_t from_here = size - offset;
    switch (kind) {
      case Kind::ipv4: {
        auto& ip = *header_at<Ipv4Header>(headers, offset);
        ip.total_length = Be16{static_cast<uint16_t>(from_here)};
        ip.id = Be16{static_cast<uint16_t>(ip.id.host() + piece)};
        break;
      }
      case Kind::ipv6:
        header_at<Ipv6Header>(headers, offset)->payload_length =
            Be16{static_cast<uint16_t>(from_here - ipv6_header_bytes)};
        break;
      case Kind::udp:
        header_at<UdpHeader>(headers, offset)->length = Be16{static_cast<uint16_t>(from_here)};
        break;
      case Kind::gre:
        break;
    }
  }
}

// From the inside out, because an outer checksum covers the inner ones.
void Segmenter::finish_checksums(WritableBytes headers, size_t size, InternetSum payload_sum) const {
  const auto finish = [&](HeaderPath::Header ip, size_t final_dst, uint8_t protocol, size_t l4, size_t field) {
    store_be16(&headers[field], 0);
    const InternetSum pseudo =
        pseudo_header_sum(headers, {ip.kind == Kind::ipv4, ip.offset, final_dst}, protocol, size - l4);
    Be16 checksum = sum_from(headers, l4, payload_sum).add(pseudo).checksum();
    if (protocol == ip_protocol::udp) {
      checksum = udp_checksum_or_ones(checksum);
    }
    store_be16(&headers[field], checksum.host());
  };

  const auto path = path_.all();
  const bool is_udp = offload_.gso == Offload::Gso::udp_l4;
  finish(path.back(), path_.innermost.final_dst, is_udp ? ip_protocol::udp : ip_protocol::tcp, offload_.csum_start,
         offload_.csum_start + (is_udp ? udp_checksum_offset : tcp_checksum_offset));

  for (size_t i = path.size(); i-- > 0;) {
    const auto [kind, offset] = path[i];
    if (kind == Kind::ipv4) {
      finish_ipv4(headers, offset);
    } else if (kind == Kind::udp && header_at<UdpHeader>(headers, offset)->checksum != Be16{}) {
      // A tunnel's IPv6 header has no routing header that we would know: dst is final.
      const HeaderPath::Header ip = path[i - 1];
      finish(ip, ip.offset + offsetof(Ipv6Header, dst), ip_protocol::udp, offset, offset + udp_checksum_offset);
    } else if (kind == Kind::gre) {
      uint8_t* const field = &headers[offset + gre_checksum_offset];
      store_be16(field, 0);
      store_be16(field, sum_from(headers, offset, payload_sum).checksum().host());
    }
  }
}

PacketPtr make_piece(const Segmenter& segmenter, size_t piece, const Packet& packet, PacketPool& pool) {
  const auto payload = segmenter.payload(piece);
  PacketPtr cut = pool.allocate(segmenter.frame_size(piece));
  if (cut == nullptr) {
    return nullptr;
  }
  cut->set_size(segmenter.frame_size(piece));
  const InternetSum sum = copy_and_sum(cut->bytes().subspan(segmenter.header_size()), payload);
  segmenter.write_headers(piece, cut->data(), sum);
  cut->in_port = packet.in_port;
  cut->flow_hash = packet.flow_hash;
  cut->mark = packet.mark;
  cut->tunnel = packet.tunnel;
  cut->l2_5_offset = packet.l2_5_offset;
  cut->l3_offset = packet.l3_offset;
  cut->l4_offset = packet.l4_offset;
  return cut;
}

}  // namespace weft::datapath
