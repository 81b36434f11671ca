#include "datapath/port/memory.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "datapath/offload/ingress.h"
#include "lib/packet/ethernet.h"

namespace weft::datapath {

MemoryPort::MemoryPort(const PortSpec& spec, const PortEnvironment& environment)
    : Port(spec, environment),
      too_big_answers_(*this, spec.tunnel.too_big_rate, *environment.clock),
      queue_(std::make_shared<MemoryQueue>(*this)) {}

MemoryPort::~MemoryPort() = default;

void MemoryPort::inject(MemoryFrame frame) { queue_->push(std::move(frame)); }

std::vector<MemoryFrame> MemoryPort::take_sent() {
  MutexLock lock(mutex_);
  return std::exchange(sent_, {});
}

std::vector<std::shared_ptr<RxQueue>> MemoryPort::rx_queues() { return {queue_}; }

MemoryFrame MemoryPort::to_frame(const Packet& packet) const {
  MemoryFrame frame{{packet.bytes().begin(), packet.bytes().end()}, packet.offload, {}};
  if (!spec().is_memory_tunnel) {
    return frame;
  }
  const TunnelSpec& tunnel = spec().tunnel;
  if (packet.tunnel.present) {
    frame.tunnel = packet.tunnel;
  } else {
    frame.tunnel.begin();
  }
  if (tunnel.out_key) {
    frame.tunnel.id = *tunnel.out_key;
  }
  if (tunnel.remote) {
    frame.tunnel.set_destination(*tunnel.remote);
  }
  if (tunnel.local) {
    frame.tunnel.set_source(*tunnel.local);
  }
  return frame;
}

bool MemoryPort::fits(const Packet& packet) const {
  if (!spec().is_memory_tunnel || !spec().mtu_request) {
    return true;
  }
  const size_t size =
      packet.offload.is_gso() ? size_t{packet.offload.hdr_len} + packet.offload.gso_size : packet.size();
  return size <= *spec().mtu_request + ethernet_header_bytes;
}

void MemoryPort::refuse_too_big(Packet& packet, TxContext& context) {
  const TunnelMetadata there = to_frame(packet).tunnel;
  TunnelMetadata back = there;
  back.set_source(there.destination());
  back.set_destination(there.source());
  too_big_answers_.answer(packet, back, *spec().mtu_request + ethernet_header_bytes, context);
  context.drop(*this, DropReason::tunnel_mtu_exceeded);
}

void MemoryPort::transmit(PacketBatch&& batch, TxContext& context) {
  MutexLock lock(mutex_);
  batch.drain([&](PacketPtr packet) NO_THREAD_SAFETY_ANALYSIS {
    if (!fits(*packet)) {
      refuse_too_big(*packet, context);
      return;
    }
    if (sent_.size() >= max_sent) {
      context.drop(*this, DropReason::tx_queue_full);
      return;
    }
    sent_.push_back(to_frame(*packet));
    context.sent(*this, packet->size(), packet->gso_segments());
  });
}

PortStatus MemoryPort::status() const {
  PortStatus status;
  status.is_admin_up = status.has_link = true;
  status.mtu = spec().mtu_request.value_or(65535);
  status.mac = spec().mac.value_or(MacAddress{});
  return status;
}

MemoryQueue::MemoryQueue(MemoryPort& port) : port_(port), event_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

MemoryQueue::~MemoryQueue() { ::close(event_fd_); }

void MemoryQueue::push(MemoryFrame frame) {
  MutexLock lock(mutex_);
  waiting_.push_back(std::move(frame));
  if (waiting_.size() == 1) {
    ::eventfd_write(event_fd_, 1);
  }
}

// The event is taken back with the last frame, under the lock that put it there, so it says exactly "not empty".
std::deque<MemoryFrame> MemoryQueue::take_some(size_t count) {
  std::deque<MemoryFrame> some;
  MutexLock lock(mutex_);
  while (!waiting_.empty() && some.size() < count) {
    some.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  if (!some.empty() && waiting_.empty()) {
    eventfd_t ignored = 0;
    ::eventfd_read(event_fd_, &ignored);
  }
  return some;
}

PacketPtr MemoryQueue::to_packet(const MemoryFrame& frame, RxContext& context) {
  if (frame.bytes.size() > max_frame_size) {
    context.drop(&port_, DropReason::oversized_frame);
    return nullptr;
  }
  PacketPtr packet = context.pool().copy_of(frame.bytes);
  if (packet == nullptr) {
    context.drop(&port_, DropReason::no_buffer);
    return nullptr;
  }
  packet->in_port = port_.id();
  packet->offload = frame.offload;
  if (port_.spec().is_memory_tunnel) {
    packet->tunnel = frame.tunnel;
    packet->tunnel.present = true;
    if (frame.offload == Offload{}) {
      detect_partial_checksum(*packet);
    }
  }
  return packet;
}

bool MemoryQueue::receive(PacketBatch& batch, RxContext& context) {
  const auto frames = take_some(PacketBatch::capacity);
  for (const MemoryFrame& frame : frames) {
    if (PacketPtr packet = to_packet(frame, context)) {
      batch.add(std::move(packet));
    }
  }
  return !frames.empty();
}

}  // namespace weft::datapath
