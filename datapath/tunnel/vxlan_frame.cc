#include "datapath/tunnel/vxlan_frame.h"

#include <cstring>
#include <span>

namespace weft::datapath {
namespace {

constexpr size_t max_datagram_bytes = 0xffff;

}  // namespace

VxlanFrame::VxlanFrame(const Encapsulation& to, const VxlanPath& path)
    : is_possible_(to.remote.is_v4()), has_checksum_(path.has_checksum) {
  headers_.ethernet = {path.dst, path.src, Be16{eth_type::ipv4}};
  headers_.ip.tos = to.tos;
  headers_.ip.flags_fragment = Be16{ipv4_dont_fragment};
  headers_.ip.ttl = to.ttl;
  headers_.ip.protocol = ip_protocol::udp;
  headers_.ip.src = path.local;
  headers_.ip.dst = is_possible_ ? to.remote.v4() : Ipv4Address{};
  headers_.udp.dst_port = Be16{path.dst_port};
  headers_.vxlan = VxlanHeader::make(to.key);
  ip_sum_.add({reinterpret_cast<const uint8_t*>(&headers_.ip), sizeof headers_.ip});
  udp_sum_ = pseudo_header_sum(headers_.ip.src, headers_.ip.dst, ip_protocol::udp, 0)
                 .add({reinterpret_cast<const uint8_t*>(&headers_.udp), sizeof headers_.udp + sizeof headers_.vxlan});
}

// The template goes into the packet whole, then what differs: small stores that nothing reads again soon.
Verdict VxlanFrame::push(Packet& packet, uint16_t src_port) const {
  const std::span<const uint8_t> inner = packet.bytes();
  const size_t datagram_bytes = ipv4_header_bytes + udp_header_bytes + vxlan_header_bytes + inner.size();
  if (!is_possible_) {
    return DropReason::tunnel_no_route;
  }
  if (datagram_bytes > max_datagram_bytes || packet.offload.is_gso()) {
    return DropReason::tunnel_mtu_exceeded;
  }
  uint8_t* const front = packet.push(sizeof headers_);
  if (front == nullptr) {
    return DropReason::no_buffer;
  }
  packet.offload.outer_count += packet.offload.is_partial() ? 1 : 0;
  std::memcpy(front, &headers_, sizeof headers_);
  auto& outer = *reinterpret_cast<Headers*>(front);
  const Be16 ip_bytes{static_cast<uint16_t>(datagram_bytes)};
  const Be16 udp_bytes{static_cast<uint16_t>(datagram_bytes - ipv4_header_bytes)};
  outer.ip.total_length = ip_bytes;
  outer.ip.checksum = InternetSum(ip_sum_).add(ip_bytes).checksum();
  outer.udp.src_port = Be16{src_port};
  outer.udp.length = udp_bytes;
  if (has_checksum_) {
    // The length counts twice: in the pseudo header and in UDP's own.
    const InternetSum sum = InternetSum(udp_sum_).add(outer.udp.src_port).add(udp_bytes).add(udp_bytes).add(inner);
    outer.udp.checksum = udp_checksum_or_ones(sum.checksum());
  }
  return keep;
}

}  // namespace weft::datapath
