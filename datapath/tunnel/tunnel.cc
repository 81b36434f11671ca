#include "datapath/tunnel/tunnel.h"

#include "datapath/offload/frame_layers.h"
#include "lib/packet/checksum.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"

namespace weft::datapath {

namespace {

enum : uint8_t { not_ect = 0, ect_1 = 1, ect_0 = 2, congested = 3 };

// Both families keep version and the upper half of the class in the first 16 bits: the two ECN bits of IPv4 are in the
// second byte, those of IPv6 in its upper half.
struct EcnPlace {
  size_t word = 0;  // offset of the 16-bit word
  unsigned shift = 0;
  bool has_checksum = false;
};

std::optional<EcnPlace> find_ecn(std::span<const uint8_t> frame) {
  const FrameLayers layers = find_layers(frame);
  if (!layers.is_ip()) {
    return std::nullopt;
  }
  const bool is_v4 = layers.network == FrameLayers::Network::ipv4;
  return EcnPlace{layers.l3, is_v4 ? 0U : 4U, is_v4};
}

void set_ecn(std::span<uint8_t> frame, const EcnPlace& place, uint8_t ecn) {
  const Be16 before{load_be16(&frame[place.word])};
  const uint16_t cleared = static_cast<uint16_t>(before.host() & ~(ecn_mask << place.shift));
  const Be16 after{static_cast<uint16_t>(cleared | ecn << place.shift)};
  store_be16(&frame[place.word], after.host());
  if (place.has_checksum) {
    auto& ip = *header_at<Ipv4Header>(frame, place.word);
    ip.checksum = updated_checksum(ip.checksum, before, after);
  }
}

}  // namespace

Verdict decapsulate_ecn(std::span<uint8_t> inner_frame, uint8_t outer_tos) {
  const uint8_t outer = outer_tos & ecn_mask;
  if (outer != congested && outer != ect_1) {
    return keep;
  }
  const auto place = find_ecn(inner_frame);
  if (!place) {
    return keep;
  }
  const auto inner = static_cast<uint8_t>(load_be16(&inner_frame[place->word]) >> place->shift & ecn_mask);
  if (inner == not_ect) {
    return outer == congested ? Verdict(DropReason::tunnel_congestion) : keep;
  }
  if (outer == congested || inner == ect_0) {
    set_ecn(inner_frame, *place, outer);
  }
  return keep;
}

std::optional<InnerIp> find_inner_ip(const Packet& packet) {
  const auto frame = packet.bytes();
  size_t l3 = packet.l3_offset;
  if (l3 == Packet::unknown_offset) {
    // Not extracted: a packet-out, or no IP at all.
    const FrameLayers layers = find_layers(frame);
    if (!layers.is_ip()) {
      return std::nullopt;
    }
    l3 = layers.l3;
  }
  if (l3 + ipv4_header_bytes > frame.size()) {
    return std::nullopt;
  }
  if (frame[l3] >> 4 == 4) {
    const auto& ip = *header_at<Ipv4Header>(frame, l3);
    return InnerIp{ip.tos, ip.ttl};
  }
  if (frame[l3] >> 4 == 6) {
    return InnerIp{static_cast<uint8_t>(load_be16(&frame[l3]) >> 4), frame[l3 + 7]};
  }
  return std::nullopt;
}

Result<Encapsulation, DropReason> encapsulation_of(const TunnelSpec& spec, const Packet& packet) {
  const TunnelMetadata& flow = packet.tunnel;
  Encapsulation to;
  if (spec.remote) {
    to.remote = *spec.remote;
  } else if (flow.present && !flow.destination().is_unspecified()) {
    to.remote = flow.destination();
  } else {
    return Unexpected(DropReason::tunnel_no_destination);
  }
  if (spec.local) {
    to.local = spec.local;
  } else if (!spec.local_is_any && flow.present && !flow.source().is_unspecified()) {
    to.local = flow.source();
  }
  to.key = spec.out_key ? *spec.out_key : flow.present ? flow.id : 0;

  const auto inner = find_inner_ip(packet);
  const uint8_t inner_tos = inner ? inner->tos : uint8_t{0};
  to.tos = encapsulate_ecn(spec.tos.value_or(spec.tos_inherit ? inner_tos : uint8_t{0}), inner_tos);
  to.ttl = spec.ttl_inherit && inner ? inner->ttl : spec.ttl;
  return to;
}

TunnelMetadata metadata_of(const OuterHeader& outer, uint64_t key, uint16_t flags) {
  TunnelMetadata metadata;
  metadata.begin();
  metadata.id = key;
  metadata.flags = flags;
  metadata.tos = outer.tos;
  metadata.ttl = outer.ttl;
  metadata.set_source(outer.remote);
  metadata.set_destination(outer.local);
  return metadata;
}

}  // namespace weft::datapath
