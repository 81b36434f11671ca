#include "datapath/offload/gro.h"

#include <algorithm>
#include <cstring>

#include "datapath/offload/frame_layers.h"
#include "lib/base/hash.h"
#include "lib/packet/checksum.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/tcp.h"

namespace weft::datapath {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t max_ip_size = 65535;
constexpr uint16_t ending_flags = tcp_flag::fin | tcp_flag::psh;
constexpr uint16_t never_merged_flags = tcp_flag::syn | tcp_flag::rst | tcp_flag::urg | tcp_flag::cwr;

bool has_right_ip_header(Bytes frame, const FrameLayers& layers) {
  if (layers.network == FrameLayers::Network::ipv6) {
    return layers.l4 == layers.l3 + ipv6_header_bytes;  // no extension headers
  }
  return internet_checksum(frame.subspan(layers.l3, layers.l4 - layers.l3)) == Be16{};
}

uint64_t flow_of(Bytes frame, const FrameLayers& layers) {
  const bool is_v4 = layers.network == FrameLayers::Network::ipv4;
  const uint8_t* addresses = &frame[layers.l3 + (is_v4 ? offsetof(Ipv4Header, src) : offsetof(Ipv6Header, src))];
  uint64_t hash = load_be32(&frame[layers.l4]);
  for (size_t i = 0; i < (is_v4 ? 8U : 32U); i += 8) {
    hash = hash_add(hash, load_be64(addresses + i));
  }
  return hash;
}

// Of a segment without extension headers.
InternetSum tcp_pseudo_sum(Bytes frame, bool is_ipv4, size_t l3, size_t l4_size) {
  return pseudo_header_sum(frame, {is_ipv4, l3, l3 + offsetof(Ipv6Header, dst)}, ip_protocol::tcp, l4_size);
}

bool is_equal(Bytes a, Bytes b, size_t from, size_t to) { return std::memcmp(&a[from], &b[from], to - from) == 0; }

bool is_same_tunnel(const PacketTunnel& a, const PacketTunnel& b) {
  return a.present == b.present &&
         (!a.present || (a.id == b.id && a.src == b.src && a.dst == b.dst && a.flags == b.flags &&
                         a.gbp_id == b.gbp_id && a.gbp_flags == b.gbp_flags && a.tos == b.tos && a.ttl == b.ttl &&
                         a.is_ipv6 == b.is_ipv6 && a.options == b.options));
}

// All of the IP header but length, id and checksum.
bool is_equal_ip(Bytes a, Bytes b, size_t l3, size_t l4, bool is_ipv4) {
  if (!is_ipv4) {
    return is_equal(a, b, l3, l3 + offsetof(Ipv6Header, payload_length)) &&
           is_equal(a, b, l3 + offsetof(Ipv6Header, next_header), l4);
  }
  return is_equal(a, b, l3, l3 + offsetof(Ipv4Header, total_length)) &&
         is_equal(a, b, l3 + offsetof(Ipv4Header, flags_fragment), l3 + offsetof(Ipv4Header, checksum)) &&
         is_equal(a, b, l3 + offsetof(Ipv4Header, src), l4);
}

// All of the TCP header but sequence, checksum, FIN and PSH.
bool is_equal_tcp(Bytes a, Bytes b, size_t l4, size_t end) {
  const auto& first = *header_at<TcpHeader>(a, l4);
  const auto& second = *header_at<TcpHeader>(b, l4);
  const uint16_t different = first.offset_flags.host() ^ second.offset_flags.host();
  return (different & ~ending_flags) == 0 && first.acknowledgement == second.acknowledgement &&
         first.window == second.window && is_equal(a, b, l4 + offsetof(TcpHeader, urgent), end);
}

}  // namespace

Gro::Kind Gro::read_segment(Bytes frame, const Offload& offload, Segment& segment) {
  const FrameLayers layers = find_layers(frame);
  if (!layers.is_ip() || layers.ip_protocol != ip_protocol::tcp) {
    return Kind::not_tcp;
  }
  const auto* tcp = layers.has_l4() ? header_at<TcpHeader>(frame.first(layers.l3_end), layers.l4) : nullptr;
  if (tcp == nullptr || layers.is_fragment) {
    return Kind::unknown_flow;
  }
  segment.flow = flow_of(frame, layers);
  segment.l3 = layers.l3;
  segment.l4 = layers.l4;
  segment.header_size = static_cast<uint16_t>(layers.l4 + tcp->header_bytes());
  segment.end = layers.l3_end;
  segment.is_ipv4 = layers.network == FrameLayers::Network::ipv4;
  segment.is_partial =
      offload.is_partial() && offload.csum_start == layers.l4 && offload.csum_offset == tcp_checksum_offset;
  segment.is_last = (tcp->flags() & ending_flags) != 0;
  segment.sequence = tcp->sequence.host();
  segment.ip_id = segment.is_ipv4 ? header_at<Ipv4Header>(frame, layers.l3)->id.host() : uint16_t{0};
  const bool is_mergeable = !offload.is_gso() && (segment.is_partial || !offload.is_partial()) &&
                            tcp->header_bytes() >= tcp_header_bytes && segment.header_size < segment.end &&
                            (tcp->flags() & never_merged_flags) == 0 && (tcp->flags() & tcp_flag::ack) != 0 &&
                            has_right_ip_header(frame, layers);
  return is_mergeable ? Kind::mergeable : Kind::known_flow;
}

bool Gro::is_same_flow(const Held& held, const Segment& segment, const PacketTunnel& tunnel, PortId in_port) {
  return held.first.flow == segment.flow && held.packet->in_port == in_port &&
         is_same_tunnel(held.packet->tunnel, tunnel);
}

bool Gro::continues(const Held& held, Bytes frame, const Segment& segment) {
  const Bytes before = held.packet->bytes();
  const Segment& first = held.first;
  if (!held.is_open || held.segment_count == max_gso_segments || segment.sequence != held.next_sequence ||
      segment.l3 != first.l3 || segment.l4 != first.l4 || segment.header_size != first.header_size ||
      segment.is_ipv4 != first.is_ipv4 || segment.payload_size() > first.payload_size()) {
    return false;
  }
  const auto counted = static_cast<uint16_t>(held.last_ip_id + 1);
  const bool may_stand_still = first.is_ipv4 && header_at<Ipv4Header>(frame, segment.l3)->dont_fragment() &&
                               (held.segment_count == 1 || held.last_ip_id == first.ip_id);
  const bool is_id_in_order =
      !first.is_ipv4 || (segment.ip_id == counted && (held.segment_count == 1 || held.last_ip_id != first.ip_id)) ||
      (segment.ip_id == held.last_ip_id && may_stand_still);
  return is_id_in_order && is_equal(before, frame, 0, first.l3) &&
         is_equal_ip(before, frame, first.l3, first.l4, first.is_ipv4) &&
         is_equal_tcp(before, frame, first.l4, first.header_size);
}

bool Gro::merge(Bytes frame, const Offload& offload, const PacketTunnel& tunnel, PortId in_port) {
  Segment segment;
  if (read_segment(frame, offload, segment) != Kind::mergeable) {
    return false;
  }
  for (Held& held : held_) {
    if (held.packet != nullptr && is_same_flow(held, segment, tunnel, in_port)) {
      return continues(held, frame, segment) && append(held, frame, segment);
    }
  }
  return false;
}

// A first segment came in a buffer of its own size; the first merge moves it to a large one.
bool Gro::has_room(Held& held, size_t size) {
  Packet& packet = *held.packet;
  if (packet.size() - held.first.l3 + size > max_ip_size) {
    return false;
  }
  if (packet.tailroom() >= size) {
    return true;
  }
  PacketPtr large = packet.is_large() ? nullptr : pool_.allocate(PacketPool::large_room);
  if (large == nullptr) {
    return false;
  }
  large->set_size(packet.size());
  std::memcpy(large->data(), packet.data(), packet.size());
  large->offload = packet.offload;
  large->in_port = packet.in_port;
  large->mark = packet.mark;
  large->tunnel = packet.tunnel;
  held.packet = std::move(large);
  return true;
}

bool Gro::append(Held& held, Bytes frame, const Segment& segment) {
  const auto is_right = [](Bytes bytes, const Segment& s, InternetSum payload_sum) {
    InternetSum sum = tcp_pseudo_sum(bytes, s.is_ipv4, s.l3, s.end - s.l4);
    sum.add(bytes.subspan(s.l4, s.header_size - s.l4)).add(payload_sum);
    return sum.checksum() == Be16{};
  };
  const auto needs_check = [](const Segment& s, const Offload& offload) {
    return !s.is_partial && offload.checksum != Offload::Checksum::verified;
  };
  if (held.segment_count == 1 && needs_check(held.first, held.packet->offload)) {
    const Bytes bytes = held.packet->bytes();
    const Bytes payload = bytes.subspan(held.first.header_size, held.first.payload_size());
    if (!is_right(bytes, held.first, InternetSum().add(payload))) {
      held.is_open = false;
      return false;
    }
  }
  const Bytes payload = frame.subspan(segment.header_size, segment.payload_size());
  if (!has_room(held, payload.size())) {
    held.is_open = false;
    return false;
  }
  Packet& packet = *held.packet;
  if (held.segment_count == 1) {
    packet.trim(held.first.end);
  }
  const size_t before = packet.size();
  const InternetSum sum = copy_and_sum({packet.append(payload.size()), payload.size()}, payload);
  if (!segment.is_partial && !is_right(frame, segment, sum)) {
    packet.trim(before);
    held.is_open = false;
    return false;
  }
  auto& tcp = *header_at<TcpHeader>(packet.bytes(), held.first.l4);
  const uint16_t flags = header_at<TcpHeader>(frame, segment.l4)->flags();
  tcp.offset_flags = TcpHeader::make_offset_flags(tcp.header_bytes(), tcp.flags() | (flags & ending_flags));
  held.is_open = !segment.is_last && segment.payload_size() == held.first.payload_size();
  held.next_sequence += static_cast<uint32_t>(payload.size());
  held.last_ip_id = segment.ip_id;
  ++held.segment_count;
  return true;
}

Gro::Held& Gro::place_to_hold() {
  return *std::min_element(held_.begin(), held_.end(), [](const Held& a, const Held& b) {
    return (a.packet == nullptr ? 0 : a.age) < (b.packet == nullptr ? 0 : b.age);
  });
}

void Gro::hold(Held& place, const Segment& segment, PacketPtr packet) {
  place.first = segment;
  place.next_sequence = static_cast<uint32_t>(segment.sequence + segment.payload_size());
  place.segment_count = 1;
  place.last_ip_id = segment.ip_id;
  place.is_open = !segment.is_last;
  place.age = ++clock_;
  place.packet = std::move(packet);
}

// A frame of several segments becomes a GSO frame; one that stayed alone leaves as it came.
PacketPtr Gro::release(Held& held) {
  PacketPtr packet = std::move(held.packet);
  if (held.segment_count == 1) {
    return packet;
  }
  const Segment& first = held.first;
  const auto bytes = packet->bytes();
  if (first.is_ipv4) {
    auto& ip = *header_at<Ipv4Header>(bytes, first.l3);
    ip.total_length = Be16{static_cast<uint16_t>(bytes.size() - first.l3)};
    ip.checksum = Be16{};
    ip.checksum = internet_checksum(bytes.subspan(first.l3, first.l4 - first.l3));
  } else {
    header_at<Ipv6Header>(bytes, first.l3)->payload_length =
        Be16{static_cast<uint16_t>(bytes.size() - first.l3 - ipv6_header_bytes)};
  }
  header_at<TcpHeader>(bytes, first.l4)->checksum =
      tcp_pseudo_sum(bytes, first.is_ipv4, first.l3, bytes.size() - first.l4).folded();

  Offload& offload = packet->offload;
  offload.checksum = Offload::Checksum::partial;
  offload.csum_start = first.l4;
  offload.csum_offset = tcp_checksum_offset;
  offload.gso = first.is_ipv4 ? Offload::Gso::tcp4 : Offload::Gso::tcp6;
  offload.gso_size = static_cast<uint16_t>(first.payload_size());
  offload.hdr_len = first.header_size;
  return packet;
}

}  // namespace weft::datapath
