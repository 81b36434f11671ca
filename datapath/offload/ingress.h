// What an inlet said about a frame, or could not say, made into offload metadata that the rest may rely on.
//
//   check_offload            an inlet with a virtio_net_hdr: does the promise agree with the frame? The pipeline calls
//                            it once, after extraction.
//   detect_partial_checksum  an inlet without (UDP, raw): a checksum field that equals the pseudo-header sum is an
//                            unfinished one. Peers on the same machine send such frames (a kernel vxlan over veth:
//                            every one). Finishing is right either way, so the frame is `partial`, never bad.
//   promote_to_gso           the same peers hand over TCP segments of 60 KB without a mark. One that is longer than the
//                            tunnel's inner MTU is a GSO frame; a full checksum is verified first, because cutting
//                            computes new ones, and a wrong one must not become right.
//   promote_udp_to_gso       UDP datagrams that the sender wanted cut (UDP_SEGMENT) come whole as well, with a mark.
//                            is_unfinished_udp tells what such a frame is at least.
//
// Threads: the packet's worker. Cost: a few ns when there is nothing to do; promoting may read the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

// Settles hdr_len (in virtio_net_hdr a hint about memory, which guests lie about: the frame says where its payload is)
// and outer_count. A GSO frame of one piece is none afterwards, unless in a tunnel whose checksum is to be finished too;
// one of more than max_gso_segments is refused, and so is a checksum that would be stored over what the key was read
// from. Reasons: bad_checksum_offset, bad_vnet_header.
Verdict check_offload(Packet& packet);

void detect_partial_checksum(Packet& packet);

// `inner_mtu` is the largest IP packet that goes through the tunnel.
void promote_to_gso(Packet& packet, size_t inner_mtu);

// The frame is a UDP datagram up to its last byte, and its checksum is the pseudo-header sum.
bool is_unfinished_udp(std::span<const uint8_t> frame);
// Of such a frame, behind detect_partial_checksum. `gso_size` is the payload of a piece.
void promote_udp_to_gso(Packet& packet, uint16_t gso_size);

}  // namespace weft::datapath
