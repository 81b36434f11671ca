// AfPacketPort: a `system` port, any existing Ethernet device, by packet sockets.
//
// Frames pass with virtio_net_hdr in front (PACKET_VNET_HDR), so a guest's 64 KB segments with unfinished checksums
// arrive and leave whole. Receiving and sending are batched (recvmmsg, sendmmsg). A VLAN tag that the kernel took out
// of the frame is put back with its own TPID.
//
// While attached the device is the switch's alone (device_port.h): it is promiscuous, and frames that the host itself
// sends are not seen.
//
// Receive sockets form a fanout group of a fixed number of queues, one by default; each worker sends on a socket of
// its own, through the device's qdisc (PACKET_QDISC_BYPASS would drop GSO frames on a device without TSO).
//
// Frames of megaflows that the kernel forwards by itself (datapath/kernel) do not come to the sockets; the port counts
// them all the same.
//
// Threads and ownership: as Port. The guard outlives the process on purpose, and ends with the port.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "datapath/kernel/kernel_path.h"
#include "datapath/port/device_port.h"
#include "lib/os/fd.h"

namespace weft::datapath {

struct AfPacketOptions {
  static AfPacketOptions for_port(const PortSpec& spec);

  unsigned queue_count = 1;
  // Socket buffers in bytes, set by the FORCE options: the kernel's default holds three frames of 64 KB.
  int receive_buffer = 16 << 20;
  int send_buffer = 4 << 20;
};

class AfPacketPort final : public DevicePort {
 public:
  static Result<std::unique_ptr<Port>, PortError> attach(const PortSpec& spec, const PortEnvironment& environment,
                                                         const AfPacketOptions& options = {});
  ~AfPacketPort() override;

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override;
  PortCapabilities capabilities() const override;
  // Tells the kernel's part, too, how large a frame may be, and whether the device is up.
  PortStatus status() const override;
  bool is_sent_to_by_kernel() const override { return kernel_port_ != nullptr; }

  // Frames that came up to a socket of the port and have left, or were lost.
  void frames_have_left(uint64_t count);
  // Frames that the kernel's part has dropped since the last call.
  uint64_t take_kernel_drops() { return kernel_port_ != nullptr ? kernel_port_->take_dropped() : 0; }

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  AfPacketPort(const PortSpec& spec, const PortEnvironment& environment, ClaimedDevice device)
      : DevicePort(spec, environment, std::move(device)) {}
  Result<void, OsError> open_sockets(const AfPacketOptions& options, std::optional<int> filter);

  std::vector<Fd> tx_sockets_;  // by worker
  std::vector<std::shared_ptr<RxQueue>> queues_;
  std::unique_ptr<KernelPort> kernel_port_;  // or null: every frame comes to the sockets
};

}  // namespace weft::datapath
