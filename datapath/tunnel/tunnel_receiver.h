// TunnelReceiver: from datagrams to inner packets with tunnel metadata, for one batch.
//
// A datagram may be many: what the kernel joined (UDP_GRO) is taken apart again, and the inner TCP segments of a flow
// merged into large frames (datapath/offload/gro.h), each byte copied and its checksum verified in one pass. A single
// datagram loses its tunnel header in place. What a kernel vxlan on the same machine hands over as one datagram of
// 60 KB with an unfinished inner checksum becomes a GSO frame again.
//
// The mark of joined datagrams (their size) is also what the kernel puts on one datagram whose inner packet is a UDP
// GSO frame. Such a frame is an IP packet up to its end, where the first of several datagrams ends before. But a packet
// that lies about its length could pass off what is joined to it as its own, and the payload of a GSO frame could pass
// for datagrams of any VNI; so it is taken for one only where the others would be no tunnel's, and where the frame is
// plain UDP with an unfinished checksum. What stays in doubt is dropped.
//
// Every inner frame is delivered, merged (absorbed), or dropped with a reason: those of open_tunnel() and
// read_geneve_options(), tunnel_unknown_vni, tunnel_own_address, tunnel_congestion.
//
// Threads: one worker, one receive(). Ownership: packets come from and go to the worker's pool.
#pragma once

#include <deque>
#include <span>

#include "datapath/offload/gro.h"
#include "datapath/port/port.h"
#include "datapath/tunnel/path_cache.h"
#include "datapath/tunnel/tunnel_header.h"
#include "datapath/tunnel/tunnel_table.h"
#include "datapath/tunnel/underlay_socket.h"

namespace weft::datapath {

// Where inner packets go: the batch, and what does not fit waits in order for the next call.
class Delivery {
 public:
  Delivery(PacketBatch& batch, std::deque<PacketPtr>& waiting) : batch_(batch), waiting_(waiting) {}

  void operator()(PacketPtr packet) {
    if (waiting_.empty() && !batch_.is_full()) {
      batch_.add(std::move(packet));
    } else {
      waiting_.push_back(std::move(packet));
    }
  }

 private:
  PacketBatch& batch_;
  std::deque<PacketPtr>& waiting_;
};

class TunnelReceiver {
 public:
  // `type`: what the datagrams are, as for open_tunnel().
  TunnelReceiver(PortType type, const TunnelTable& table, PathCache& paths, RxContext& context, Delivery delivery)
      : type_(type), table_(table), paths_(paths), context_(context), deliver_(delivery), gro_(context.pool()) {}

  // `datagram` holds the payload of UDP, or of IP.
  void take(PacketPtr datagram, const DatagramInfo& info);
  // At the end of the batch: lets go what was held for merging.
  void finish() { gro_.flush(deliver_); }

 private:
  struct Target {
    Port* port = nullptr;
    PacketTunnel tunnel;
    const Path* path = nullptr;
    size_t header_size = 0;
  };

  Verdict admit(std::span<uint8_t> datagram, const DatagramInfo& info, Target& target, TunnelInner& inner);
  void take_single(PacketPtr datagram, const DatagramInfo& info, size_t udp_gso_size);
  void take_joined(std::span<uint8_t> datagram, const DatagramInfo& info);
  void take_inner(PacketPtr packet, const Target& target, size_t udp_gso_size);
  size_t inner_mtu(const Target& target) const;
  Port* find_port(const TunnelInner& inner, const OuterHeader& outer);
  Port* look_up(const TunnelInner& inner, const OuterHeader& outer) const;

  const PortType type_;
  const TunnelTable& table_;
  PathCache& paths_;
  RxContext& context_;
  Delivery deliver_;
  Gro gro_;
  // Of the last inner frame: the next one is usually for the same port.
  Port* last_port_ = nullptr;
  uint64_t last_key_ = 0;
  bool last_has_key_ = false;
  OuterHeader last_outer_;
};

}  // namespace weft::datapath
