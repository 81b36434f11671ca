// Domain: what NORMAL forwards in, a VLAN of the bridge or a segment; MacScope: a domain or a port; MacLocation: where an
// address is.
//
// Threads: values.
#pragma once

#include <compare>
#include <cstdint>

#include "lib/base/ids.h"
#include "lib/base/ip_address.h"

namespace weft::ofproto {

// Equal numbers of a VLAN and a segment are two domains.
class Domain {
 public:
  constexpr Domain() = default;  // VLAN 0
  static constexpr Domain of_vlan(uint16_t vlan) { return Domain(vlan); }
  // `vni` has 24 bits: RFC 7348 section 5.
  static constexpr Domain of_segment(uint32_t vni) { return Domain(segment_bit | vni); }
  static constexpr Domain from_bits(uint32_t bits) { return Domain(bits); }

  constexpr bool is_segment() const { return (bits_ & segment_bit) != 0; }
  constexpr uint16_t vlan() const { return static_cast<uint16_t>(bits_); }
  constexpr uint32_t vni() const { return bits_ & ~segment_bit; }
  constexpr uint32_t bits() const { return bits_; }

  friend constexpr auto operator<=>(const Domain&, const Domain&) = default;

 private:
  static constexpr uint32_t segment_bit = 1U << 31;
  explicit constexpr Domain(uint32_t bits) : bits_(bits) {}

  uint32_t bits_ = 0;
};

// What an operator may limit the addresses of.
class MacScope {
 public:
  static constexpr MacScope of(Domain domain) { return MacScope(domain.bits()); }
  static constexpr MacScope of(OfPort port) { return MacScope(port_bit | number(port)); }

  constexpr bool is_port() const { return (bits_ & port_bit) != 0; }
  constexpr OfPort port() const { return OfPort{static_cast<uint16_t>(bits_)}; }
  constexpr Domain domain() const { return Domain::from_bits(static_cast<uint32_t>(bits_)); }
  constexpr uint64_t bits() const { return bits_; }

  friend constexpr auto operator<=>(const MacScope&, const MacScope&) = default;

 private:
  static constexpr uint64_t port_bit = uint64_t{1} << 32;
  explicit constexpr MacScope(uint64_t bits) : bits_(bits) {}

  uint64_t bits_ = 0;
};

struct MacLocation {
  OfPort port{};
  IpAddress remote;  // behind a tunnel: the other VTEP; unspecified: the port itself

  bool is_remote() const { return !remote.is_unspecified(); }
  friend auto operator<=>(const MacLocation&, const MacLocation&) = default;
};

}  // namespace weft::ofproto
