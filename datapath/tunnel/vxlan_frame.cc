#include "datapath/tunnel/vxlan_frame.h"

#include <cstring>

#include "lib/packet/checksum.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/udp.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {
namespace {

struct OuterHeaders {
  EthernetHeader ethernet;
  Ipv4Header ip;
  UdpHeader udp;
  VxlanHeader vxlan;
};
static_assert(sizeof(OuterHeaders) == 50);

constexpr size_t max_datagram_bytes = 0xffff;

}  // namespace

Verdict push_vxlan(Packet& packet, const Encapsulation& to, const VxlanPath& path) {
  const size_t datagram_bytes = ipv4_header_bytes + udp_header_bytes + vxlan_header_bytes + packet.size();
  if (!to.remote.is_v4()) {
    return DropReason::tunnel_no_route;
  }
  if (datagram_bytes > max_datagram_bytes || packet.offload.is_gso()) {
    return DropReason::tunnel_mtu_exceeded;
  }
  uint8_t* const front = packet.push(sizeof(OuterHeaders));
  if (front == nullptr) {
    return DropReason::no_buffer;
  }
  packet.offload.outer_count += packet.offload.is_partial() ? 1 : 0;
  const auto udp_bytes = static_cast<uint16_t>(datagram_bytes - ipv4_header_bytes);
  OuterHeaders outer;
  outer.ethernet = {path.dst, path.src, Be16{eth_type::ipv4}};
  outer.ip.tos = to.tos;
  outer.ip.total_length = Be16{static_cast<uint16_t>(datagram_bytes)};
  outer.ip.flags_fragment = Be16{ipv4_dont_fragment};
  outer.ip.ttl = to.ttl;
  outer.ip.protocol = ip_protocol::udp;
  outer.ip.src = path.local;
  outer.ip.dst = to.remote.v4();
  outer.ip.checksum = internet_checksum({reinterpret_cast<const uint8_t*>(&outer.ip), sizeof outer.ip});
  outer.udp = {Be16{path.src_port}, Be16{path.dst_port}, Be16{udp_bytes}, Be16{}};
  outer.vxlan = VxlanHeader::make(to.key);
  std::memcpy(front, &outer, sizeof outer);
  if (path.has_checksum) {
    const size_t udp_at = sizeof(EthernetHeader) + ipv4_header_bytes;
    const Be16 sum = pseudo_header_sum(outer.ip.src, outer.ip.dst, ip_protocol::udp, udp_bytes)
                         .add(packet.bytes().subspan(udp_at))
                         .checksum();
    outer.udp.checksum = udp_checksum_or_ones(sum);
    std::memcpy(front + udp_at, &outer.udp, sizeof outer.udp);
  }
  return keep;
}

}  // namespace weft::datapath
