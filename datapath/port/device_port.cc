#include "datapath/port/device_port.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>

#include "lib/base/log.h"
#include "lib/os/device.h"
#include "lib/os/netlink/link_lookup.h"
#include "lib/os/socket.h"

namespace weft::datapath {

namespace {

log::Logger& logger = log::get("port");

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

PortError port_error_of(const OsError& error) {
  const bool is_denied = error.code == std::errc::operation_not_permitted || error.code == std::errc::permission_denied;
  const bool is_gone = error.code == std::errc::no_such_device;
  return {is_denied ? PortError::Kind::denied
          : is_gone ? PortError::Kind::no_such_device
                    : PortError::Kind::system,
          error.to_string()};
}

Result<ClaimedDevice, PortError> claim_device(const PortSpec& spec, std::optional<int> program) {
  const auto device = read_device(spec.name);
  if (!device) {
    return Unexpected(PortError{PortError::Kind::no_such_device, "no network device named " + spec.name});
  }
  if (auto checked = check_device(spec, *device); !checked) {
    return Unexpected(checked.error());
  }
  // First the guard: no frame passes to the host between the two.
  auto guard = Guard::attach(spec.name, device->ifindex, program);
  if (!guard) {
    return Unexpected(port_error_of(guard.error()));
  }
  if (guard->was_taken_over()) {
    logger.info("{}: took over the guard that an earlier process left", spec.name);
  }
  return ClaimedDevice{device->ifindex, device->mtu, std::move(*guard)};
}

Result<Fd, OsError> hold_promiscuous(uint32_t ifindex) {
  // With protocol 0 nothing is received.
  auto socket = open_socket(AF_PACKET, SOCK_RAW, 0, "a packet socket");
  if (!socket) {
    return socket;
  }
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(ifindex);
  request.mr_type = PACKET_MR_PROMISC;
  if (auto set = set_socket_option(*socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request, "promiscuous mode"); !set) {
    return Unexpected(set.error());
  }
  return socket;
}

DevicePort::~DevicePort() = default;

void DevicePort::release_device() {
  if (auto detached = guard_.detach(); !detached) {
    logger.warn("{}", detached.error().to_string());
  }
}

Result<void, OsError> DevicePort::configure(const PortSpec& wanted) {
  if (!wanted.mtu_request) {
    return {};
  }
  if (!DevicePort::status().is_present) {
    return Unexpected(os_error(ENODEV, "set MTU on " + spec().name));
  }
  return set_device_mtu(spec().name, *wanted.mtu_request);
}

PortStatus DevicePort::status() const {
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

void DevicePort::device_changed() {
  if (!is_trouble_told_.exchange(true, std::memory_order_relaxed)) {
    notify_change();
  }
}

DropReason DevicePort::refused(int error, unsigned worker) {
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

}  // namespace weft::datapath
