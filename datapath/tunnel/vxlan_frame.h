// A VXLAN packet as it is on the wire, outer Ethernet header and all, written before the inner frame in its own buffer.
//
// For underlays that take whole frames. The sockets of vxlan_sender.h leave the outer headers to the kernel.
//
// Threads: pure. Cost: 50 bytes written, and one pass over the frame when the outer checksum is asked for.
#pragma once

#include <cstdint>

#include "datapath/tunnel/tunnel.h"
#include "lib/base/mac_address.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

// What a frame's tunnel does not say: the next hop, and where the packet says it comes from.
struct VxlanPath {
  MacAddress dst;
  MacAddress src;
  Ipv4Address local;
  uint16_t src_port = 0;  // UDP
  uint16_t dst_port = 4789;
  bool has_checksum = false;
};

// Over IPv4: to.remote must be one (otherwise tunnel_no_route). no_buffer: the frame has too little headroom.
// tunnel_mtu_exceeded: the datagram would be longer than IP can say. A GSO frame is refused so too: cut it first.
Verdict push_vxlan(Packet& packet, const Encapsulation& to, const VxlanPath& path);

}  // namespace weft::datapath
