#include "lib/os/device.h"

#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "lib/os/fd.h"
#include "lib/os/socket.h"

namespace weft {

namespace {

// One ioctl on one device after the other, with the name filled in.
class DeviceControl {
 public:
  explicit DeviceControl(const std::string& name)
      : name_(name), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

  bool call(unsigned long request, ifreq& argument) const {
    std::memset(argument.ifr_name, 0, sizeof argument.ifr_name);
    name_.copy(argument.ifr_name, sizeof argument.ifr_name - 1);
    return ::ioctl(socket_.get(), request, &argument) == 0;
  }

 private:
  const std::string& name_;
  Fd socket_;
};

uint64_t read_speed(const DeviceControl& control) {
  ethtool_cmd command{};
  command.cmd = ETHTOOL_GSET;
  ifreq request{};
  request.ifr_data = reinterpret_cast<char*>(&command);
  if (!control.call(SIOCETHTOOL, request)) {
    return 0;
  }
  const uint32_t megabits = ethtool_cmd_speed(&command);
  return megabits == 0 || megabits == static_cast<uint32_t>(SPEED_UNKNOWN) ? 0 : megabits * uint64_t{1'000'000};
}

bool fits_a_name(const std::string& name) { return !name.empty() && name.size() < IFNAMSIZ; }

Result<void, OsError> change(const std::string& name, unsigned long request, ifreq& argument, std::string what) {
  if (!fits_a_name(name)) {
    return Unexpected(os_error(ENODEV, std::move(what)));
  }
  if (!DeviceControl(name).call(request, argument)) {
    return Unexpected(last_os_error(std::move(what)));
  }
  return {};
}

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(address);
    return Ipv4Address::from_be(Be32::from_wire(in->sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    Ipv6Address ip;
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
    return ip;
  }
  return std::nullopt;
}

// visit(device's name, address)
template <class Visit>
void for_each_address(Visit&& visit) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return;
  }
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const auto address = entry->ifa_addr == nullptr ? std::nullopt : address_of(entry->ifa_addr);
    if (address) {
      visit(entry->ifa_name, *address);
    }
  }
  ::freeifaddrs(list);
}

}  // namespace

Result<DeviceStatus, OsError> read_device(const std::string& name) {
  DeviceStatus status;
  status.name = name;
  DeviceControl control(name);
  ifreq request{};
  if (!fits_a_name(name) || !control.call(SIOCGIFINDEX, request)) {
    return Unexpected(os_error(ENODEV, "look up device " + name));
  }
  status.ifindex = static_cast<uint32_t>(request.ifr_ifindex);
  if (!control.call(SIOCGIFFLAGS, request)) {
    return Unexpected(last_os_error("read flags of " + name));
  }
  const auto flags = static_cast<unsigned>(static_cast<unsigned short>(request.ifr_flags));
  status.is_admin_up = (flags & IFF_UP) != 0;
  status.has_link = (flags & IFF_RUNNING) != 0;
  status.is_loopback = (flags & IFF_LOOPBACK) != 0;
  if (control.call(SIOCGIFMTU, request)) {
    status.mtu = static_cast<uint32_t>(request.ifr_mtu);
  }
  if (control.call(SIOCGIFHWADDR, request)) {
    status.is_ethernet = request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
    std::memcpy(status.mac.bytes.data(), request.ifr_hwaddr.sa_data, status.mac.bytes.size());
  }
  status.speed_bps = read_speed(control);
  return status;
}

std::optional<DeviceDriver> read_driver(const std::string& name) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  request.ifr_data = reinterpret_cast<char*>(&info);
  if (!fits_a_name(name) || !DeviceControl(name).call(SIOCETHTOOL, request)) {
    return std::nullopt;
  }
  const auto text = [](const auto& field) { return std::string(field, ::strnlen(field, sizeof field)); };
  return DeviceDriver{text(info.driver), text(info.version), text(info.fw_version)};
}

unsigned device_rx_queue_count(const std::string& name) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request{};
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (!fits_a_name(name) || !DeviceControl(name).call(SIOCETHTOOL, request)) {
    return 1;
  }
  return std::max(1U, channels.rx_count + channels.combined_count);
}

std::vector<IpAddress> configured_addresses(const std::string& name) {
  std::vector<IpAddress> addresses;
  for_each_address([&](const char* device, const IpAddress& address) {
    if (name == device && !(address.is_v6() && address.v6().is_link_local())) {
      addresses.push_back(address);
    }
  });
  return addresses;
}

std::vector<IpAddress> host_addresses() {
  std::vector<IpAddress> addresses;
  for_each_address([&](const char*, const IpAddress& address) { addresses.push_back(address); });
  return addresses;
}

Result<void, OsError> set_device_mtu(const std::string& name, uint32_t mtu) {
  ifreq request{};
  request.ifr_mtu = static_cast<int>(mtu);
  return change(name, SIOCSIFMTU, request, "set MTU " + std::to_string(mtu) + " on " + name);
}

Result<void, OsError> set_device_mac(const std::string& name, const MacAddress& mac) {
  ifreq request{};
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(request.ifr_hwaddr.sa_data, mac.bytes.data(), mac.bytes.size());
  return change(name, SIOCSIFHWADDR, request, "set address " + mac.to_string() + " on " + name);
}

std::optional<std::string> read_sysctl(const std::string& path) {
  std::ifstream file("/proc/sys/" + path);
  std::string value;
  if (!file || !std::getline(file, value)) {
    return std::nullopt;
  }
  return value;
}

Result<void, OsError> write_sysctl(const std::string& path, const std::string& value) {
  errno = 0;
  std::ofstream file("/proc/sys/" + path);
  file << value << std::flush;
  if (!file) {
    return Unexpected(last_os_error("write " + value + " to /proc/sys/" + path));
  }
  return {};
}

}  // namespace weft
