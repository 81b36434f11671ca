#include "utilities/ofctl/captured_segment.h"

#include <algorithm>

#include "lib/flow/ipv6_chain.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/tcp.h"

namespace weft::ofctl {
namespace {

// `payload_bytes`: nothing where the length was left to the device.
std::span<const uint8_t> behind(std::span<const uint8_t> packet, size_t header_bytes,
                                std::optional<size_t> payload_bytes) {
  const auto payload = packet.subspan(header_bytes);
  return payload.first(std::min(payload.size(), payload_bytes.value_or(payload.size())));
}

// Sets the addresses; what is behind IP, if that is TCP.
std::optional<std::span<const uint8_t>> read_ipv4(std::span<const uint8_t> packet, CapturedSegment& found) {
  const auto* ip = header_at<Ipv4Header>(packet);
  if (ip == nullptr || ip->version() != 4 || ip->header_bytes() < ipv4_header_bytes ||
      ip->header_bytes() > packet.size() || ip->is_fragment() || ip->protocol != ip_protocol::tcp) {
    return std::nullopt;
  }
  found.src = ip->src;
  found.dst = ip->dst;
  const size_t total = ip->total_length.host();
  if (total == 0) {
    return behind(packet, ip->header_bytes(), std::nullopt);
  }
  return behind(packet, ip->header_bytes(), total - std::min(total, ip->header_bytes()));
}

std::optional<std::span<const uint8_t>> read_ipv6(std::span<const uint8_t> packet, CapturedSegment& found) {
  const auto* ip = header_at<Ipv6Header>(packet);
  if (ip == nullptr) {
    return std::nullopt;
  }
  const size_t length = ip->payload_length.host();
  const auto payload = behind(packet, ipv6_header_bytes, length == 0 ? std::nullopt : std::optional(length));
  const auto chain = walk_ipv6_chain(payload, ip->next_header);
  if (!chain || chain->protocol != ip_protocol::tcp || chain->fragment != 0) {
    return std::nullopt;
  }
  found.src = ip->src;
  found.dst = ip->dst;
  return payload.subspan(chain->size);
}

}  // namespace

std::optional<CapturedSegment> parse_segment(std::span<const uint8_t> packet) {
  CapturedSegment found;
  const bool is_ipv6 = !packet.empty() && packet[0] >> 4 == 6;
  const auto payload = is_ipv6 ? read_ipv6(packet, found) : read_ipv4(packet, found);
  if (!payload) {
    return std::nullopt;
  }
  const auto* tcp = header_at<TcpHeader>(*payload);
  if (tcp == nullptr || tcp->header_bytes() < tcp_header_bytes || tcp->header_bytes() > payload->size()) {
    return std::nullopt;
  }
  found.src_port = tcp->src_port.host();
  found.dst_port = tcp->dst_port.host();
  found.segment = {tcp->sequence.host(), (tcp->flags() & tcp_flag::syn) != 0, payload->subspan(tcp->header_bytes())};
  return found;
}

}  // namespace weft::ofctl
