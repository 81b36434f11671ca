// The tap device itself: opening /dev/net/tun, its offloads, and asking the device how it is, wherever it lives.
//
// Threads: any; for control, not for packets.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "datapath/api/port_spec.h"
#include "lib/base/result.h"
#include "lib/os/device.h"
#include "lib/os/fd.h"

namespace weft::datapath {

struct TapDevice {
  std::vector<Fd> queues;
  bool takes_udp_gso = false;  // UDP segmentation, asked of the kernel
};

// Makes the device, or attaches to the persistent tap of that name. Sets header size and offloads anew, because a
// persistent tap keeps what its last user set. With several queues, a flow that the far side sends always comes by the
// same one.
Result<TapDevice, PortError> open_tap(const std::string& name, unsigned queue_count = 1);

struct TapSettings {
  std::optional<uint32_t> mtu{};
  std::optional<MacAddress> mac{};  // zero: as it is
};

// What is given is set, also on a device that was moved to another network namespace.
Result<void, OsError> configure_tap(const Fd& tap, const TapSettings& settings);

// As read_device(), also when the device was moved to another network namespace. Nothing when it was deleted.
std::optional<DeviceStatus> read_tap(const Fd& tap);

}  // namespace weft::datapath
