// Makes room in the front part of a frame, or closes it: the bytes before `offset` are moved, not the payload behind.
//
// The packet's layer offsets and its offload metadata move with the front (Packet::push, Packet::pull).
//
// Threads: the packet's worker. Cost: a move of `offset` bytes.
#pragma once

#include <cstddef>

#include "datapath/action/edited_packet.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// `size` undefined bytes appear at `offset`. no_headroom.
Verdict open_gap(EditedPacket& packet, size_t offset, size_t size);

// `size` bytes at `offset` vanish; the frame holds at least offset + size. It counts as shortened then.
void close_gap(EditedPacket& packet, size_t offset, size_t size);

}  // namespace weft::datapath
