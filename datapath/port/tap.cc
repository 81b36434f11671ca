#include "datapath/port/tap.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "datapath/port/landing.h"
#include "datapath/port/tap_device.h"
#include "datapath/port/vnet_header.h"
#include "lib/packet/ethernet.h"

namespace weft::datapath {

Result<std::unique_ptr<Port>, PortError> TapPort::open(const PortSpec& spec, const PortEnvironment& environment) {
  auto device = open_tap(spec.name, std::max(1U, spec.rx_queue_count));
  if (!device) {
    return Unexpected(device.error());
  }
  if (auto configured = configure_tap(device->queues.front(), {.mac = spec.mac}); !configured) {
    return Unexpected(PortError{PortError::Kind::invalid, configured.error().to_string()});
  }
  return std::unique_ptr<Port>(new TapPort(spec, environment, std::move(device->queues), device->takes_udp_gso));
}

TapPort::TapPort(const PortSpec& spec, const PortEnvironment& environment, std::vector<Fd> taps, bool takes_udp_gso)
    : BackloggedPort(spec, environment), takes_udp_gso_(takes_udp_gso) {
  for (Fd& tap : taps) {
    taps_.push_back(std::make_shared<const Fd>(std::move(tap)));
    queues_.push_back(std::make_shared<TapQueue>(*this, taps_.back()));
  }
}

PortCapabilities TapPort::capabilities() const {
  PortCapabilities can;
  can.partial_checksum_depth = 254;  // a sum from anywhere to anywhere
  can.gso_depth = 0;
  can.gso_tcp4 = can.gso_tcp6 = true;
  can.gso_udp_l4 = takes_udp_gso_;
  return can;
}

Result<void, OsError> TapPort::configure(const PortSpec& wanted) {
  return configure_tap(tap(), {.mtu = wanted.mtu_request, .mac = wanted.mac});
}

PortStatus TapPort::status() const {
  PortStatus status;
  const auto device = read_tap(tap());
  status.is_present = device.has_value();
  if (device) {
    status.is_admin_up = device->is_admin_up;
    status.has_link = device->has_link;
    status.mtu = device->mtu;
    status.ifindex = device->ifindex;
    status.mac = device->mac;
    status.speed_bps = device->speed_bps;
  }
  return status;
}

void TapPort::device_changed() {
  if (!is_trouble_told_.exchange(true, std::memory_order_relaxed)) {
    notify_change();
  }
}

DropReason TapPort::refused(int error, unsigned worker) {
  switch (error) {
    case EIO:  // what a tap says while its device is down; netlink tells of that
      return DropReason::port_down;
    case EBADFD:
      device_changed();
      return DropReason::port_gone;
    default:
      counters(worker).tx_errors.add();
      return DropReason::tx_error;
  }
}

size_t TapPort::send(std::span<Packet* const> packets, TxContext& context) {
  const int tap = taps_[context.worker() % taps_.size()]->get();
  size_t done = 0;
  for (Packet* packet : packets) {
    VnetHeader header = make_vnet_header(*packet);
    const std::array<iovec, 2> iovecs{iovec{&header, sizeof header}, iovec{packet->data(), packet->size()}};
    if (::writev(tap, iovecs.data(), iovecs.size()) >= 0) {
      context.sent(*this, packet->size(), packet->gso_segments());
    } else if (errno == EAGAIN) {
      break;
    } else {
      context.drop(*this, refused(errno, context.worker()));
    }
    ++done;
  }
  return done;
}

bool TapQueue::receive(PacketBatch& batch, RxContext& context) {
  // Counted in reads, not in frames kept: a guest that sends nothing but rubbish gets no more than its turn.
  size_t reads = 0;
  while (reads < PacketBatch::capacity && read_one(batch, context)) {
    ++reads;
  }
  if (reads == PacketBatch::capacity) {
    context.is_behind();
  }
  return reads > 0;
}

// False when there is nothing to read.
bool TapQueue::read_one(PacketBatch& batch, RxContext& context) {
  Landing landing;
  if (!landing.prepare(context.pool())) {
    return false;
  }
  VnetHeader header;
  const auto places = landing.iovecs();
  const std::array<iovec, 3> iovecs{iovec{&header, sizeof header}, places[0], places[1]};
  // A tap cuts a frame that does not fit without a word, so a full small buffer alone is a frame cut short.
  const size_t room = landing.takes_large() ? PacketPool::large_room : PacketPool::small_room - 1;
  const ssize_t received = ::readv(tap_->get(), iovecs.data(), landing.takes_large() ? 3 : 2);
  if (received < 0) {
    met_error(errno, context);
    return false;
  }
  const size_t size = static_cast<size_t>(received) - std::min<size_t>(received, vnet_header_bytes);
  PacketPtr packet = landing.take(size);
  if (const Verdict verdict = size > room ? Verdict(DropReason::no_buffer) : accept(header, *packet)) {
    context.drop(&port_, *verdict);
  } else {
    packet->in_port = port_.id();
    batch.add(std::move(packet));
  }
  return true;
}

Verdict TapQueue::accept(const VnetHeader& header, Packet& packet) {
  if (packet.size() < ethernet_header_bytes) {
    return DropReason::truncated_frame;
  }
  return read_vnet_header(header, packet);
}

void TapQueue::met_error(int error, RxContext& context) {
  if (error == EBADFD) {
    port_.device_changed();
  } else if (error != EAGAIN && error != EINTR) {
    context.drop(&port_, DropReason::rx_error);
    port_.counters(context.worker()).rx_errors.add();
  }
}

}  // namespace weft::datapath
