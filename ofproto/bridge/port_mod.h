// What a port-mod may not ask for, whoever executes it. Threads: control thread.
#pragma once

#include "ofproto/bridge/bridge.h"

namespace weft::ofproto {

// Bits of openflow::port_config that may be set.
inline constexpr uint32_t settable_port_config = openflow::port_config::down | openflow::port_config::no_recv |
                                                 openflow::port_config::no_flood | openflow::port_config::no_fwd |
                                                 openflow::port_config::no_packet_in;

// The hardware address is there to show that the peer means this port and not one that had the number before.
inline Result<void, openflow::OpenFlowError> check_port_mod(const Bridge& bridge, const openflow::PortMod& message) {
  using openflow::ErrorCode;
  using openflow::OpenFlowError;
  const auto port = bridge.port(message.port);
  if (!port) {
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_port)};
  }
  if (message.hw_addr != port->desc.hw_addr) {
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_hw_addr)};
  }
  if (message.optical) {  // no port is
    return Unexpected{OpenFlowError(ErrorCode::ofpbpc_bad_type)};
  }
  if (message.advertise != 0) {  // what a link offers is the host's to decide
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_advertise)};
  }
  if ((message.mask & ~settable_port_config) != 0) {
    return Unexpected{OpenFlowError(ErrorCode::ofppmfc_bad_config, "not a port's setting")};
  }
  return {};
}

}  // namespace weft::ofproto
