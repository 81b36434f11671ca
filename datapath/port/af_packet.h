// AfPacketPort: a `system` port, any existing Ethernet device, by packet sockets.
//
// Frames pass with virtio_net_hdr in front (PACKET_VNET_HDR), so a guest's 64 KB segments with unfinished checksums
// arrive and leave whole. Receiving and sending are batched (recvmmsg, sendmmsg). A VLAN tag that the kernel took out
// of the frame is put back with its own TPID.
//
// While attached the device is the switch's alone: it is promiscuous, guarded (guard.h), and frames that the host
// itself sends are not seen. A device with an IP address, or that is a port of the host's own bridge or bond, is refused
// unless forced.
//
// Receive sockets form a fanout group of a fixed number of queues, one by default; each worker sends on a socket of
// its own, through the device's qdisc (PACKET_QDISC_BYPASS would drop GSO frames on a device without TSO).
//
// A device that goes down or vanishes is no error of the port: the listener is told, status() says it, frames sent to
// it are dropped as port_down or port_gone.
//
// Threads and ownership: as Port. The guard outlives the process on purpose, and ends with the port.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "datapath/port/backlogged_port.h"
#include "datapath/port/guard.h"
#include "lib/os/fd.h"

namespace weft::datapath {

struct AfPacketOptions {
  unsigned queue_count = 1;
  // Socket buffers in bytes, set by the FORCE options: the kernel's default holds three frames of 64 KB.
  int receive_buffer = 16 << 20;
  int send_buffer = 4 << 20;
};

class AfPacketPort final : public BackloggedPort {
 public:
  static Result<std::unique_ptr<Port>, PortError> attach(const PortSpec& spec, const PortEnvironment& environment,
                                                         const AfPacketOptions& options = {});
  ~AfPacketPort() override;

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override;
  PortCapabilities capabilities() const override;
  Result<void, OsError> configure(const PortSpec& wanted) override;
  PortStatus status() const override;

  // From a worker that met ENETDOWN, ENODEV...: the device went down or away. The listener hears of it once, and again
  // after a frame could be sent in between. Only netlink tells that a device is up again, or that its link changed.
  void device_changed();

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  AfPacketPort(const PortSpec& spec, const PortEnvironment& environment, uint32_t ifindex, Guard guard)
      : BackloggedPort(spec, environment), ifindex_(ifindex), guard_(std::move(guard)) {}
  Result<void, OsError> open_sockets(const AfPacketOptions& options);
  DropReason refused(int error, unsigned worker);

  const uint32_t ifindex_;
  Guard guard_;
  std::atomic<bool> is_trouble_told_ = false;
  std::vector<Fd> tx_sockets_;  // by worker
  std::vector<std::shared_ptr<RxQueue>> queues_;
};

}  // namespace weft::datapath
