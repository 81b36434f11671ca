#include "datapath/port/afxdp.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "datapath/offload/ingress.h"
#include "lib/base/log.h"
#include "lib/os/device.h"
#include "lib/packet/ethernet.h"

namespace weft::datapath {

namespace {

log::Logger& afxdp_logger = log::get("port");
constexpr Duration afxdp_statistics_period = std::chrono::milliseconds(100);

// From the nearest to the driver on.
std::vector<XdpMode> modes_to_try(XdpMode wanted) {
  if (wanted == XdpMode::best_effort) {
    return {XdpMode::native_with_zerocopy, XdpMode::native, XdpMode::generic};
  }
  return {wanted};
}

PortError afxdp_error(const PortSpec& spec, const OsError& error) {
  if (error.code == std::errc::device_or_resource_busy || error.code == std::errc::file_exists) {
    return {PortError::Kind::held, spec.name + " is in use by another XDP program or AF_XDP socket"};
  }
  if (spec.xdp.mode != XdpMode::best_effort && error.code == std::errc::operation_not_supported) {
    return {PortError::Kind::invalid, spec.name + " has no xdp-mode " + std::string(to_string(spec.xdp.mode)) +
                                          "; options:xdp-mode=best-effort takes what there is"};
  }
  return port_error_of(error);
}

Result<unsigned, PortError> check_queue_count(const PortSpec& spec) {
  const unsigned on_device = device_rx_queue_count(spec.name);
  if (spec.rx_queue_count != 0 && spec.rx_queue_count != on_device) {
    return Unexpected(PortError{PortError::Kind::invalid,
                                spec.name + ": options:n_rxq=" + std::to_string(spec.rx_queue_count) +
                                    ", but the device has " + std::to_string(on_device) +
                                    " receive queues, each of which needs a socket. Leave n_rxq out, or set the "
                                    "device (ethtool -L " +
                                    spec.name + ")"});
  }
  return on_device;
}

}  // namespace

Result<std::unique_ptr<Port>, PortError> AfXdpPort::attach(const PortSpec& spec, const PortEnvironment& environment) {
  auto device = claim_device(spec);
  if (!device) {
    return Unexpected(std::move(device.error()));
  }
  const uint32_t mtu = device->mtu;
  std::unique_ptr<AfXdpPort> port(new AfXdpPort(spec, environment, std::move(*device)));
  port->mtu_.store(mtu, std::memory_order_relaxed);
  const auto opened = check_queue_count(spec).and_then([&](unsigned count) { return port->open(count); });
  if (!opened) {
    return Unexpected(opened.error());
  }
  return std::unique_ptr<Port>(std::move(port));
}

Result<void, PortError> AfXdpPort::open(unsigned queue_count) {
  auto promiscuity = hold_promiscuous(ifindex());
  if (!promiscuity) {
    return Unexpected(port_error_of(promiscuity.error()));
  }
  promiscuity_ = std::move(*promiscuity);
  Result<void, OsError> opened;
  for (const XdpMode mode : modes_to_try(spec().xdp.mode)) {
    opened = open_in(mode, queue_count);
    if (opened) {
      mode_ = mode;
      afxdp_logger.info("{}: AF_XDP in mode {} on {} queues", spec().name, to_string(mode), queue_count);
      return {};
    }
    afxdp_logger.dbg("{}: mode {}: {}", spec().name, to_string(mode), opened.error().to_string());
    if (opened.error().code == std::errc::device_or_resource_busy) {
      break;  // the next one would be, too
    }
  }
  return Unexpected(afxdp_error(spec(), opened.error()));
}

Result<void, OsError> AfXdpPort::open_in(XdpMode mode, unsigned queue_count) {
  using Hook = XdpProgram::Hook;
  auto program =
      XdpProgram::attach(spec().name, ifindex(), mode == XdpMode::generic ? Hook::generic : Hook::driver, queue_count);
  if (!program) {
    return Unexpected(program.error());
  }
  std::vector<std::shared_ptr<AfXdpSocket>> sockets;
  for (unsigned queue = 0; queue < queue_count; ++queue) {
    auto socket = AfXdpSocket::open(spec().name, queue, program->socket_map(),
                                    {mode == XdpMode::native_with_zerocopy, spec().xdp.need_wakeup});
    if (!socket) {
      return Unexpected(socket.error());
    }
    sockets.push_back(std::move(*socket));
  }
  sockets_ = std::move(sockets);
  program_ = std::move(*program);
  for (const auto& socket : sockets_) {
    queues_.push_back(std::make_shared<AfXdpQueue>(*this, socket, *environment().clock));
  }
  return {};
}

AfXdpPort::~AfXdpPort() {
  // The program first, then its sockets: while the guard is there frames end in it.
  program_.reset();
  queues_.clear();
  sockets_.clear();
  promiscuity_.reset();
  release_device();
}

std::vector<std::shared_ptr<RxQueue>> AfXdpPort::rx_queues() { return queues_; }

PortCapabilities AfXdpPort::capabilities() const {
  PortCapabilities can = PortCapabilities::none();
  can.max_frame_size = sockets_.front()->max_frame_size();
  return can;
}

Result<void, OsError> AfXdpPort::configure(const PortSpec& wanted) {
  auto configured = DevicePort::configure(wanted);
  (void)status();
  return configured;
}

PortStatus AfXdpPort::status() const {
  PortStatus status = DevicePort::status();
  status.xdp_mode = mode_;
  status.loses_vlan_tags = !program_->puts_tags_back();
  if (status.mtu != 0) {
    mtu_.store(status.mtu, std::memory_order_relaxed);
  }
  return status;
}

size_t AfXdpPort::send(std::span<Packet* const> packets, TxContext& context) {
  const AfXdpSocket::Sent sent = tx_socket(context.worker()).send(packets);
  if (sent.error == 0) {
    has_sent();
    for (const Packet* packet : packets.first(sent.count)) {
      context.sent(*this, packet->size(), packet->gso_segments());
    }
    return sent.count;
  }
  // The kernel takes none of them, and none that would follow.
  const DropReason reason = refused(sent.error, context.worker());
  context.drop(*this, reason, packets.size());
  return packets.size();
}

bool AfXdpPort::flush(TxContext& context) {
  const bool waits_in_ring = tx_socket(context.worker()).kick();
  return BackloggedPort::flush(context) || waits_in_ring;
}

bool AfXdpPort::has_backlog(unsigned worker) const {
  return BackloggedPort::has_backlog(worker) || tx_socket(worker).has_waiting();
}

bool AfXdpQueue::receive(PacketBatch& batch, RxContext& context) {
  const size_t count =
      socket_->receive(PacketBatch::capacity, [&](const AfXdpSocket::Piece& piece) { take(piece, batch, context); });
  may_have_overrun_ = may_have_overrun_ || count == PacketBatch::capacity;
  // An overrun needs a full ring, and a full ring gives full batches: nothing to ask otherwise.
  if (may_have_overrun_ && clock_.coarse_now() - statistics_read_ >= afxdp_statistics_period) {
    may_have_overrun_ = count != 0;
    count_overruns(context);
  }
  return count > 0;
}

void AfXdpQueue::take(const AfXdpSocket::Piece& piece, PacketBatch& batch, RxContext& context) {
  if (!begun_ && !skipped_reason_) {
    begun_ = context.pool().allocate(piece.is_last ? piece.bytes.size() : PacketPool::large_room);
    if (!begun_) {
      skipped_reason_ = DropReason::no_buffer;
    }
  }
  if (begun_) {
    if (uint8_t* at = begun_->append(piece.bytes.size())) {
      std::memcpy(at, piece.bytes.data(), piece.bytes.size());
    } else {
      begun_.reset();
      skipped_reason_ = DropReason::oversized_frame;
    }
  }
  if (!piece.is_last) {
    return;
  }
  if (skipped_reason_) {
    context.drop(&port_, *skipped_reason_);
    skipped_reason_.reset();
  } else {
    finish(std::move(begun_), batch, context);
  }
}

void AfXdpQueue::finish(PacketPtr packet, PacketBatch& batch, RxContext& context) const {
  if (packet->size() < ethernet_header_bytes) {
    return context.drop(&port_, DropReason::truncated_frame);
  }
  packet->in_port = port_.id();
  detect_partial_checksum(*packet);
  if (packet->size() > port_.mtu() + ethernet_header_bytes) {
    promote_to_gso(*packet, port_.mtu());
  }
  batch.add(std::move(packet));
}

void AfXdpQueue::discard(RxContext& context) {
  if (begun_ || skipped_reason_) {
    begun_.reset();
    skipped_reason_.reset();
    context.drop(&port_, DropReason::port_gone);
  }
}

void AfXdpQueue::count_overruns(RxContext& context) {
  statistics_read_ = clock_.coarse_now();
  if (const uint64_t overruns = socket_->take_overruns(); overruns != 0) {
    context.drop(&port_, DropReason::rx_overrun, overruns);
  }
}

}  // namespace weft::datapath
