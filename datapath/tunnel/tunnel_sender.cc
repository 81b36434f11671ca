#include "datapath/tunnel/tunnel_sender.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "datapath/port/too_big_answers.h"
#include "datapath/tunnel/mss_clamp.h"
#include "lib/packet/checksum.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/udp.h"

namespace weft::datapath {

namespace {

// The kernel takes 128 from 6.9 on, 64 before; and 65,504 bytes is what every path was seen to accept.
constexpr size_t max_segments = 64;
constexpr size_t max_datagram_size = 65504;

// Control messages one after the other.
class ControlWriter {
 public:
  explicit ControlWriter(std::span<uint8_t> room) : room_(room) {}

  template <class T>
  ControlWriter& add(int level, int type, const T& value) {
    auto* header = reinterpret_cast<cmsghdr*>(&room_[used_]);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(header), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
    return *this;
  }
  size_t used() const { return used_; }

 private:
  std::span<uint8_t> room_;
  size_t used_ = 0;
};

size_t write_control(std::span<uint8_t> room, const Encapsulation& to, size_t segment_size) {
  ControlWriter control(room);
  if (to.remote.is_v4()) {
    control.add(IPPROTO_IP, IP_TTL, int{to.ttl}).add(IPPROTO_IP, IP_TOS, int{to.tos});
    if (to.local && to.local->is_v4()) {
      in_pktinfo info{};
      info.ipi_spec_dst.s_addr = to.local->v4().be().wire();
      control.add(IPPROTO_IP, IP_PKTINFO, info);
    }
  } else {
    control.add(IPPROTO_IPV6, IPV6_HOPLIMIT, int{to.ttl}).add(IPPROTO_IPV6, IPV6_TCLASS, int{to.tos});
    if (to.local && to.local->is_v6()) {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, to.local->v6().bytes.data(), 16);
      control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  if (segment_size != 0) {
    control.add(IPPROTO_UDP, UDP_SEGMENT, static_cast<uint16_t>(segment_size));
  }
  return control.used();
}

size_t outer_header_size(const IpAddress& remote, PortType type) {
  return (remote.is_v4() ? ipv4_header_bytes : ipv6_header_bytes) + (is_over_udp(type) ? udp_header_bytes : 0);
}

// What a packet is sent from.
IpAddress own_address(const Encapsulation& to, const Path& path) {
  const IpAddress unknown = to.remote.is_v4() ? IpAddress(Ipv4Address{}) : IpAddress(Ipv6Address{});
  return to.local ? *to.local : path.source.value_or(unknown);
}

}  // namespace

SenderSockets::SenderSockets(const UnderlayOptions& options, PortType type) {
  for (unsigned i = 0; i < sets_.size(); ++i) {
    const SourcePorts::Kind kind{(i & 1) != 0, (i & 2) != 0, (i & 4) != 0, !is_over_udp(type)};
    sets_[i] = std::make_unique<SourcePorts>(kind, options);
  }
}

SourcePorts& SenderSockets::of(SourcePorts::Kind kind) {
  return *sets_[(kind.ipv6 ? 1U : 0U) | (kind.dont_fragment ? 2U : 0U) | (kind.checksum ? 4U : 0U)];
}

TunnelSender::TunnelSender(SenderSockets& sockets, PathCache paths)
    : sockets_(sockets), paths_(std::move(paths)), headers_(new uint8_t[header_bytes]) {
  entries_.reserve(2 * max_messages);
  messages_.reserve(max_messages);
  iovecs_.reserve(max_iovecs);
}

size_t TunnelSender::send(Port& port, std::span<Packet* const> packets, size_t& pieces_done, TxContext& context) {
  Call call{port, packets, pieces_done, context};
  clear();
  for (size_t i = 0; i < packets.size() && !call.is_blocked; ++i) {
    add(call, i);
  }
  if (!call.is_blocked) {
    flush(call);
  }
  return call.done;
}

void TunnelSender::add(Call& call, size_t index) {
  if (const Verdict verdict = add_datagrams(call, index)) {
    joinable_.is_open = false;
    entries_.push_back({index, verdict});
    if (verdict == DropReason::tunnel_mtu_exceeded) {
      tell_sender(call, index);
    }
  }
}

Verdict TunnelSender::add_datagrams(Call& call, size_t index) {
  Packet& packet = *call.packets[index];
  const TunnelSpec& spec = call.port.spec().tunnel;
  const auto to = encapsulation_of(spec, packet);
  if (!to) {
    return to.error();
  }
  if (const Verdict verdict = choose_socket(call, spec, *to, packet); verdict || call.is_blocked) {
    return verdict;
  }
  header_.write(call.port.spec(), *to, packet, call.port.tunnel_options());
  Shape shape;
  if (!packet.offload.is_gso()) {
    if (call.port.clamps_mss(to->key)) {
      clamp_mss(packet, max_frame_size(call.port.spec(), *to, header_));
    }
    if (const Verdict verdict = finish_partial_checksum(packet)) {
      return verdict;
    }
    if (const Verdict verdict = shape_of(call.port.spec(), *to, packet.size(), shape)) {
      return verdict;
    }
    add_single(call, *to, index, shape);
    return keep;
  }
  const Segmenter segmenter(packet);
  if (segmenter.verdict()) {
    return segmenter.verdict();
  }
  shape.piece_count = segmenter.count();
  if (const Verdict verdict = shape_of(call.port.spec(), *to, segmenter.frame_size(0), shape)) {
    return verdict;
  }
  add_pieces(call, *to, index, segmenter, shape);
  return keep;
}

Verdict TunnelSender::choose_socket(Call& call, const TunnelSpec& spec, const Encapsulation& to, const Packet& packet) {
  SourcePorts& ports = sockets_.of({to.remote.is_v6(), spec.dont_fragment, spec.outer_checksum});
  const int socket = ports.socket(packet.flow_hash);
  if (socket < 0) {
    return DropReason::tx_error;
  }
  if (socket != socket_ && !messages_.empty() && !flush(call)) {
    return keep;
  }
  socket_ = socket;
  return keep;
}

Verdict TunnelSender::shape_of(const PortSpec& spec, const Encapsulation& to, size_t frame_size, Shape& shape) {
  const Path* path = paths_.find(to.remote, to.local);
  if (path == nullptr) {
    return DropReason::tunnel_no_route;
  }
  if (path->verdict) {
    return path->verdict;
  }
  const size_t piece_size = header_.size() + frame_size;
  const bool fits = piece_size + outer_header_size(to.remote, spec.type) <= path->mtu;
  if ((!fits && spec.tunnel.dont_fragment) || piece_size > max_datagram_size) {
    return DropReason::tunnel_mtu_exceeded;
  }
  shape.piece_size = piece_size;
  // The kernel segments UDP alone, and neither what it must fragment nor datagrams without a checksum.
  const bool may_join = fits && spec.tunnel.outer_checksum && is_over_udp(spec.type);
  shape.pieces_each = may_join ? std::min(max_segments, max_datagram_size / piece_size) : 1;
  return keep;
}

// The sender of a frame that is too large for its path.
void TunnelSender::tell_sender(Call& call, size_t index) {
  const PortSpec& spec = call.port.spec();
  TooBigAnswers* answers = call.port.too_big_answers();
  Packet& packet = *call.packets[index];
  const auto to = encapsulation_of(spec.tunnel, packet);
  if (!to || answers == nullptr || !spec.tunnel.dont_fragment) {
    return;
  }
  TunnelHeader header;  // the member may be of another packet
  header.write(spec, *to, packet, call.port.tunnel_options());
  if (const size_t size = max_frame_size(spec, *to, header)) {
    const OuterHeader from_there{to->remote, own_address(*to, *paths_.find(to->remote, to->local)), to->tos, to->ttl};
    answers->answer(packet, metadata_of(from_there, to->key), size, call.context);
  }
}

// The largest that the path takes with this header; 0: that is not known.
size_t TunnelSender::max_frame_size(const PortSpec& spec, const Encapsulation& to, const TunnelHeader& header) {
  const Path* path = paths_.find(to.remote, to.local);
  const size_t overhead = outer_header_size(to.remote, spec.type) + header.size();
  return path != nullptr && !path->verdict && path->mtu > overhead ? path->mtu - overhead : 0;
}

bool TunnelSender::add_single(Call& call, const Encapsulation& to, size_t index, const Shape& shape) {
  if (join_last(call, to, index, shape)) {
    return true;
  }
  if (!has_room(1, header_.size()) && !flush(call)) {
    return false;
  }
  begin_message(call, to, 0);
  write_frame(*call.packets[index]);
  end_message(index, 1, 0);
  joinable_ = {shape.pieces_each > 1, to, shape.piece_size, shape.pieces_each - 1};
  return true;
}

// Whether the frame's pieces may follow in the last message, of which the kernel makes datagrams of equal size.
bool TunnelSender::may_join(const Encapsulation& to, size_t index, size_t piece_size) const {
  return joinable_.is_open && joinable_.pieces_left > 0 && piece_size <= joinable_.piece_size &&
         entries_.back().packet + entries_.back().packet_count == index && entries_.back().pieces == 0 &&
         joinable_.to.remote == to.remote && joinable_.to.local == to.local && joinable_.to.tos == to.tos &&
         joinable_.to.ttl == to.ttl;
}

// A shorter one is the message's last.
bool TunnelSender::join_last(Call& call, const Encapsulation& to, size_t index, const Shape& shape) {
  if (!may_join(to, index, shape.piece_size) || iovecs_.size() + 2 > max_iovecs ||
      headers_used_ + header_.size() > header_bytes) {
    return false;
  }
  const size_t i = messages_.size() - 1;
  msghdr& message = messages_[i].msg_hdr;
  message.msg_controllen = write_control(controls_[i].bytes, to, joinable_.piece_size);
  write_frame(*call.packets[index]);
  message.msg_iovlen += 2;
  ++entries_.back().packet_count;
  --joinable_.pieces_left;
  joinable_.is_open = shape.piece_size == joinable_.piece_size;
  return true;
}

bool TunnelSender::add_pieces(Call& call, const Encapsulation& to, size_t index, const Segmenter& segmenter,
                              const Shape& shape) {
  const size_t header_size = header_.size() + segmenter.header_size();
  size_t piece = index == 0 ? call.pieces_done : 0;
  piece += join_pieces(to, index, segmenter, piece, shape);
  while (piece < shape.piece_count) {
    const size_t end = std::min(piece + shape.pieces_each, shape.piece_count);
    if (!has_room(end - piece, (end - piece) * header_size) && !flush(call)) {
      return false;
    }
    if (abandoned_ == index) {
      return true;
    }
    begin_message(call, to, end - piece > 1 ? shape.piece_size : 0);
    write_pieces(segmenter, piece, end);
    const bool is_last = end == shape.piece_count;
    end_message(index, is_last ? 1 : 0, is_last ? 0 : end - piece);
    const bool is_full = header_.size() + segmenter.frame_size(end - 1) == shape.piece_size;
    joinable_ = {is_last && is_full && shape.pieces_each > 1, to, shape.piece_size, shape.pieces_each - (end - piece)};
    piece = end;
  }
  return true;
}

// As many pieces as the last message takes; how many.
size_t TunnelSender::join_pieces(const Encapsulation& to, size_t index, const Segmenter& segmenter, size_t first,
                                 const Shape& shape) {
  const size_t count = std::min(joinable_.pieces_left, shape.piece_count - first);
  const size_t header_size = header_.size() + segmenter.header_size();
  const bool is_one_size = shape.piece_size == joinable_.piece_size || count == 1;
  if (!may_join(to, index, shape.piece_size) || !is_one_size || count == 0 || iovecs_.size() + 2 * count > max_iovecs ||
      headers_used_ + count * header_size > header_bytes) {
    return 0;
  }
  const size_t i = messages_.size() - 1;
  msghdr& message = messages_[i].msg_hdr;
  message.msg_controllen = write_control(controls_[i].bytes, to, joinable_.piece_size);
  write_pieces(segmenter, first, first + count);
  message.msg_iovlen = iovecs_.size() - message_iovec_;
  const bool is_last = first + count == shape.piece_count;
  Entry& entry = entries_.back();
  entry.packet_count += is_last ? 1 : 0;
  entry.pieces = is_last ? 0 : count;
  joinable_.pieces_left -= count;
  joinable_.is_open = is_last && header_.size() + segmenter.frame_size(first + count - 1) == joinable_.piece_size;
  return count;
}

void TunnelSender::write_frame(const Packet& frame) {
  uint8_t* header = take_headers(header_.size());
  header_.copy_to(header, header_.has_checksum() ? InternetSum().add(frame.bytes()) : InternetSum());
  add_slice({header, header_.size()}, frame.bytes());
}

void TunnelSender::write_pieces(const Segmenter& segmenter, size_t first, size_t end) {
  const size_t header_size = header_.size() + segmenter.header_size();
  for (size_t piece = first; piece < end; ++piece) {
    const auto payload = segmenter.payload(piece);
    const InternetSum payload_sum = InternetSum().add(payload);
    uint8_t* headers = take_headers(header_size);
    uint8_t* inner = headers + header_.size();
    segmenter.write_headers(piece, inner, payload_sum);
    header_.copy_to(headers, header_.has_checksum() ? InternetSum(payload_sum).add({inner, segmenter.header_size()})
                                                    : InternetSum());
    add_slice({headers, header_size}, payload);
  }
}

bool TunnelSender::has_room(size_t pieces, size_t headers) const {
  return messages_.size() < max_messages && iovecs_.size() + 2 * pieces <= max_iovecs &&
         headers_used_ + headers <= header_bytes;
}

uint8_t* TunnelSender::take_headers(size_t size) {
  uint8_t* headers = &headers_[headers_used_];
  headers_used_ += size;
  return headers;
}

void TunnelSender::add_slice(std::span<const uint8_t> headers, std::span<const uint8_t> payload) {
  // sendmsg() only reads; its iovec does not say so.
  iovecs_.push_back({const_cast<uint8_t*>(headers.data()), headers.size()});
  if (!payload.empty()) {
    iovecs_.push_back({const_cast<uint8_t*>(payload.data()), payload.size()});
  }
}

void TunnelSender::begin_message(Call& call, const Encapsulation& to, size_t segment_size) {
  const size_t i = messages_.size();
  joinable_.is_open = false;
  const PortSpec& spec = call.port.spec();
  names_[i] = SocketAddress(to.remote, is_over_udp(spec.type) ? spec.tunnel.dst_port : uint16_t{0});
  mmsghdr message{};
  message.msg_hdr.msg_name = names_[i].get();
  message.msg_hdr.msg_namelen = names_[i].size();
  message.msg_hdr.msg_control = controls_[i].bytes;
  message.msg_hdr.msg_controllen = write_control(controls_[i].bytes, to, segment_size);
  messages_.push_back(message);
  message_iovec_ = iovecs_.size();
}

void TunnelSender::end_message(size_t index, size_t packet_count, size_t pieces) {
  msghdr& message = messages_.back().msg_hdr;
  message.msg_iov = &iovecs_[message_iovec_];
  message.msg_iovlen = iovecs_.size() - message_iovec_;
  entries_.push_back({index, keep, packet_count, pieces});
}

void TunnelSender::clear() {
  entries_.clear();
  messages_.clear();
  iovecs_.clear();
  joinable_.is_open = false;
  headers_used_ = 0;
  abandoned_ = ~size_t{0};
}

// Works off the entries in order, so that what is done is always the front of what was given.
bool TunnelSender::flush(Call& call) {
  size_t message = 0;
  for (size_t at = 0; at < entries_.size() && !call.is_blocked;) {
    const Entry& entry = entries_[at];
    if (entry.drop) {
      drop_packets(call, *entry.drop, 1);
      ++at;
    } else if (entry.packet == abandoned_ && entry.packets_touched() == 1) {
      ++message;
      ++at;
    } else {
      const size_t sent = send_run(call, at, message);
      message += sent;
      at += sent;
    }
  }
  const size_t abandoned = abandoned_;
  clear();
  abandoned_ = abandoned;
  return !call.is_blocked;
}

// Sends the messages from one entry up to the next drop; how many were sent, or dropped because they could not be.
size_t TunnelSender::send_run(Call& call, size_t first_entry, size_t first_message) {
  size_t count = 1;
  while (first_entry + count < entries_.size() && !entries_[first_entry + count].drop) {
    ++count;
  }
  Sent sent = send_messages(first_message, count);
  if (sent.error != 0 && sent.error != EAGAIN && drain_error_queue(socket_)) {
    sent = send_messages(first_message, 1);
  }
  if (sent.error == EAGAIN) {
    call.is_blocked = true;
    return 0;
  }
  if (sent.error != 0) {
    const Entry& entry = entries_[first_entry];
    const size_t already_dropped = entry.packet == abandoned_ ? 1 : 0;
    const size_t end = entry.packet + entry.packets_touched();
    abandoned_ = entry.pieces > 0 ? end - 1 : ~size_t{0};
    drop_packets(call, refused(sent.error, call, entry.packet), entry.packets_touched() - already_dropped);
    return 1;
  }
  for (size_t i = 0; i < sent.count; ++i) {
    finish_datagram(call, entries_[first_entry + i]);
  }
  return sent.count;
}

TunnelSender::Sent TunnelSender::send_messages(size_t first, size_t count) {
  const int sent = ::sendmmsg(socket_, &messages_[first], static_cast<unsigned>(count), MSG_DONTWAIT);
  return sent < 0 ? Sent{0, errno} : Sent{static_cast<size_t>(sent), 0};
}

// The rest of a packet whose beginning was refused may leave with others: it was counted as dropped then.
void TunnelSender::finish_datagram(Call& call, const Entry& entry) const {
  if (entry.packet_count > 0) {
    const size_t already_dropped = entry.packet == abandoned_ ? 1 : 0;
    const size_t count = entry.packet_count - already_dropped;
    for (const Packet* packet : call.packets.subspan(entry.packet + already_dropped, count)) {
      call.context.sent(call.port, packet->size(), packet->gso_segments());
    }
    call.pieces_done = 0;
    call.done += count;
  }
  call.pieces_done += entry.pieces;
}

void TunnelSender::drop_packets(Call& call, DropReason reason, size_t count) {
  call.context.drop(call.port, reason, count);
  call.pieces_done = 0;
  call.done += count;
}

DropReason TunnelSender::refused(int error, Call& call, size_t index) {
  const auto forget_path = [&] {
    if (const auto to = encapsulation_of(call.port.spec().tunnel, *call.packets[index])) {
      paths_.forget(to->remote, to->local);
    }
  };
  switch (error) {
    case EMSGSIZE:  // a smaller path MTU was learned since it was looked up
      forget_path();
      tell_sender(call, index);
      return DropReason::tunnel_mtu_exceeded;
    case ENETUNREACH:
    case EHOSTUNREACH:
      forget_path();
      return DropReason::tunnel_no_route;
    case ENOBUFS:  // the device's queue discipline has taken the datagram and dropped it
      return DropReason::tx_queue_full;
    default:  // EACCES for a broadcast address, EPERM from a firewall, and whatever else: the frame cannot be sent
      call.port.counters(call.context.worker()).tx_errors.add();
      return DropReason::tx_error;
  }
}

}  // namespace weft::datapath
