#include "datapath/action/ttl.h"

#include <array>
#include <optional>

#include "datapath/action/checksum_fix.h"
#include "lib/packet/checksum.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/mpls.h"

namespace weft::datapath {
namespace {

constexpr size_t label_ttl = mpls_entry_bytes - 1;

// Where the header next behind the outermost label has its time to live.
struct InnerTtl {
  size_t offset;
  std::optional<size_t> ipv4;  // the header whose checksum covers it
};

std::optional<InnerTtl> find_inner_ttl(EditedPacket& packet) {
  const size_t label = packet.layers().mpls;
  const size_t next = label + mpls_entry_bytes;
  const auto frame = packet->bytes();
  if (!header_at<MplsEntry>(frame, label)->is_bottom()) {
    return header_at<MplsEntry>(frame, next) == nullptr ? std::nullopt
                                                        : std::optional(InnerTtl{next + label_ttl, std::nullopt});
  }
  const auto* v4 = header_at<Ipv4Header>(frame, next);
  if (v4 != nullptr && v4->version() == 4) {
    return InnerTtl{next + offsetof(Ipv4Header, ttl), next};
  }
  const auto* v6 = header_at<Ipv6Header>(frame, next);
  if (v6 != nullptr && v6->version() == 6) {
    return InnerTtl{next + offsetof(Ipv6Header, hop_limit), std::nullopt};
  }
  return std::nullopt;
}

// The checksum of IPv4 follows; that of what it carries does not cover the time to live.
void write_inner_ttl(Packet& packet, const InnerTtl& place, uint8_t ttl) {
  uint8_t* const at = packet.data() + place.offset;
  if (place.ipv4) {
    auto& ip = *header_at<Ipv4Header>(packet.bytes(), *place.ipv4);
    const std::array<uint8_t, 2> before{ip.ttl, ip.protocol};
    const std::array<uint8_t, 2> after{ttl, ip.protocol};
    ip.checksum = updated_checksum(ip.checksum, before, after);
  }
  *at = ttl;
}

}  // namespace

Verdict dec_mpls_ttl(EditedPacket& packet) {
  if (packet.layers().mpls == FrameLayers::absent) {
    return DropReason::no_mpls;
  }
  uint8_t& ttl = packet->data()[packet.layers().mpls + label_ttl];
  if (ttl < 2) {
    return DropReason::ttl_exceeded;
  }
  --ttl;
  return keep;
}

Verdict copy_ttl_out(EditedPacket& packet) {
  if (packet.layers().mpls == FrameLayers::absent) {
    return DropReason::no_mpls;
  }
  if (const auto inner = find_inner_ttl(packet)) {
    packet->data()[packet.layers().mpls + label_ttl] = packet->data()[inner->offset];
  }
  return keep;
}

Verdict copy_ttl_in(EditedPacket& packet) {
  if (packet.layers().mpls == FrameLayers::absent) {
    return DropReason::no_mpls;
  }
  if (const auto inner = find_inner_ttl(packet)) {
    write_inner_ttl(*packet, *inner, packet->data()[packet.layers().mpls + label_ttl]);
  }
  return keep;
}

Verdict dec_ttl(EditedPacket& packet) {
  const FrameLayers& layers = packet.layers();
  if (!layers.is_ip()) {
    return DropReason::not_this_protocol;
  }
  const bool is_v4 = layers.network == FrameLayers::Network::ipv4;
  const size_t offset = layers.l3 + (is_v4 ? offsetof(Ipv4Header, ttl) : offsetof(Ipv6Header, hop_limit));
  const uint8_t ttl = packet->data()[offset];
  if (ttl < 2) {
    return DropReason::ttl_exceeded;
  }
  const auto less = static_cast<uint8_t>(ttl - 1);
  return write_and_fix(packet, offset, {&less, 1}, is_v4 ? Covered::by_ip_header : Covered::by_nothing);
}

}  // namespace weft::datapath
