// TapPort: a `tap` port, a device that weft makes (or an existing persistent one), and an `internal` port, the
// bridge's own interface on the host, which is a tap as well.
//
// Frames pass with virtio_net_hdr in front (IFF_VNET_HDR), so TCP segments of 64 KB with unfinished checksums go both
// ways. A read or write moves one frame; there is no batching system call for taps, which large frames make up for.
// The kernel never makes a writer wait, so nothing queues here.
//
// It has one queue unless options:n_rxq asks for more; then a flow of the far side always comes by the same one, whatever
// is sent to it (tap_steering.h), and each worker sends by a queue of its own.
//
// The far side belongs to somebody else: a VM's process, a container (the device may be moved to its namespace, the
// port works on), or the host. An `internal` device gets the bridge's address and is left down, as its users expect;
// they bring it up when they give it an address.
//
// Threads and ownership: as Port. The device goes with the port unless it is persistent.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "datapath/port/backlogged_port.h"
#include "datapath/port/vnet_header.h"
#include "lib/os/fd.h"

namespace weft::datapath {

class TapPort final : public BackloggedPort {
 public:
  static Result<std::unique_ptr<Port>, PortError> open(const PortSpec& spec, const PortEnvironment& environment);

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return queues_; }
  PortCapabilities capabilities() const override;
  Result<void, OsError> configure(const PortSpec& wanted) override;
  PortStatus status() const override;

  void device_changed();

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  TapPort(const PortSpec& spec, const PortEnvironment& environment, std::vector<Fd> taps, bool takes_udp_gso);
  DropReason refused(int error, unsigned worker);

  const Fd& tap() const { return *taps_.front(); }

  std::vector<std::shared_ptr<const Fd>> taps_;  // one for each queue
  const bool takes_udp_gso_;
  std::atomic<bool> is_trouble_told_ = false;
  std::vector<std::shared_ptr<RxQueue>> queues_;
};

// The receiving side: one read a frame, up to a batch.
class TapQueue final : public RxQueue {
 public:
  TapQueue(TapPort& port, std::shared_ptr<const Fd> tap) : port_(port), tap_(std::move(tap)) {}

  int fd() const override { return tap_->get(); }
  bool receive(PacketBatch& batch, RxContext& context) override;

 private:
  bool read_one(PacketBatch& batch, RxContext& context);
  static Verdict accept(const VnetHeader& header, Packet& packet);
  void met_error(int error, RxContext& context);

  TapPort& port_;
  const std::shared_ptr<const Fd> tap_;
};

}  // namespace weft::datapath
