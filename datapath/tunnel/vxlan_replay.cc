#include "datapath/tunnel/vxlan_replay.h"

#include "datapath/tunnel/vxlan_frame.h"

namespace weft::datapath {
namespace {

constexpr uint16_t first_source_port = 49152;  // RFC 7348 section 5

Verdict encapsulate(Packet& packet, const TunnelSpec& spec) {
  const auto to = encapsulation_of(spec, packet);
  if (!to) {
    return to.error();
  }
  VxlanPath path;
  path.dst = MacAddress::from_uint64(0x020000000002);
  path.src = MacAddress::from_uint64(0x020000000001);
  path.local = to->local && to->local->is_v4() ? to->local->v4() : Ipv4Address{{192, 0, 2, 1}};
  path.src_port = static_cast<uint16_t>(first_source_port | (packet.flow_hash & 0x3fff));
  path.dst_port = spec.dst_port;
  path.has_checksum = spec.outer_checksum;
  return push_vxlan(packet, *to, path);
}

}  // namespace

void VxlanReplayPort::transmit(PacketBatch&& batch, TxContext& context) {
  FrameSum sum;
  for (Packet& packet : batch) {
    const size_t size = packet.size();
    if (const Verdict verdict = encapsulate(packet, spec().tunnel)) {
      context.drop(*this, *verdict);
    } else {
      sum.add(size, packet.gso_segments());
    }
  }
  context.sent(*this, sum);
  batch.clear();
}

}  // namespace weft::datapath
