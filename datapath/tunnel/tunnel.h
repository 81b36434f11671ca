// What all tunnels have in common: outer addresses, the choice of where a frame goes, and ECN across the tunnel.
//
// A tunnel port's options leave open what a flow decides packet by packet (TunnelMetadata): encapsulation_of() brings
// the two together. The ECN functions follow RFC 6040: congestion seen on the underlay reaches the inner packet.
//
// Threads: pure functions. Cost: a few ns.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "datapath/api/port_spec.h"
#include "lib/base/ip_address.h"
#include "lib/base/result.h"
#include "lib/packet/drop_reason.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

// What the underlay said about one received datagram.
struct OuterHeader {
  IpAddress remote;
  IpAddress local;
  uint8_t tos = 0;
  uint8_t ttl = 0;
};

// Where a frame is to go, and how.
struct Encapsulation {
  IpAddress remote;
  std::optional<IpAddress> local;  // absent: the route decides
  uint64_t key = 0;
  uint8_t tos = 0;
  uint8_t ttl = 64;
  friend bool operator==(const Encapsulation&, const Encapsulation&) = default;
};

// tunnel_no_destination: neither the port nor the flow names a remote.
Result<Encapsulation, DropReason> encapsulation_of(const TunnelSpec& spec, const Packet& packet);

// Fills the metadata of a received packet. `flags` are TunnelMetadata's.
TunnelMetadata metadata_of(const OuterHeader& outer, uint64_t key, uint16_t flags = TunnelMetadata::flag_key);

// The inner IP header's type of service and time to live; nothing for a frame that is not IP.
struct InnerIp {
  uint8_t tos = 0;
  uint8_t ttl = 0;
};
std::optional<InnerIp> find_inner_ip(const Packet& packet);

// RFC 6040 section 4.1, normal mode: the outer header carries the inner one's ECN bits.
constexpr uint8_t ecn_mask = 0x03;
constexpr uint8_t encapsulate_ecn(uint8_t outer_tos, uint8_t inner_tos) {
  return static_cast<uint8_t>((outer_tos & ~ecn_mask) | (inner_tos & ecn_mask));
}

// RFC 6040 section 4.2: what the underlay marked is marked in the inner frame, checksum fixed. A mark for an inner
// packet that cannot carry it means that the packet should have been dropped there, and is dropped here.
Verdict decapsulate_ecn(std::span<uint8_t> inner_frame, uint8_t outer_tos);

}  // namespace weft::datapath
