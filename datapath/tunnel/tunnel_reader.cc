#include "datapath/tunnel/tunnel_reader.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "datapath/tunnel/datagram_slots.h"
#include "datapath/tunnel/tunnel_receiver.h"
#include "datapath/tunnel/underlay_socket.h"
#include "lib/packet/header_at.h"
#include "lib/packet/ipv4.h"

namespace weft::datapath {

namespace {

// Strangers choose the addresses that are looked up here.
constexpr unsigned route_lookups_per_second = 1000;

// A raw socket over IPv4 hands over the outer header as well. False: it is not whole.
bool take_off_ip_header(Packet& datagram) {
  const auto* ip = header_at<Ipv4Header>(datagram.bytes());
  if (ip == nullptr || ip->header_bytes() < ipv4_header_bytes || ip->header_bytes() > datagram.size()) {
    return false;
  }
  datagram.pull(ip->header_bytes());
  return true;
}

}  // namespace

TunnelReader::TunnelReader(PortType type, std::shared_ptr<const TunnelTable> table, const Clock& clock)
    : type_(type), table_(std::move(table)), paths_(clock, route_lookups_per_second) {}

bool TunnelReader::receive(TunnelSocket& socket, PacketBatch& batch, RxContext& context) {
  DatagramSlots slots;
  const size_t ready = slots.prepare(wanted_.value(), context.pool());
  if (ready == 0) {
    return false;
  }
  const int received =
      ::recvmmsg(socket.fd.get(), slots.messages.data(), static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
  if (received <= 0) {
    wanted_.used(0);
    return received < 0 && errno != EAGAIN;
  }
  const auto count = static_cast<size_t>(received);
  wanted_.used(count);
  if (count == DatagramSlots::count) {
    context.is_behind();
  }
  TunnelReceiver receiver(type_, *table_, paths_, context, Delivery(batch, waiting_));
  for (size_t i = 0; i < count; ++i) {
    const mmsghdr& message = slots.messages[i];
    const DatagramInfo info = read_datagram_info(message.msg_hdr);
    count_overruns(socket, info.overrun_count, context);
    if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
      context.drop(nullptr, DropReason::no_buffer);
      continue;
    }
    PacketPtr datagram = slots.landings[i].take(message.msg_len);
    if (socket.has_ip_header && !take_off_ip_header(*datagram)) {
      context.drop(nullptr, DropReason::tunnel_bad_header);
    } else {
      receiver.take(std::move(datagram), info);
    }
  }
  receiver.finish();
  return count == ready || !waiting_.empty();
}

void TunnelReader::discard(RxContext& context) {
  context.drop(nullptr, DropReason::port_gone, waiting_.size());
  waiting_.clear();
}

bool TunnelReader::hand_out_waiting(PacketBatch& batch) {
  while (!waiting_.empty() && !batch.is_full()) {
    batch.add(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return !batch.is_empty();
}

void TunnelReader::count_overruns(TunnelSocket& socket, uint32_t total, RxContext& context) {
  if (total != 0 && total != socket.overruns_seen) {
    context.drop(nullptr, DropReason::rx_overrun, static_cast<uint32_t>(total - socket.overruns_seen));
    socket.overruns_seen = total;
  }
}

}  // namespace weft::datapath
