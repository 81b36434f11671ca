#include "datapath/tunnel/stt_receiver.h"

#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/tcp.h"

namespace weft::datapath {

void SttReceiver::take_ipv4(PacketPtr packet) {
  const auto* ip = header_at<Ipv4Header>(packet->bytes());
  const size_t header = ip == nullptr ? 0 : ip->header_bytes();
  const size_t total = ip == nullptr ? 0 : ip->total_length.host();
  // The kernel has checked the header; that it is all here is for us to know.
  if (header < ipv4_header_bytes || total < header || total > packet->size()) {
    context_.drop(nullptr, DropReason::tunnel_bad_header);
    return;
  }
  const OuterHeader outer{ip->src, ip->dst, ip->tos, ip->ttl};
  packet->trim(total);
  packet->pull(header);
  take(std::move(packet), outer);
}

void SttReceiver::take(PacketPtr packet, const OuterHeader& outer) {
  const auto segment = open_stt_segment(outer, packet->bytes());
  if (!segment) {
    context_.drop(nullptr, segment.error());
    return;
  }
  packet->pull(tcp_header_bytes);
  if (segment->offset == 0 && packet->size() == segment->frame_size) {
    take_frame(std::move(packet), outer);
  } else if (auto frame = reassembly_.add(*segment, packet->bytes(), now_, context_)) {
    take_frame(std::move(frame->packet), frame->outer);
  }
}

void SttReceiver::take_frame(PacketPtr frame, const OuterHeader& outer) {
  Port* port = nullptr;
  if (const Verdict verdict = admit(*frame, outer, port)) {
    context_.drop(port, *verdict);
    return;
  }
  frame->in_port = port->id();
  batch_.add(std::move(frame));
}

Verdict SttReceiver::admit(Packet& frame, const OuterHeader& outer, Port*& port) {
  const auto context_id = take_stt_header(frame);
  if (!context_id) {
    return context_id.error();
  }
  port = table_.find(PortType::stt, *context_id, outer.remote, outer.local);
  if (port == nullptr) {
    return DropReason::tunnel_unknown_vni;
  }
  const Path* path = paths_.find(outer.remote);
  if (path != nullptr && path->verdict == DropReason::tunnel_own_address) {
    return DropReason::tunnel_own_address;
  }
  frame.tunnel = metadata_of(outer, *context_id);
  return decapsulate_ecn(frame.bytes(), outer.tos);
}

}  // namespace weft::datapath
