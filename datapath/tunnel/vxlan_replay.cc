#include "datapath/tunnel/vxlan_replay.h"

#include "datapath/tunnel/vxlan_frame.h"

namespace weft::datapath {
namespace {

constexpr uint16_t first_source_port = 49152;  // RFC 7348 section 5

VxlanPath path_of(const TunnelSpec& spec, const Encapsulation& to) {
  VxlanPath path;
  path.dst = MacAddress::from_uint64(0x020000000002);
  path.src = MacAddress::from_uint64(0x020000000001);
  path.local = to.local && to.local->is_v4() ? to.local->v4() : Ipv4Address{{192, 0, 2, 1}};
  path.dst_port = spec.dst_port;
  path.has_checksum = spec.outer_checksum;
  return path;
}

bool is_same(const std::optional<InnerIp>& a, const std::optional<InnerIp>& b) {
  return a.has_value() == b.has_value() && (!a || (a->tos == b->tos && a->ttl == b->ttl));
}

// The frames of a batch mostly go the same way: what that is is looked at again only when something it depends on differs.
class Encapsulator {
 public:
  explicit Encapsulator(const TunnelSpec& spec) : spec_(spec) {}

  Verdict push(Packet& packet) {
    const auto inner = find_inner_ip(packet);
    if (!frame_ || !is_same(inner, inner_) || !(packet.tunnel == tunnel_)) {
      const auto to = encapsulation_of(spec_, packet);
      if (!to) {
        return to.error();
      }
      inner_ = inner;
      tunnel_ = packet.tunnel;
      frame_.emplace(*to, path_of(spec_, *to));
    }
    return frame_->push(packet, static_cast<uint16_t>(first_source_port | (packet.flow_hash & 0x3fff)));
  }

 private:
  const TunnelSpec& spec_;
  std::optional<InnerIp> inner_;
  PacketTunnel tunnel_;
  std::optional<VxlanFrame> frame_;  // for packets of this kind
};

}  // namespace

void VxlanReplayPort::transmit(PacketBatch&& batch, TxContext& context) {
  Encapsulator encapsulator(spec().tunnel);
  FrameSum sum;
  for (Packet& packet : batch) {
    const size_t size = packet.size();
    if (const Verdict verdict = encapsulator.push(packet)) {
      context.drop(*this, *verdict);
    } else {
      sum.add(size, packet.gso_segments());
    }
  }
  context.sent(*this, sum);
  batch.clear();
}

}  // namespace weft::datapath
