#include "tests/ofproto/translate/field_packets.h"

#include "datapath/action/execute.h"
#include "lib/base/big_endian.h"

namespace weft {
namespace {

using P = Prerequisite;

const Frame over_ipv4 = frame().ipv4("10.0.0.1", "10.0.0.2");
const Frame over_ipv6 = frame().ipv6("fd00::1", "fd00::2");

Frame base_of(Prerequisite prerequisite) {
  switch (prerequisite) {
    case P::vlan:
      return frame().vlan(10).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case P::mpls:
      return frame().mpls(5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case P::pbb:
      return frame().pbb(7).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case P::arp:
      return frame().arp(1, "02:00:00:00:00:01", "10.0.0.1", "02:00:00:00:00:02", "10.0.0.2");
    case P::ipv6:
      return over_ipv6.udp(1, 2);
    case P::tcp:
      return over_ipv4.tcp(1, 2);
    case P::sctp:
      return over_ipv4.sctp(1, 2);
    case P::icmpv4:
      return over_ipv4.icmp(8);
    case P::icmpv6:
      return over_ipv6.icmpv6(1);
    case P::nd:
    case P::nd_solicit:
      return over_ipv6.nd_ns("fd00::3", "02:00:00:00:00:01");
    case P::nd_advert:
      return over_ipv6.nd_na("fd00::3", "02:00:00:00:00:01");
    default:
      return over_ipv4.udp(1, 2);
  }
}

class Catch final : public datapath::Exits {
 public:
  void output(PortId, PacketPtr packet) override { frame = Frame(packet->bytes()); }
  void recirculate(const datapath::Recirculate&, PacketPtr) override {}
  Verdict punt(const datapath::PuntContext&, const Packet&) override { return keep; }
  void dropped(DropReason) override {}
  void absorbed() override {}
  void originated(uint64_t) override {}

  std::optional<Frame> frame;
};

// The frame after the field was written to it.
std::optional<Frame> rewritten(const Frame& frame, const Field& field, FieldValue value) {
  PacketPool pool;
  Catch exits;
  datapath::execute({datapath::SetField{field.id, value, all_bits(field)}, datapath::Output{PortId{0}}},
                    make_packet(pool, frame), exits);
  return exits.frame;
}

Ipv6Address address_of(FieldValue value) {
  Ipv6Address address;
  store_be64(address.bytes.data(), value.hi);
  store_be64(address.bytes.data() + 8, value.lo);
  return address;
}

std::optional<PacketTunnel> tunnel_with(const Field& field, FieldValue value) {
  PacketTunnel tunnel;
  tunnel.begin();
  if (is_tunnel_option(field.id)) {
    tunnel.options.set(field.id - FieldId::tun_metadata0, static_cast<uint32_t>(value.lo));
    return tunnel;
  }
  switch (field.id) {
    case FieldId::tun_id:
      tunnel.id = value.lo;
      return tunnel;
    case FieldId::tun_src:
      tunnel.set_source(Ipv4Address::from_host(static_cast<uint32_t>(value.lo)));
      return tunnel;
    case FieldId::tun_dst:
      tunnel.set_destination(Ipv4Address::from_host(static_cast<uint32_t>(value.lo)));
      return tunnel;
    case FieldId::tun_ipv6_src:
      tunnel.set_source(address_of(value));
      return tunnel;
    case FieldId::tun_ipv6_dst:
      tunnel.set_destination(address_of(value));
      return tunnel;
    case FieldId::tun_flags:
      tunnel.flags = static_cast<uint16_t>(value.lo);
      return tunnel;
    case FieldId::tun_tos:
      tunnel.tos = static_cast<uint8_t>(value.lo);
      return tunnel;
    case FieldId::tun_ttl:
      tunnel.ttl = static_cast<uint8_t>(value.lo);
      return tunnel;
    case FieldId::tun_gbp_id:
      tunnel.gbp_id = static_cast<uint16_t>(value.lo);
      return tunnel;
    case FieldId::tun_gbp_flags:
      tunnel.gbp_flags = static_cast<uint8_t>(value.lo);
      return tunnel;
    default:
      return std::nullopt;
  }
}

// Fields that a rewrite cannot make, because a header hangs on them.
std::optional<Frame> built(const Field& field, uint64_t value) {
  const auto n = static_cast<uint16_t>(value);
  switch (field.id) {
    case FieldId::eth_type:
      return frame().eth_type(n).payload("?");
    case FieldId::vlan_tci:
      return frame().vlan_tci(n).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case FieldId::dl_vlan:
    case FieldId::vlan_vid:
      return frame().vlan(n & 0xfff).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case FieldId::dl_vlan_pcp:
    case FieldId::vlan_pcp:
      return frame().vlan(10, static_cast<uint8_t>(n)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case FieldId::mpls_bos:
      return (n == 1 ? frame().mpls(5) : frame().mpls(5).mpls(6)).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
    case FieldId::ip_proto:
      return over_ipv4.protocol(static_cast<uint8_t>(n)).payload("?");
    case FieldId::ip_frag:
      return n == 0 ? over_ipv4.udp(1, 2) : over_ipv4.protocol(17).fragment(n == 1 ? 0 : 800, true).payload("01234567");
    case FieldId::ipv6_exthdr:
      return n == 0 ? over_ipv6.udp(1, 2) : over_ipv6.extension(60).udp(1, 2);
    case FieldId::tcp_flags:
      return over_ipv4.tcp(1, 2, n);
    case FieldId::nd_reserved:
      return over_ipv6.nd_na("fd00::3", "02:00:00:00:00:01", static_cast<uint32_t>(value));
    default:
      return std::nullopt;
  }
}

constexpr uint16_t tunnel_port = 5;

}  // namespace

std::optional<FieldPacket> packet_with(const Field& field, FieldValue value) {
  FieldPacket packet;
  if (field.id == FieldId::in_port || field.id == FieldId::in_port_oxm) {
    return FieldPacket{base_of(P::none), {}, static_cast<uint16_t>(value.lo)};
  }
  if (const auto tunnel = tunnel_with(field, value)) {
    return FieldPacket{base_of(P::none), *tunnel, tunnel_port};
  }
  if (const auto frame = built(field, value.lo)) {
    return FieldPacket{*frame, {}, 1};
  }
  if (!field.has_place() || field.first_word() < index(KeyWord::eth_dst) || !field.is_writable) {
    return std::nullopt;
  }
  const Prerequisite base = field.prerequisite;
  const auto frame = rewritten(base_of(base), field, value);
  return frame ? std::optional(FieldPacket{*frame, {}, 1}) : std::nullopt;
}

FieldValues values_of(const Field& field) {
  switch (field.id) {
    case FieldId::in_port:
    case FieldId::in_port_oxm:
      return {{0, 1}, {0, 3}};
    case FieldId::eth_type:
      return {{0, 0x88b5}, {0, 0x88b4}};
    case FieldId::vlan_tci:
    case FieldId::vlan_vid:
      return {{0, 0x100a}, {0, 0x100b}};
    case FieldId::ip_proto:
      return {{0, 253}, {0, 252}};
    case FieldId::ip_frag:
      return {{0, 1}, {0, 3}};
    case FieldId::ipv6_exthdr:
      return {{0, 0}, {0, 8}};  // OFPIEH_DEST
    case FieldId::nd_options_type:
      return {{0, 1}, {0, 2}};
    default:
      return {FieldValue{0, uint64_t{1} << field.n_zero_bits}, FieldValue{}};
  }
}

void add_prerequisite(Match& match, const Field& field) {
  const auto ip = [&](uint64_t type, uint64_t protocol) {
    match.set(FieldId::eth_type, type);
    match.set(FieldId::ip_proto, protocol);
  };
  switch (field.prerequisite) {
    case P::none:
      break;
    case P::vlan:
      match.set_masked(FieldId::vlan_vid, 0x1000, 0x1000);
      break;
    case P::mpls:
      match.set(FieldId::eth_type, 0x8847);
      break;
    case P::pbb:
      match.set(FieldId::eth_type, 0x88e7);
      break;
    case P::arp:
      match.set(FieldId::eth_type, 0x0806);
      break;
    case P::ipv4:
    case P::ip:
      match.set(FieldId::eth_type, 0x0800);
      break;
    case P::ipv6:
      match.set(FieldId::eth_type, 0x86dd);
      break;
    case P::tcp:
      ip(0x0800, 6);
      break;
    case P::udp:
      ip(0x0800, 17);
      break;
    case P::sctp:
      ip(0x0800, 132);
      break;
    case P::icmpv4:
      ip(0x0800, 1);
      break;
    case P::icmpv6:
      ip(0x86dd, 58);
      break;
    case P::nd:
      ip(0x86dd, 58);
      // A rule says which of the two messages.
      match.set(FieldId::icmpv6_type, field.id == FieldId::nd_reserved ? 136 : 135);
      match.set(FieldId::icmpv6_code, 0);
      break;
    case P::in_port:
      match.set(FieldId::in_port, 1);
      break;
    case P::nd_solicit:
      ip(0x86dd, 58);
      match.set(FieldId::icmpv6_type, 135);
      match.set(FieldId::icmpv6_code, 0);
      break;
    case P::nd_advert:
      ip(0x86dd, 58);
      match.set(FieldId::icmpv6_type, 136);
      match.set(FieldId::icmpv6_code, 0);
      break;
    case P::ct:
      match.set(FieldId::eth_type, field.n_bits == 128 ? 0x86dd : 0x0800);
      match.set(FieldId::ct_state, 0x22);  // tracked, established
      if (field.id == FieldId::ct_tp_src || field.id == FieldId::ct_tp_dst) {
        match.set(FieldId::ct_nw_proto, 6);
      }
      break;
  }
}

}  // namespace weft
