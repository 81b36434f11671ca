#include "datapath/tunnel/tunnel_receiver.h"

#include <algorithm>

#include "datapath/offload/frame_layers.h"
#include "datapath/offload/ingress.h"
#include "datapath/tunnel/mss_clamp.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/udp.h"

namespace weft::datapath {

namespace {

// What a datagram is that came with the size of its pieces.
enum class Marked : uint8_t { joined, inner_udp_gso, in_doubt };

Marked what_is_marked(PortType type, std::span<uint8_t> datagram, size_t piece_size) {
  const auto opened = open_tunnel(type, datagram);
  const std::span<const uint8_t> inner = opened ? opened->frame : std::span<uint8_t>{};
  const FrameLayers layers = find_layers(inner);
  if (!layers.is_ip() || layers.l3_end != inner.size()) {
    return Marked::joined;
  }
  if (!is_unfinished_udp(inner)) {
    return Marked::in_doubt;
  }
  for (size_t at = piece_size; at < datagram.size(); at += piece_size) {
    if (!open_tunnel(type, datagram.subspan(at, std::min(piece_size, datagram.size() - at)))) {
      return Marked::inner_udp_gso;  // peers join nothing that is not the tunnel's
    }
  }
  return Marked::in_doubt;
}

}  // namespace

// The largest inner IP packet that fits a datagram on this path.
size_t TunnelReceiver::inner_mtu(const Target& target) const {
  const size_t overhead = (target.tunnel.is_ipv6 ? ipv6_header_bytes : ipv4_header_bytes) +
                          (is_over_udp(type_) ? udp_header_bytes : 0) + target.header_size + ethernet_header_bytes;
  return target.path->mtu > overhead ? target.path->mtu - overhead : 0;
}

Port* TunnelReceiver::find_port(const TunnelInner& inner, const OuterHeader& outer) {
  const bool is_as_before = last_port_ != nullptr && last_key_ == inner.key && last_has_key_ == inner.has_key &&
                            last_outer_.remote == outer.remote && last_outer_.local == outer.local;
  if (!is_as_before) {
    last_port_ = look_up(inner, outer);
    last_key_ = inner.key;
    last_has_key_ = inner.has_key;
    last_outer_ = outer;
  }
  return last_port_;
}

// On the wire NVGRE is GRE with a key: an nvgre port that takes its VSID comes before a gre port that takes the key.
Port* TunnelReceiver::look_up(const TunnelInner& inner, const OuterHeader& outer) const {
  if (type_ == PortType::gre && inner.has_key) {
    if (Port* port = table_.find(PortType::nvgre, inner.key >> 8, outer.remote, outer.local)) {
      return port;
    }
  }
  return table_.find(type_, inner.key, outer.remote, outer.local);
}

Verdict TunnelReceiver::admit(std::span<uint8_t> datagram, const DatagramInfo& info, Target& target,
                              TunnelInner& inner) {
  const auto opened = open_tunnel(type_, datagram);
  if (!opened) {
    return opened.error();
  }
  inner = *opened;
  target.port = find_port(inner, info.outer);
  if (target.port == nullptr) {
    return DropReason::tunnel_unknown_vni;
  }
  if (inner.has_gbp && !target.port->spec().tunnel.has_gbp) {
    return DropReason::tunnel_bad_flags;
  }
  target.path = paths_.find(info.outer.remote);
  if (target.path != nullptr && target.path->verdict == DropReason::tunnel_own_address) {
    return DropReason::tunnel_own_address;
  }
  const bool is_nvgre = target.port->spec().type == PortType::nvgre;
  target.tunnel = metadata_of(info.outer, is_nvgre ? inner.key >> 8 : inner.key, inner.flags);
  target.tunnel.gbp_id = inner.gbp_id;
  target.tunnel.gbp_flags = inner.gbp_flags;
  target.header_size = inner.header_size;
  if (!inner.options.empty()) {
    if (const Verdict verdict =
            read_geneve_options(inner.options, target.port->tunnel_options(), target.tunnel.options)) {
      return verdict;
    }
  }
  return decapsulate_ecn(inner.frame, info.outer.tos);
}

void TunnelReceiver::take(PacketPtr datagram, const DatagramInfo& info) {
  if (info.gro_size == 0 || info.gro_size >= datagram->size()) {
    return take_single(std::move(datagram), info, 0);
  }
  switch (what_is_marked(type_, datagram->bytes(), info.gro_size)) {
    case Marked::joined:
      return take_joined(datagram->bytes(), info);
    case Marked::inner_udp_gso:
      return take_single(std::move(datagram), info, info.gro_size);
    case Marked::in_doubt:
      return context_.drop(nullptr, DropReason::tunnel_bad_header);
  }
}

void TunnelReceiver::take_single(PacketPtr datagram, const DatagramInfo& info, size_t udp_gso_size) {
  Target target;
  TunnelInner inner;
  if (const Verdict verdict = admit(datagram->bytes(), info, target, inner)) {
    context_.drop(target.port, *verdict);
    return;
  }
  datagram->pull(inner.header_size);
  take_inner(std::move(datagram), target, udp_gso_size);
}

void TunnelReceiver::take_joined(std::span<uint8_t> datagram, const DatagramInfo& info) {
  for (size_t at = 0; at < datagram.size(); at += info.gro_size) {
    Target target;
    TunnelInner inner;
    const auto piece = datagram.subspan(at, std::min(info.gro_size, datagram.size() - at));
    if (const Verdict verdict = admit(piece, info, target, inner)) {
      context_.drop(target.port, *verdict);
    } else if (gro_.merge(inner.frame, Offload{}, target.tunnel, target.port->id())) {
      context_.absorb(1);
    } else if (PacketPtr packet = context_.pool().copy_of(inner.frame)) {
      take_inner(std::move(packet), target, 0);
    } else {
      context_.drop(target.port, DropReason::no_buffer);
    }
  }
}

void TunnelReceiver::take_inner(PacketPtr packet, const Target& target, size_t udp_gso_size) {
  packet->in_port = target.port->id();
  packet->tunnel = target.tunnel;
  detect_partial_checksum(*packet);
  if (udp_gso_size != 0) {
    promote_udp_to_gso(*packet, static_cast<uint16_t>(udp_gso_size));
  }
  if (target.path != nullptr && !target.path->verdict) {
    const size_t mtu = inner_mtu(target);
    if (packet->size() > mtu + ethernet_header_bytes) {
      promote_to_gso(*packet, mtu);
    }
    if (target.port->clamps_mss(target.tunnel.id)) {
      clamp_mss(*packet, mtu + ethernet_header_bytes);
    }
  }
  if (!packet->offload.is_gso() && gro_.merge(packet->bytes(), packet->offload, packet->tunnel, packet->in_port)) {
    context_.absorb(1);
    return;
  }
  gro_.add(std::move(packet), deliver_);
}

}  // namespace weft::datapath
