// DependencyId: a name for one thing that a translation may rely on, as 64 bits.
//
// A change of the thing carries the same id, so that finding out whether a cached decision is touched is a look-up
// in a set of numbers. Two things of the same id (one in 2^64) cost a needless re-translation and nothing else.
//
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "lib/base/big_endian.h"
#include "lib/base/hash.h"
#include "lib/base/ids.h"
#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "ofproto/overlay/domain.h"

namespace weft::ofproto {

using DependencyId = uint64_t;
using BridgeId = uint32_t;

namespace dependency {

enum class Kind : uint8_t { bridge, port, port_set, group, mac, rule, meter, segment, mac_room, neighbour };

inline DependencyId make(Kind kind, uint64_t a, uint64_t b) {
  return hash_finish(hash_add(static_cast<uint64_t>(kind) + 1, a, b), 3);
}

// Settings of the bridge itself.
inline DependencyId bridge(BridgeId id) { return make(Kind::bridge, id, 0); }
// One port number: whether there is a port, and everything about it.
inline DependencyId port(BridgeId id, OfPort of_port) { return make(Kind::port, id, number(of_port)); }
// Which ports there are, and how they take part in flooding.
inline DependencyId port_set(BridgeId id) { return make(Kind::port_set, id, 0); }
inline DependencyId group(BridgeId id, uint32_t group_id) { return make(Kind::group, id, group_id); }
// Where a MAC address was learned, or that it was not.
inline DependencyId mac(BridgeId id, Domain domain, MacAddress address) {
  return make(Kind::mac, uint64_t{domain.bits()} << 32 | id, address.to_uint64());
}
// That the port or domain has as many addresses as its limit allows.
inline DependencyId mac_room(BridgeId id, MacScope scope) { return make(Kind::mac_room, id, scope.bits()); }
// Which MAC address an IP address of a segment has, or that nobody knows.
inline DependencyId neighbour(BridgeId id, Domain domain, const IpAddress& address) {
  const auto* bytes = address.is_v6() ? address.v6().bytes.data() : nullptr;
  const uint64_t low = address.is_v4() ? address.v4().host() : hash_add(load_be64(bytes), load_be64(bytes + 8));
  return make(Kind::neighbour, uint64_t{domain.bits()} << 32 | id, low);
}
// Whether there is a segment of this VNI, and everything about it.
inline DependencyId segment(BridgeId id, uint32_t vni) { return make(Kind::segment, id, vni); }
// Whether there is such a meter; its rates concern no decision.
inline DependencyId meter(BridgeId id, uint32_t meter_id) { return make(Kind::meter, id, meter_id); }
inline DependencyId rule(const void* rule) { return make(Kind::rule, reinterpret_cast<uintptr_t>(rule), 0); }

}  // namespace dependency
}  // namespace weft::ofproto
