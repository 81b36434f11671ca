// TunnelMetadata: the outer header of a packet, as a flow may match it and set it.
//
// Filled on receive by decapsulation, on transmit by set-field. Only `present` is meaningful while
// it is false: the rest is left as it was, because clearing it for every packet costs.
#pragma once

#include <cstdint>

#include "lib/base/ip_address.h"
#include "lib/packet/tunnel_options.h"

namespace weft {

struct TunnelMetadata {
  // Bits of `flags`, with the values users know from tun_flags.
  static constexpr uint16_t flag_oam = 1U << 0;
  static constexpr uint16_t flag_dont_fragment = 1U << 1;
  static constexpr uint16_t flag_checksum = 1U << 2;
  static constexpr uint16_t flag_key = 1U << 3;

  uint64_t id = 0;  // VNI, VSID, STT context id
  Ipv6Address src;  // of an IPv4 tunnel: the first four bytes, the rest zero
  Ipv6Address dst;
  uint16_t flags = 0;
  uint16_t gbp_id = 0;
  uint8_t gbp_flags = 0;
  uint8_t tos = 0;
  uint8_t ttl = 0;
  bool is_ipv6 = false;
  bool present = false;

  IpAddress source() const { return address(src); }
  IpAddress destination() const { return address(dst); }
  void set_source(const IpAddress& address) { assign(src, address); }
  void set_destination(const IpAddress& address) { assign(dst, address); }

  // Starts afresh, everything zero but `present`.
  void begin() {
    *this = TunnelMetadata{};
    present = true;
  }

  // For values that were made whole, as in actions: what is stale in a packet's compares too.
  friend bool operator==(const TunnelMetadata&, const TunnelMetadata&) = default;

 private:
  IpAddress address(const Ipv6Address& from) const {
    return is_ipv6 ? IpAddress(from)
                   : IpAddress(Ipv4Address{{from.bytes[0], from.bytes[1], from.bytes[2], from.bytes[3]}});
  }
  void assign(Ipv6Address& to, const IpAddress& address) {
    is_ipv6 = address.is_v6();
    to = Ipv6Address{};
    if (is_ipv6) {
      to = address.v6();
    } else {
      for (size_t i = 0; i < 4; ++i) {
        to.bytes[i] = address.v4().bytes[i];
      }
    }
  }
};

// The same with options, as a packet carries it. What is taken from a TunnelMetadata has none.
struct PacketTunnel : TunnelMetadata {
  TunnelOptions options;

  PacketTunnel() = default;
  PacketTunnel(const TunnelMetadata& header) : TunnelMetadata(header) {}  // NOLINT: what has no options is one, too
  PacketTunnel& operator=(const TunnelMetadata& header) {
    static_cast<TunnelMetadata&>(*this) = header;
    options.clear();
    return *this;
  }

  void begin() {
    TunnelMetadata::begin();
    options.clear();
  }

  friend bool operator==(const PacketTunnel&, const PacketTunnel&) = default;
};

}  // namespace weft
