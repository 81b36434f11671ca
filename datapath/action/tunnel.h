// SetTunnel, SetTunnelOptions: what the next output to a tunnel port encapsulates with.
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "datapath/api/action.h"

namespace weft::datapath {

inline void set_tunnel(EditedPacket& packet, const SetTunnel& action) {
  packet->tunnel = action.tunnel;
  packet->tunnel.present = true;
}

inline void set_tunnel_options(EditedPacket& packet, const SetTunnelOptions& action) {
  packet->tunnel.options = *action.options;
}

}  // namespace weft::datapath
