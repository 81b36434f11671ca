// Output to a tunnel port: what the outer header will say, from the port's options and the flow's tunnel fields.
#include "ofproto/translate/translation.h"

#include "lib/base/big_endian.h"

namespace weft::ofproto {
namespace {

constexpr uint8_t ecn_bits = 3;

Ipv4Address ipv4_of(FieldValue value) { return Ipv4Address::from_host(static_cast<uint32_t>(value.lo)); }

Ipv6Address ipv6_of(FieldValue value) {
  Ipv6Address address;
  store_be64(address.bytes.data(), value.hi);
  store_be64(address.bytes.data() + 8, value.lo);
  return address;
}

}  // namespace

void Translation::send_to_tunnel(const PortView& port) {
  const datapath::TunnelSpec& spec = *port.tunnel;
  PacketTunnel tunnel;
  tunnel.begin();
  const auto address = [&](const std::optional<IpAddress>& fixed, FieldId v4, FieldId v6) {
    if (fixed) {
      return *fixed;
    }
    const FieldValue as_v4 = packet_.read(v4, looked_at_);
    const FieldValue as_v6 = packet_.read(v6, looked_at_);
    return as_v4.is_zero() && !as_v6.is_zero() ? IpAddress(ipv6_of(as_v6)) : IpAddress(ipv4_of(as_v4));
  };

  const IpAddress remote = address(spec.remote, FieldId::tun_dst, FieldId::tun_ipv6_dst);
  if (remote.is_unspecified()) {
    note("tunnel without a remote address: drop");
    note_drop(DropReason::tunnel_no_destination);
    return;
  }
  tunnel.set_destination(remote);
  const IpAddress local =
      spec.local || spec.local_is_any
          ? spec.local.value_or(remote.is_v4() ? IpAddress(Ipv4Address{}) : IpAddress(Ipv6Address{}))
          : address(std::nullopt, FieldId::tun_src, FieldId::tun_ipv6_src);
  if (local.is_v6() == remote.is_v6()) {
    tunnel.set_source(local);
  }
  tunnel.id = spec.out_key ? *spec.out_key : packet_.read(FieldId::tun_id, looked_at_).lo;
  tunnel.flags = TunnelMetadata::flag_key;
  tunnel.flags |= spec.dont_fragment ? TunnelMetadata::flag_dont_fragment : uint16_t{0};
  tunnel.flags |= spec.outer_checksum ? TunnelMetadata::flag_checksum : uint16_t{0};
  tunnel.gbp_id = static_cast<uint16_t>(packet_.read(FieldId::tun_gbp_id, looked_at_).lo);
  tunnel.gbp_flags = static_cast<uint8_t>(packet_.read(FieldId::tun_gbp_flags, looked_at_).lo);
  tunnel.tos = tunnel_tos(spec);
  tunnel.ttl = spec.ttl_inherit && packet_.is_ip(looked_at_)
                   ? static_cast<uint8_t>(packet_.read(FieldId::nw_ttl, looked_at_).lo)
                   : spec.ttl;

  if (port.has_tunnel_options) {
    tunnel.flags |= static_cast<uint16_t>(packet_.read(FieldId::tun_flags, looked_at_).lo);
    const auto options = packet_.read_options(place_.bridge->tunnel_options, looked_at_);
    if (!options) {
      note("more tunnel options than a header holds: drop");
      note_drop(DropReason::tunnel_options_too_long);
      return;
    }
    tunnel.options = *options;
  }

  packet_.commit(looked_at_, out_.actions);
  packet_.commit_tunnel(tunnel, out_.actions);
  out_.actions.push_back(output_of(port));
}

// The two bits of congestion notification are the encapsulation's to fill in, packet by packet.
uint8_t Translation::tunnel_tos(const datapath::TunnelSpec& spec) {
  if (spec.tos_inherit && packet_.is_ip(looked_at_)) {
    return static_cast<uint8_t>(packet_.read(FieldId::nw_tos, looked_at_).lo);
  }
  return static_cast<uint8_t>(spec.tos.value_or(0) & ~ecn_bits);
}

void PacketState::commit_tunnel(const PacketTunnel& tunnel, datapath::ActionList& actions) {
  const auto is_same = [&](const PacketTunnel& sent) {
    return sent.id == tunnel.id && sent.src == tunnel.src && sent.dst == tunnel.dst && sent.flags == tunnel.flags &&
           sent.gbp_id == tunnel.gbp_id && sent.gbp_flags == tunnel.gbp_flags && sent.tos == tunnel.tos &&
           sent.ttl == tunnel.ttl && sent.is_ipv6 == tunnel.is_ipv6 && sent.options == tunnel.options;
  };
  if (!tunnel_sent_ || !is_same(*tunnel_sent_)) {
    actions.push_back(datapath::SetTunnel{tunnel});
    if (!tunnel.options.empty()) {
      actions.push_back(datapath::SetTunnelOptions{std::make_shared<const TunnelOptions>(tunnel.options)});
    }
    tunnel_sent_ = tunnel;
  }
}

}  // namespace weft::ofproto
