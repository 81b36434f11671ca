#include "datapath/tunnel/stt_sender.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/packet/ipv4.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {

namespace {

// A longer frame than 65,535 bytes, link-layer header included, is beyond what devices take for segmentation; those of
// VLANs add a tag.
constexpr size_t max_super_frame = 65535 - vlan_tag_bytes;

// The virtio_net_hdr of `size` bytes behind the headers, cut into pieces of `mss` where they are more.
VnetHeader super_segment_header(const SttHop& hop, bool is_v4, size_t size, size_t mss) {
  const size_t ip_size = is_v4 ? ipv4_header_bytes : ipv6_header_bytes;
  VnetHeader header;
  header.flags = VnetHeader::needs_checksum;
  header.csum_start = static_cast<uint16_t>(hop.link_header_size + ip_size);
  header.csum_offset = tcp_checksum_offset;
  header.hdr_len = static_cast<uint16_t>(header.csum_start + tcp_header_bytes);
  if (size > mss) {
    header.gso_type = is_v4 ? VnetHeader::gso_tcp4 : VnetHeader::gso_tcp6;
    header.gso_size = static_cast<uint16_t>(mss);
  }
  return header;
}

}  // namespace

bool SttSender::is_resolving(const TunnelSpec& spec, const Packet& packet) {
  const auto to = encapsulation_of(spec, packet);
  return to && paths_.find(to->remote, to->local).is_resolving;
}

size_t SttSender::send(Port& port, std::span<Packet* const> packets, TxContext& context) {
  size_t done = 0;
  while (done < packets.size()) {
    const auto some = packets.subspan(done, std::min(max_packets, packets.size() - done));
    const size_t sent = send_some(port, some, context);
    done += sent;
    if (sent < some.size()) {
      break;
    }
  }
  return done;
}

size_t SttSender::send_some(Port& port, std::span<Packet* const> packets, TxContext& context) {
  std::array<Plan, max_packets> plans;
  message_count_ = 0;
  for (size_t i = 0; i < packets.size(); ++i) {
    plans[i] = plan(port.spec().tunnel, *packets[i]);
  }
  size_t message = 0;
  for (size_t i = 0; i < packets.size();) {
    if (plans[i].drop) {
      context.drop(port, *plans[i++].drop);
      continue;
    }
    size_t run = 0;
    for (size_t j = i; j < packets.size() && !plans[j].drop; ++j) {
      run += plans[j].message_count;
    }
    int sent = send_messages(message, run);
    if (sent < 0) {
      if (errno == EAGAIN) {
        return i;
      }
      context.drop(port, refused(errno, port, *packets[i], context));
      message += plans[i++].message_count;
      continue;
    }
    for (; sent > 0; ++i) {
      const int parts = static_cast<int>(plans[i].message_count);
      // The first half has left: what is left to say of the second is whether it made it, too.
      const bool is_whole = sent >= parts || send_messages(message + 1, 1) == 1;
      if (is_whole) {
        context.sent(port, packets[i]->size(), packets[i]->gso_segments());
      } else {
        context.drop(port, DropReason::tx_queue_full);
      }
      message += plans[i].message_count;
      sent -= parts;
    }
  }
  return packets.size();
}

int SttSender::send_messages(size_t first, size_t count) {
  return ::sendmmsg(socket_.get(), &headers_[first], static_cast<unsigned>(count), MSG_DONTWAIT);
}

SttSender::Plan SttSender::plan(const TunnelSpec& spec, Packet& packet) {
  const auto to = encapsulation_of(spec, packet);
  if (!to) {
    return {to.error()};
  }
  const SttHop& hop = paths_.find(to->remote, to->local).hop;
  if (hop.verdict) {
    return {hop.verdict};
  }
  if (!hop.has_neighbour) {
    return {DropReason::tunnel_no_neighbour};
  }
  const auto header = make_stt_header(packet, to->key);
  if (!header) {
    return {header.error()};
  }
  const size_t frame_size = stt_header_bytes + packet.size();
  const size_t outer_size = stt_outer_size(to->remote);
  if (frame_size > max_stt_frame_size || hop.mtu <= outer_size) {
    return {DropReason::tunnel_mtu_exceeded};
  }
  SttOuter outer;
  outer.local = hop.source;
  outer.remote = to->remote;
  outer.tos = to->tos;
  outer.ttl = to->ttl;
  outer.dont_fragment = spec.dont_fragment;
  outer.src_port = stt_source_port(packet.flow_hash);
  outer.dst_port = spec.dst_port;
  outer.frame_id = ids_.take();
  const size_t mss = hop.mtu - outer_size;
  const size_t most = max_super_frame - hop.link_header_size - outer_size;
  Plan plan;
  for (size_t offset = 0; offset < frame_size; offset += most) {
    const size_t size = std::min(most, frame_size - offset);
    outer.ip_id = ip_id_;
    ip_id_ = static_cast<uint16_t>(ip_id_ + (size + mss - 1) / mss);
    add_message(hop, outer, *header, packet, offset, size, mss);
    ++plan.message_count;
  }
  return plan;
}

// `size` bytes from `offset` on of the STT frame that is `header` and `packet`.
void SttSender::add_message(const SttHop& hop, const SttOuter& outer, const SttHeader& header, const Packet& packet,
                            size_t offset, size_t size, size_t mss) {
  Message& message = messages_[message_count_];
  message.vnet = super_segment_header(hop, outer.remote.is_v4(), size, mss);
  std::memcpy(message.headers.data(), hop.link_header.data(), hop.link_header_size);
  write_stt_outer(&message.headers[hop.link_header_size], outer, stt_header_bytes + packet.size(), offset, size);
  size_t headers_size = hop.link_header_size + stt_outer_size(outer.remote);
  size_t payload_size = size;
  const size_t payload_at = offset == 0 ? 0 : offset - stt_header_bytes;
  if (offset == 0) {
    std::memcpy(&message.headers[headers_size], &header, sizeof header);
    headers_size += sizeof header;
    payload_size -= sizeof header;
  }
  message.iovecs[0] = {&message.vnet, sizeof message.vnet};
  message.iovecs[1] = {message.headers.data(), headers_size};
  // sendmmsg() only reads; its iovec does not say so.
  message.iovecs[2] = {const_cast<uint8_t*>(packet.data()) + payload_at, payload_size};
  message.to = {};
  message.to.sll_family = AF_PACKET;
  message.to.sll_ifindex = static_cast<int>(hop.ifindex);
  message.to.sll_protocol = htons(outer.remote.is_v4() ? eth_type::ipv4 : eth_type::ipv6);
  mmsghdr& out = headers_[message_count_];
  out = {};
  out.msg_hdr.msg_name = &message.to;
  out.msg_hdr.msg_namelen = sizeof message.to;
  out.msg_hdr.msg_iov = message.iovecs.data();
  out.msg_hdr.msg_iovlen = message.iovecs.size();
  ++message_count_;
}

DropReason SttSender::refused(int error, Port& port, const Packet& packet, TxContext& context) {
  const auto forget_path = [&] {
    if (const auto to = encapsulation_of(port.spec().tunnel, packet)) {
      paths_.forget(to->remote, to->local);
    }
  };
  switch (error) {
    case EMSGSIZE:  // the device's MTU is smaller than it was
      forget_path();
      return DropReason::tunnel_mtu_exceeded;
    case ENETDOWN:
    case ENODEV:
    case ENXIO:
      forget_path();
      return DropReason::tunnel_no_route;
    case ENOBUFS:  // the device's queue discipline has taken the packet and dropped it
      return DropReason::tx_queue_full;
    default:
      port.counters(context.worker()).tx_errors.add();
      return DropReason::tx_error;
  }
}

}  // namespace weft::datapath
