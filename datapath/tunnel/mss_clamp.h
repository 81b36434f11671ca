// Lowering what a TCP connection agrees on to what a tunnel's path carries, so that no segment needs to be refused: for
// guests that cannot be told by ICMP (datapath/icmp), because they, or a firewall between, drop it.
//
// The MSS option of a SYN (RFC 9293 section 3.7.1) says how large the segments may be that its sender is sent. Of both
// directions through a tunnel port it is lowered to the frame that fits, less fixed IP and TCP headers (RFC 6691); it is
// never raised, and none is added.
//
// Threads: pure. Cost: some 10 ns for any packet.
#pragma once

#include <cstddef>

#include "lib/packet/packet.h"

namespace weft::datapath {

// Frames of up to `max_frame_size` bytes fit, Ethernet header and tags included. The TCP checksum stays what it was:
// right, wrong, or partial. False: nothing was changed.
bool clamp_mss(Packet& packet, size_t max_frame_size);

}  // namespace weft::datapath
