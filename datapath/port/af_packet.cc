#include "datapath/port/af_packet.h"

#include <net/ethernet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "datapath/port/af_packet_queue.h"
#include "datapath/port/vnet_header.h"
#include "lib/base/log.h"
#include "lib/os/device.h"
#include "lib/os/netlink/link_lookup.h"
#include "lib/os/socket.h"

namespace weft::datapath {

namespace {

log::Logger& logger = log::get("port");

PortError error_of(const OsError& error) {
  const bool is_denied = error.code == std::errc::operation_not_permitted || error.code == std::errc::permission_denied;
  const bool is_gone = error.code == std::errc::no_such_device;
  return {is_denied ? PortError::Kind::denied
          : is_gone ? PortError::Kind::no_such_device
                    : PortError::Kind::system,
          error.to_string()};
}

PortError in_use(const PortSpec& spec, const std::string& how, const std::string& way_out) {
  return {PortError::Kind::busy, spec.name + how + ". " + way_out + ", or set options:force=true"};
}

// Whether the device may be taken from the host, in words that tell what to do.
Result<void, PortError> check_device(const PortSpec& spec, const DeviceStatus& device) {
  if (device.is_loopback || !device.is_ethernet) {
    return Unexpected(PortError{PortError::Kind::invalid, spec.name + " is not an Ethernet device"});
  }
  if (spec.force) {
    return {};
  }
  if (const auto addresses = configured_addresses(spec.name); !addresses.empty()) {
    return Unexpected(in_use(spec, " carries the address " + addresses.front().to_string() + ": the host would lose it",
                             "Remove the address"));
  }
  if (const auto master = netlink::find_master(spec.name)) {
    return Unexpected(in_use(spec, " belongs to the device " + *master + ", which would go on sending through it",
                             "Take it out (ip link set " + spec.name + " nomaster)"));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Port>, PortError> AfPacketPort::attach(const PortSpec& spec, const PortEnvironment& environment,
                                                              const AfPacketOptions& options) {
  const auto device = read_device(spec.name);
  if (!device) {
    return Unexpected(PortError{PortError::Kind::no_such_device, "no network device named " + spec.name});
  }
  if (auto checked = check_device(spec, *device); !checked) {
    return Unexpected(checked.error());
  }
  // First the guard: no frame passes to the host between the two.
  auto guard = Guard::attach(spec.name, device->ifindex);
  if (!guard) {
    return Unexpected(error_of(guard.error()));
  }
  if (guard->was_taken_over()) {
    logger.info("{}: took over the guard that an earlier process left", spec.name);
  }
  std::unique_ptr<AfPacketPort> port(new AfPacketPort(spec, environment, device->ifindex, std::move(*guard)));
  if (auto opened = port->open_sockets(options); !opened) {
    return Unexpected(error_of(opened.error()));
  }
  return std::unique_ptr<Port>(std::move(port));
}

Result<void, OsError> AfPacketPort::open_sockets(const AfPacketOptions& options) {
  for (unsigned worker = 0; worker < environment().worker_count; ++worker) {
    auto socket = open_packet_socket(ifindex_, 0, 0, options.send_buffer);
    if (!socket) {
      return Unexpected(socket.error());
    }
    tx_sockets_.push_back(std::move(*socket));
  }
  std::optional<uint16_t> group;
  for (unsigned i = 0; i < options.queue_count; ++i) {
    auto socket = open_packet_socket(ifindex_, ETH_P_ALL, options.receive_buffer, 0);
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

AfPacketPort::~AfPacketPort() {
  // The sockets first: while the guard is there and nobody listens, frames end in it.
  queues_.clear();
  tx_sockets_.clear();
  if (auto detached = guard_.detach(); !detached) {
    logger.warn("{}", detached.error().to_string());
  }
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

// Of a device that somebody else made the address is left alone.
Result<void, OsError> AfPacketPort::configure(const PortSpec& wanted) {
  if (!wanted.mtu_request) {
    return {};
  }
  if (!status().is_present) {
    return Unexpected(os_error(ENODEV, "set MTU on " + spec().name));
  }
  return set_device_mtu(spec().name, *wanted.mtu_request);
}

PortStatus AfPacketPort::status() const {
  PortStatus status;
  status.ifindex = ifindex_;
  const auto device = read_device(spec().name);
  // Another device may have come under the same name; the sockets are still bound to the one that went.
  status.is_present = device.has_value() && device->ifindex == ifindex_;
  if (status.is_present) {
    status.is_admin_up = device->is_admin_up;
    status.has_link = device->has_link;
    status.mtu = device->mtu;
    status.mac = device->mac;
    status.speed_bps = device->speed_bps;
  }
  return status;
}

void AfPacketPort::device_changed() {
  if (!is_trouble_told_.exchange(true, std::memory_order_relaxed)) {
    notify_change();
  }
}

DropReason AfPacketPort::refused(int error, unsigned worker) {
  switch (error) {
    case ENETDOWN:
      device_changed();
      return DropReason::port_down;
    case ENXIO:
    case ENODEV:
      device_changed();
      return DropReason::port_gone;
    case ENOBUFS:  // the device's own queue is full
      return DropReason::tx_queue_full;
    default:
      counters(worker).tx_errors.add();
      return DropReason::tx_error;
  }
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
    if (is_trouble_told_.load(std::memory_order_relaxed)) {
      is_trouble_told_.store(false, std::memory_order_relaxed);
    }
    for (const size_t end = done + static_cast<size_t>(sent); done < end; ++done) {
      context.sent(*this, packets[done]->size(), packets[done]->gso_segments());
    }
  }
  return done;
}

}  // namespace weft::datapath
