// The packets that meet random tables.
#include "tests/ofproto/translate/random_tables.h"

namespace weft {

using F = FieldId;

PacketTunnel RandomTables::tunnel() {
  PacketTunnel tunnel;
  tunnel.begin();
  tunnel.id = value_of(F::tun_id);
  tunnel.set_source(Ipv4Address::from_host(static_cast<uint32_t>(value_of(F::tun_src))));
  tunnel.set_destination(Ipv4Address::from_host(static_cast<uint32_t>(value_of(F::tun_dst))));
  tunnel.tos = static_cast<uint8_t>(value_of(F::tun_tos));
  tunnel.ttl = static_cast<uint8_t>(value_of(F::tun_ttl));
  tunnel.gbp_id = static_cast<uint16_t>(below(4));
  for (unsigned n = 0; n < random_option_count; ++n) {
    if (one_in(2)) {
      tunnel.options.set(random_option + n, static_cast<uint32_t>(below(4)));
    }
  }
  return tunnel;
}

Frame RandomTables::frame() {
  Frame f =
      weft::frame().eth(MacAddress::from_uint64(value_of(F::eth_src)), MacAddress::from_uint64(value_of(F::eth_dst)));
  for (uint64_t tags = one_in(2) ? 0 : 1 + below(2); tags > 0; --tags) {
    f = f.vlan(static_cast<uint16_t>(10 + below(2)), static_cast<uint8_t>(2 * below(2)));
  }
  f = network_frame(std::move(f)).payload("#" + std::to_string(++frame_number_));
  return one_in(50) ? f.truncated(14 + below(40)) : f;
}

Frame RandomTables::network_frame(Frame link) {
  const auto v4_of = [&](FieldId id) { return Ipv4Address::from_host(static_cast<uint32_t>(value_of(id))); };
  const auto v6_of = [&](FieldId id) {
    const FieldValue value = value128(id, value_of(id));
    Ipv6Address address;
    store_be64(address.bytes.data(), value.hi);
    store_be64(address.bytes.data() + 8, value.lo);
    return address;
  };
  const auto ttl = static_cast<uint8_t>(value_of(F::nw_ttl));
  const auto tos = static_cast<uint8_t>(value_of(F::nw_tos) | below(4));
  switch (below(9)) {
    case 8:
      return link.pbb(static_cast<uint32_t>(below(4)), "02:00:00:00:00:05", "02:00:00:00:00:06",
                      static_cast<uint8_t>(below(8)), one_in(2));
    case 0:
      return link.arp(static_cast<uint16_t>(value_of(F::arp_op)), MacAddress::from_uint64(value_of(F::arp_sha)),
                      v4_of(F::arp_spa), MacAddress::from_uint64(value_of(F::arp_tha)), v4_of(F::arp_tpa));
    case 1:
      for (uint64_t labels = 1 + below(3); labels > 0; --labels) {
        link = link.mpls(static_cast<uint32_t>(below(4)), static_cast<uint8_t>(below(4)), ttl);
      }
      return link.ipv4(v4_of(F::ipv4_src), v4_of(F::ipv4_dst)).udp(1, 2);
    case 2:
    case 3: {
      Frame network = link.ipv6(v6_of(F::ipv6_src), v6_of(F::ipv6_dst))
                          .ttl(ttl)
                          .tos(tos)
                          .flow_label(static_cast<uint32_t>(below(4)));
      if (one_in(4)) {
        network = network.extension(one_in(2) ? 0 : 60);
      }
      return transport_frame(network);
    }
    default: {
      Frame network = link.ipv4(v4_of(F::ipv4_src), v4_of(F::ipv4_dst)).ttl(ttl).tos(tos);
      if (one_in(10)) {
        return network.protocol(static_cast<uint8_t>(value_of(F::ip_proto))).fragment(one_in(2) ? 8 : 800, one_in(2));
      }
      return transport_frame(network);
    }
  }
}

// Some are first fragments. Not of SCTP, whose checksum cannot be mended: the switch finds that out behind what it counted.
Frame RandomTables::transport_frame(const Frame& whole) {
  const Frame network = one_in(10) ? whole.fragment(0, true) : whole;
  const auto src = static_cast<uint16_t>(value_of(F::udp_src));
  const auto dst = static_cast<uint16_t>(value_of(F::udp_dst));
  switch (below(5)) {
    case 0:
      return network.icmp(static_cast<uint8_t>(value_of(F::icmp_type)), static_cast<uint8_t>(below(4)));
    case 1:
      return whole.sctp(src, dst);
    case 2:
      return network.udp(src, dst);
    case 3:
      return network.icmpv6(static_cast<uint8_t>(value_of(F::icmpv6_type)), static_cast<uint8_t>(below(4)));
    default:
      return network.tcp(src, dst, static_cast<uint16_t>(1U << below(5)));
  }
}

}  // namespace weft
