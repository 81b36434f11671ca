#include "datapath/tunnel/vxlan_receiver.h"

#include <algorithm>

#include "datapath/offload/frame_layers.h"
#include "datapath/offload/ingress.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/udp.h"
#include "lib/packet/vxlan.h"

namespace weft::datapath {

namespace {

// The largest inner IP packet that fits a datagram on this path.
size_t inner_mtu(const Path& path, bool is_v4) {
  const size_t overhead =
      (is_v4 ? ipv4_header_bytes : ipv6_header_bytes) + udp_header_bytes + vxlan_header_bytes + ethernet_header_bytes;
  return path.mtu > overhead ? path.mtu - overhead : 0;
}

// What a datagram is that came with the size of its pieces.
enum class Marked : uint8_t { joined, inner_udp_gso, in_doubt };

Marked what_is_marked(std::span<uint8_t> datagram, size_t piece_size) {
  const std::span<const uint8_t> inner = datagram.subspan(std::min(vxlan_header_bytes, datagram.size()));
  const FrameLayers layers = find_layers(inner);
  if (!layers.is_ip() || layers.l3_end != inner.size()) {
    return Marked::joined;
  }
  if (!is_unfinished_udp(inner)) {
    return Marked::in_doubt;
  }
  for (size_t at = piece_size; at < datagram.size(); at += piece_size) {
    if (!open_vxlan(datagram.subspan(at, std::min(piece_size, datagram.size() - at)))) {
      return Marked::inner_udp_gso;  // peers join nothing that is not VXLAN
    }
  }
  return Marked::in_doubt;
}

}  // namespace

Result<VxlanInner, DropReason> open_vxlan(std::span<uint8_t> datagram) {
  const auto* header = header_at<VxlanHeader>(datagram);
  if (header == nullptr || datagram.size() < vxlan_header_bytes + ethernet_header_bytes) {
    return Unexpected(DropReason::tunnel_bad_header);
  }
  const bool is_plain = header->flags == VxlanHeader::flag_vni && header->gbp_flags == 0 && header->gbp_id == Be16{} &&
                        header->reserved == 0;
  if (!is_plain) {
    return Unexpected(DropReason::tunnel_bad_flags);
  }
  return VxlanInner{header->vni(), datagram.subspan(vxlan_header_bytes)};
}

Port* VxlanReceiver::find_port(uint32_t vni, const OuterHeader& outer) {
  const bool is_as_before = last_port_ != nullptr && last_vni_ == vni && last_outer_.remote == outer.remote &&
                            last_outer_.local == outer.local;
  if (!is_as_before) {
    last_port_ = table_.find(vni, outer.remote, outer.local);
    last_vni_ = vni;
    last_outer_ = outer;
  }
  return last_port_;
}

Verdict VxlanReceiver::admit(std::span<uint8_t> datagram, const DatagramInfo& info, Target& target, VxlanInner& inner) {
  const auto opened = open_vxlan(datagram);
  if (!opened) {
    return opened.error();
  }
  inner = *opened;
  target.port = find_port(inner.vni, info.outer);
  if (target.port == nullptr) {
    return DropReason::tunnel_unknown_vni;
  }
  target.path = paths_.find(info.outer.remote);
  if (target.path != nullptr && target.path->verdict == DropReason::tunnel_own_address) {
    return DropReason::tunnel_own_address;
  }
  target.tunnel = metadata_of(info.outer, inner.vni);
  return decapsulate_ecn(inner.frame, info.outer.tos);
}

void VxlanReceiver::take(PacketPtr datagram, const DatagramInfo& info) {
  if (info.gro_size == 0 || info.gro_size >= datagram->size()) {
    return take_single(std::move(datagram), info, 0);
  }
  switch (what_is_marked(datagram->bytes(), info.gro_size)) {
    case Marked::joined:
      return take_joined(datagram->bytes(), info);
    case Marked::inner_udp_gso:
      return take_single(std::move(datagram), info, info.gro_size);
    case Marked::in_doubt:
      return context_.drop(nullptr, DropReason::tunnel_bad_header);
  }
}

void VxlanReceiver::take_single(PacketPtr datagram, const DatagramInfo& info, size_t udp_gso_size) {
  Target target;
  VxlanInner inner;
  if (const Verdict verdict = admit(datagram->bytes(), info, target, inner)) {
    context_.drop(target.port, *verdict);
    return;
  }
  datagram->pull(vxlan_header_bytes);
  take_inner(std::move(datagram), target, udp_gso_size);
}

void VxlanReceiver::take_joined(std::span<uint8_t> datagram, const DatagramInfo& info) {
  for (size_t at = 0; at < datagram.size(); at += info.gro_size) {
    Target target;
    VxlanInner inner;
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

void VxlanReceiver::take_inner(PacketPtr packet, const Target& target, size_t udp_gso_size) {
  packet->in_port = target.port->id();
  packet->tunnel = target.tunnel;
  detect_partial_checksum(*packet);
  if (udp_gso_size != 0) {
    promote_udp_to_gso(*packet, static_cast<uint16_t>(udp_gso_size));
  }
  if (target.path != nullptr && !target.path->verdict) {
    const size_t mtu = inner_mtu(*target.path, !target.tunnel.is_ipv6);
    if (packet->size() > mtu + ethernet_header_bytes) {
      promote_to_gso(*packet, mtu);
    }
  }
  if (!packet->offload.is_gso() && gro_.merge(packet->bytes(), packet->offload, packet->tunnel, packet->in_port)) {
    context_.absorb(1);
    return;
  }
  gro_.add(std::move(packet), deliver_);
}

}  // namespace weft::datapath
