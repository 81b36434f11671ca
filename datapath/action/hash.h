// Chooses by the packet's flow hash, which extraction left with the packet: packets of a flow choose the same.
//
// Threads: the packet's worker. Cost: a few nanoseconds.
#pragma once

#include "datapath/api/action.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

inline void choose_by_hash(Packet& packet, const Hash& action) {
  packet.dp_hash = chosen_slot(action, packet.flow_hash);
}

}  // namespace weft::datapath
