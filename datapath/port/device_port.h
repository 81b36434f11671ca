// DevicePort: a port on a network device that somebody else made: what `system` and `afxdp` ports have in common.
//
// While attached the device is the switch's alone: it is guarded (guard.h), and one with an IP address, or that is a
// port of the host's own bridge or bond, is refused unless forced. How frames come and go is for the port to add.
//
// A device that goes down or vanishes is no error of the port: the listener is told, status() says it, frames sent to
// it are dropped as port_down or port_gone.
//
// Threads and ownership: as Port. The guard outlives the process on purpose, and ends with the port.
#pragma once

#include <atomic>
#include <optional>

#include "datapath/port/backlogged_port.h"
#include "datapath/port/guard.h"
#include "lib/os/fd.h"

namespace weft::datapath {

// The device after it was taken from the host.
struct ClaimedDevice {
  uint32_t ifindex = 0;
  uint32_t mtu = 0;
  Guard guard;
};

// A failure leaves the device as it was, and says what to do. `program`: as Guard::attach has it.
Result<ClaimedDevice, PortError> claim_device(const PortSpec& spec, std::optional<int> program = std::nullopt);

// The device is promiscuous for as long as the socket is open, however the process ends.
Result<Fd, OsError> hold_promiscuous(uint32_t ifindex);

PortError port_error_of(const OsError& error);

class DevicePort : public BackloggedPort {
 public:
  ~DevicePort() override;

  // Of a device that somebody else made the address is left alone.
  Result<void, OsError> configure(const PortSpec& wanted) override;
  PortStatus status() const override;

  // From a worker that met ENETDOWN, ENODEV...: the device went down or away. The listener hears of it once, and again
  // after a frame could be sent in between. Only netlink tells that a device is up again, or that its link changed.
  void device_changed();

 protected:
  DevicePort(const PortSpec& spec, const PortEnvironment& environment, ClaimedDevice device)
      : BackloggedPort(spec, environment), ifindex_(device.ifindex), guard_(std::move(device.guard)) {}

  uint32_t ifindex() const { return ifindex_; }

  // Takes the guard off: the last thing, when nobody reads the device any more and frames end in the guard.
  void release_device();

  // Why a frame was not sent, after errno; told to the listener where the device is the reason.
  DropReason refused(int error, unsigned worker);
  void has_sent() {
    if (is_trouble_told_.load(std::memory_order_relaxed)) {
      is_trouble_told_.store(false, std::memory_order_relaxed);
    }
  }

 private:
  const uint32_t ifindex_;
  Guard guard_;
  std::atomic<bool> is_trouble_told_ = false;
};

}  // namespace weft::datapath
