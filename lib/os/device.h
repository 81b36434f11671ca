// Network devices by name: what the kernel says about one, and the few things weft changes on its own devices.
//
// A DeviceStatus is read on the spot by ioctl; whoever wants to be told of changes listens to netlink_mirror.h.
//
// Threads: any. Cost: a socket and about six system calls; for control, not for packets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "lib/base/os_error.h"
#include "lib/base/result.h"

namespace weft {

struct DeviceStatus {
  std::string name;
  uint32_t ifindex = 0;
  uint32_t mtu = 0;
  MacAddress mac{};
  bool is_admin_up = false;
  bool has_link = false;    // carrier, and the device says it runs
  bool is_ethernet = true;  // frames begin with a MAC pair
  bool is_loopback = false;
  uint64_t speed_bps = 0;  // 0: unknown
};

// ENODEV: no device of that name.
Result<DeviceStatus, OsError> read_device(const std::string& name);

// Of its driver; a text that the driver does not give is empty.
struct DeviceDriver {
  std::string name, version, firmware;
};
std::optional<DeviceDriver> read_driver(const std::string& name);

// Receive queues that the device uses; 1 where the driver does not say.
unsigned device_rx_queue_count(const std::string& name);

// Its addresses, those that the kernel gives itself (IPv6 link-local) left out.
std::vector<IpAddress> configured_addresses(const std::string& name);

// All that the host has, on any device.
std::vector<IpAddress> host_addresses();

Result<void, OsError> set_device_mtu(const std::string& name, uint32_t mtu);
Result<void, OsError> set_device_mac(const std::string& name, const MacAddress& mac);

// A line under /proc/sys, "net/ipv6/conf/eth1/disable_ipv6". Nothing when there is no such setting.
std::optional<std::string> read_sysctl(const std::string& path);
Result<void, OsError> write_sysctl(const std::string& path, const std::string& value);

}  // namespace weft
