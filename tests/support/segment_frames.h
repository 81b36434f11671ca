// What stories of segments are told in: addresses, a frame between two, and the tunnel that one came by.
#pragma once

#include "lib/base/ip_address.h"
#include "lib/packet/tunnel_metadata.h"
#include "tests/support/frame.h"

namespace weft::segment_frames {

inline IpAddress ip(const char* text) { return *IpAddress::parse(text); }

inline Frame from_to(const char* src, const char* dst) {
  return frame().eth(src, dst).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(18);
}

// From another host to this one, 192.0.2.1.
inline TunnelMetadata from_remote(const char* remote, uint64_t vni = 5001) {
  TunnelMetadata tunnel;
  tunnel.begin();
  tunnel.id = vni;
  tunnel.set_source(ip(remote));
  tunnel.set_destination(ip("192.0.2.1"));
  tunnel.flags = TunnelMetadata::flag_key;
  return tunnel;
}

}  // namespace weft::segment_frames
