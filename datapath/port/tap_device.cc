#include "datapath/port/tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "datapath/port/tap_steering.h"
#include "datapath/port/vnet_header.h"

// Younger than Debian 12's headers.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace weft::datapath {

namespace {

constexpr unsigned tcp_offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
constexpr unsigned udp_offloads = TUN_F_USO4 | TUN_F_USO6;

int set_interface(const Fd& tap, const std::string& name, short flags) {
  ifreq request{};
  request.ifr_flags = flags;
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return ::ioctl(tap.get(), TUNSETIFF, &request) == 0 ? 0 : errno;
}

PortError tap_error(int error, const std::string& name) {
  switch (error) {
    case EBUSY:
      return {PortError::Kind::held, "tap " + name + " is in use by another process"};
    case EINVAL:
      return {PortError::Kind::invalid, name + " exists and is not a tap device, or no name for one"};
    case EPERM:
      return {PortError::Kind::denied, "no permission to make or use tap " + name};
    default:
      return {PortError::Kind::system, os_error(error, "make tap " + name).to_string()};
  }
}

// Enters the network namespace where the tap's device is, and comes back.
class NamespaceOf {
 public:
  explicit NamespaceOf(const Fd& tap)
      : there_(::ioctl(tap.get(), TUNGETDEVNETNS, 0)), here_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    is_inside_ = there_.is_open() && here_.is_open() && ::setns(there_.get(), CLONE_NEWNET) == 0;
  }
  ~NamespaceOf() {
    if (is_inside_) {
      ::setns(here_.get(), CLONE_NEWNET);
    }
  }
  NamespaceOf(const NamespaceOf&) = delete;
  NamespaceOf& operator=(const NamespaceOf&) = delete;

 private:
  Fd there_;
  Fd here_;
  bool is_inside_ = false;
};

}  // namespace

namespace {

Result<Fd, PortError> open_tap_queue(const std::string& name, bool is_one_of_many) {
  Fd queue(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!queue.is_open()) {
    return Unexpected(PortError{PortError::Kind::system, last_os_error("open /dev/net/tun").to_string()});
  }
  constexpr short flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  int error = set_interface(queue, name, is_one_of_many ? flags | IFF_MULTI_QUEUE : flags);
  if (error == EINVAL && !is_one_of_many) {
    // A persistent tap that was made with several queues is opened only so.
    error = set_interface(queue, name, flags | IFF_MULTI_QUEUE);
  }
  if (error == EINVAL && is_one_of_many && ::if_nametoindex(name.c_str()) != 0) {
    return Unexpected(
        PortError{PortError::Kind::invalid,
                  name + " exists and is not a tap device with several queues, which options:n_rxq wants"});
  }
  if (error != 0) {
    return Unexpected(tap_error(error, name));
  }
  int header_size = vnet_header_bytes;
  if (::ioctl(queue.get(), TUNSETVNETHDRSZ, &header_size) != 0) {
    return Unexpected(PortError{PortError::Kind::system, last_os_error("set header size of tap " + name).to_string()});
  }
  return queue;
}

}  // namespace

Result<TapDevice, PortError> open_tap(const std::string& name, unsigned queue_count) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of("/ %") != std::string::npos) {
    return Unexpected(PortError{PortError::Kind::invalid, "\"" + name + "\" is no name for a network device"});
  }
  TapDevice tap;
  for (unsigned i = 0; i < queue_count; ++i) {
    auto queue = open_tap_queue(name, queue_count > 1);
    if (!queue) {
      return Unexpected(queue.error());
    }
    tap.queues.push_back(std::move(*queue));
  }
  const Fd& first = tap.queues.front();
  if (queue_count > 1) {
    if (auto steered = steer_by_flow(first); !steered) {
      return Unexpected(PortError{PortError::Kind::system, steered.error().to_string() + " of tap " + name});
    }
  }
  tap.takes_udp_gso = ::ioctl(first.get(), TUNSETOFFLOAD, tcp_offloads | udp_offloads) == 0;
  if (!tap.takes_udp_gso && ::ioctl(first.get(), TUNSETOFFLOAD, tcp_offloads) != 0) {
    return Unexpected(PortError{PortError::Kind::system, last_os_error("set offloads of tap " + name).to_string()});
  }
  return tap;
}

Result<void, OsError> configure_tap(const Fd& tap, const TapSettings& settings) {
  ifreq request{};
  if (::ioctl(tap.get(), TUNGETIFF, &request) != 0) {
    return Unexpected(last_os_error("find the device of a tap"));
  }
  const std::string name = request.ifr_name;
  const NamespaceOf inside(tap);
  if (settings.mac && !settings.mac->is_zero()) {
    if (auto set = set_device_mac(name, *settings.mac); !set) {
      return set;
    }
  }
  return settings.mtu ? set_device_mtu(name, *settings.mtu) : Result<void, OsError>();
}

std::optional<DeviceStatus> read_tap(const Fd& tap) {
  ifreq request{};
  if (::ioctl(tap.get(), TUNGETIFF, &request) != 0) {
    return std::nullopt;
  }
  const std::string name = request.ifr_name;
  const NamespaceOf inside(tap);
  auto device = read_device(name);
  return device ? std::optional(*device) : std::nullopt;
}

}  // namespace weft::datapath
