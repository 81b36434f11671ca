#include "datapath/port/af_packet.h"

#include <net/ethernet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "datapath/port/af_packet_queue.h"
#include "datapath/port/release_together.h"
#include "datapath/port/vnet_header.h"
#include "lib/os/socket.h"

namespace weft::datapath {

AfPacketOptions AfPacketOptions::for_port(const PortSpec& spec) {
  AfPacketOptions options;
  options.queue_count = spec.rx_queue_count != 0 ? spec.rx_queue_count : 1;
  return options;
}

Result<std::unique_ptr<Port>, PortError> AfPacketPort::attach(const PortSpec& spec, const PortEnvironment& environment,
                                                              const AfPacketOptions& options) {
  const KernelPrograms* programs = environment.kernel != nullptr ? environment.kernel->load() : nullptr;
  auto device = claim_device(spec, programs != nullptr ? std::optional(programs->guard()) : std::nullopt);
  if (!device) {
    return Unexpected(std::move(device.error()));
  }
  std::unique_ptr<AfPacketPort> port(new AfPacketPort(spec, environment, std::move(*device)));
  if (programs != nullptr) {
    port->kernel_port_ = environment.kernel->add_port(environment.id, port->ifindex());
  }
  const auto filter = port->kernel_port_ != nullptr ? std::optional(programs->filter()) : std::nullopt;
  if (auto opened = port->open_sockets(options, filter); !opened) {
    return Unexpected(port_error_of(opened.error()));
  }
  (void)port->status();  // tells the kernel's part how large a frame may be
  return std::unique_ptr<Port>(std::move(port));
}

Result<void, OsError> AfPacketPort::open_sockets(const AfPacketOptions& options, std::optional<int> filter) {
  for (unsigned worker = 0; worker < environment().worker_count; ++worker) {
    auto socket = open_packet_socket(ifindex(), 0, 0, options.send_buffer);
    if (!socket) {
      return Unexpected(socket.error());
    }
    tx_sockets_.push_back(std::move(*socket));
  }
  std::optional<uint16_t> group;
  for (unsigned i = 0; i < options.queue_count; ++i) {
    auto socket = open_packet_socket(ifindex(), ETH_P_ALL, options.receive_buffer, 0, filter);
    if (!socket) {
      return Unexpected(socket.error());
    }
    if (options.queue_count > 1) {
      if (auto joined = join_fanout(*socket, group); !joined) {
        return joined;
      }
    }
    queues_.push_back(std::make_shared<AfPacketQueue>(*this, std::move(*socket), *environment().clock));
  }
  return {};
}

PortStatus AfPacketPort::status() const {
  PortStatus status = DevicePort::status();
  if (kernel_port_ != nullptr) {
    // What is sent to a device that is down comes up, to be counted as dropped.
    kernel_port_->set_mtu(status.is_present && status.is_admin_up ? status.mtu : 0);
  }
  return status;
}

void AfPacketPort::frames_have_left(uint64_t count) {
  if (kernel_port_ != nullptr) {
    kernel_port_->has_left(count);
  }
}

AfPacketPort::~AfPacketPort() {
  // The sockets first: while the guard is there and nobody listens, frames end in it.
  std::vector<std::shared_ptr<const void>> sockets(queues_.begin(), queues_.end());
  queues_.clear();
  for (Fd& socket : tx_sockets_) {
    sockets.push_back(std::make_shared<const Fd>(std::move(socket)));
  }
  release_together(std::move(sockets));
  kernel_port_.reset();
  release_device();
}

std::vector<std::shared_ptr<RxQueue>> AfPacketPort::rx_queues() { return queues_; }

PortCapabilities AfPacketPort::capabilities() const {
  PortCapabilities can;
  can.partial_checksum_depth = 254;  // a sum from anywhere to anywhere
  can.gso_depth = 0;                 // of a frame in a tunnel the kernel cuts only what it knows to be one
  can.gso_tcp4 = can.gso_tcp6 = true;
  can.gso_udp_l4 = kernel_takes_udp_l4_gso();
  return can;
}

size_t AfPacketPort::send(std::span<Packet* const> packets, TxContext& context) {
  std::array<VnetHeader, PacketBatch::capacity> headers;
  std::array<std::array<iovec, 2>, PacketBatch::capacity> iovecs;
  std::array<mmsghdr, PacketBatch::capacity> messages;
  for (size_t i = 0; i < packets.size(); ++i) {
    headers[i] = make_vnet_header(*packets[i]);
    iovecs[i] = {iovec{&headers[i], sizeof headers[i]}, iovec{packets[i]->data(), packets[i]->size()}};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = iovecs[i].data();
    messages[i].msg_hdr.msg_iovlen = iovecs[i].size();
  }
  const int socket = tx_sockets_[context.worker()].get();
  size_t done = 0;
  while (done < packets.size()) {
    const int sent = ::sendmmsg(socket, &messages[done], static_cast<unsigned>(packets.size() - done), MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EAGAIN) {
        break;
      }
      context.drop(*this, refused(errno, context.worker()));
      ++done;
      continue;
    }
    has_sent();
    for (const size_t end = done + static_cast<size_t>(sent); done < end; ++done) {
      context.sent(*this, packets[done]->size(), packets[done]->gso_segments());
    }
  }
  return done;
}

}  // namespace weft::datapath
