// What the sender of a packet is told that does not fit a tunnel's path and may not be fragmented: how large a packet
// does.
//
//     Ethernet  addresses swapped, VLAN tags as they were
//     IP        from the packet's destination to its source: the switch has no address of its own in the network of the
//               guests, and a guest may filter what it did not ask for; the kernel's tunnels answer so too
//     ICMP      IPv4: destination unreachable, fragmentation needed (RFC 792, with the MTU of RFC 1191 section 4)
//               IPv6: packet too big (RFC 4443 section 3.2), of an MTU of at least 1280 (RFC 8200 section 5)
//     packet    the one that does not fit, as a wire would have seen it, up to 576 bytes (RFC 1812 section 4.3.2.3) or
//               1280 bytes (RFC 4443) in all. Of a GSO frame the first piece
//
// No answer is due (RFC 1122 section 3.2.2, RFC 4443 section 2.4(e)) to an ICMP error, to a fragment other than the
// first, to a packet sent to several, on either layer, or from or to an address that is nobody's. RFC 4443 would allow
// one to an IPv6 multicast, but such an answer needs an address of ours. IPv4 without "don't fragment" asked for none.
// Where nothing smaller would help either, because the path takes less than the least MTU of IPv4 (68) or the packet
// has no more than that of IPv6, the answer would be a lie. What lies behind MPLS labels or in a backbone frame is not
// looked at.
//
// Threads: pure; takes a packet from a pool of the calling worker. Cost: some 100 ns, and a sum over a packet whose
//          checksum is partial.
#pragma once

#include <cstddef>

#include "lib/packet/packet.h"
#include "lib/packet/packet_pool.h"

namespace weft::datapath {

// `packet` was found too large for a path that takes frames of up to `max_frame_size` bytes, Ethernet header and tags
// included, and is about to be dropped: a partial checksum of it is finished in place. Null where no answer is due, the
// packet fits after all, or no buffer is left. The answer has in_port, offload and tunnel of a new packet.
PacketPtr too_big_answer(Packet& packet, size_t max_frame_size, PacketPool& pool);

}  // namespace weft::datapath
