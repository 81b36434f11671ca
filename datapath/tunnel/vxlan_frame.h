// A VXLAN packet as it is on the wire, outer Ethernet header and all, written before the inner frame in its own buffer.
//
// For underlays that take whole frames. The sockets of tunnel_sender.h leave the outer headers to the kernel.
//
// Threads: pure. Cost: 50 bytes written, and one pass over the frame when the outer checksum is asked for.
#pragma once

#include <cstdint>

#include "datapath/tunnel/tunnel.h"
#include "lib/base/mac_address.h"
#include "lib/packet/checksum.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/packet.h"
#include "lib/packet/udp.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {

// What a frame's tunnel does not say: the next hop, and where the packet says it comes from.
struct VxlanPath {
  MacAddress dst;
  MacAddress src;
  Ipv4Address local;
  uint16_t dst_port = 4789;
  bool has_checksum = false;
};

// The outer headers of frames that go the same way, but for lengths, source port and checksums.
class VxlanFrame {
 public:
  // Over IPv4: to.remote must be one, otherwise every frame is refused with tunnel_no_route.
  VxlanFrame(const Encapsulation& to, const VxlanPath& path);

  // no_buffer: the frame has too little headroom. tunnel_mtu_exceeded: the datagram would be longer than IP can say. A
  // GSO frame is refused so too: cut it first. What is refused stays as it was.
  Verdict push(Packet& packet, uint16_t src_port) const;

 private:
  struct Headers {
    EthernetHeader ethernet;
    Ipv4Header ip;
    UdpHeader udp;
    VxlanHeader vxlan;
  };
  static_assert(sizeof(Headers) == 50);

  Headers headers_;
  InternetSum ip_sum_;   // of the IP header without its length
  InternetSum udp_sum_;  // of what UDP's checksum covers before the inner frame, without lengths and source port
  bool is_possible_;
  bool has_checksum_;
};

}  // namespace weft::datapath
