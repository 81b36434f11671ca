// AfXdpPort: an `afxdp` port, an existing Ethernet device by AF_XDP: for small packets.
//
// An XDP program (afxdp_program.h) hands each frame to the socket of its receive queue (afxdp_socket.h), past the
// kernel's own packet and its stack. What the kernel knows beside the frame is lost with it:
//   - a checksum that the guest left unfinished is recognised by its value (the pseudo-header sum) and finished when
//     the frame is sent; so is one that a frame brings from another port.
//   - GSO: on a veth the program takes segmentation offload from the peer, which then sends frames of its MTU; a frame
//     that is longer all the same (generic mode) is taken for GSO of that MTU. Sending cuts.
//   So a TCP stream is several times slower than through a `system` port, and is never chosen for one unasked.
//
// How near to the driver, options:xdp-mode: `native-with-zerocopy`, `native`, `generic`, or the first of them that the
// device has (`best-effort`). It has one socket for each receive queue; frames of a queue without one would be lost.
//
// Threads and ownership: as Port. Program and sockets end with the process; the guard does not (device_port.h).
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "datapath/port/afxdp_program.h"
#include "datapath/port/afxdp_socket.h"
#include "datapath/port/device_port.h"
#include "lib/os/fd.h"

namespace weft::datapath {

class AfXdpQueue;

class AfXdpPort final : public DevicePort {
 public:
  static Result<std::unique_ptr<Port>, PortError> attach(const PortSpec& spec, const PortEnvironment& environment);
  ~AfXdpPort() override;

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override;
  PortCapabilities capabilities() const override;
  Result<void, OsError> configure(const PortSpec& wanted) override;
  PortStatus status() const override;

  bool flush(TxContext& context) override;
  bool has_backlog(unsigned worker) const override;

  // The longest IP packet that is no GSO, in bytes.
  uint32_t mtu() const { return mtu_.load(std::memory_order_relaxed); }

 protected:
  size_t send(std::span<Packet* const> packets, TxContext& context) override;

 private:
  AfXdpPort(const PortSpec& spec, const PortEnvironment& environment, ClaimedDevice device)
      : DevicePort(spec, environment, std::move(device)) {}
  Result<void, PortError> open(unsigned queue_count);
  Result<void, OsError> open_in(XdpMode mode, unsigned queue_count);
  AfXdpSocket& tx_socket(unsigned worker) const { return *sockets_[worker % sockets_.size()]; }

  XdpMode mode_ = XdpMode::generic;  // in use
  mutable std::atomic<uint32_t> mtu_ = 1500;
  std::optional<XdpProgram> program_;
  Fd promiscuity_;
  std::vector<std::shared_ptr<AfXdpSocket>> sockets_;
  std::vector<std::shared_ptr<RxQueue>> queues_;
};

// The receiving side of one socket.
class AfXdpQueue final : public RxQueue {
 public:
  AfXdpQueue(AfXdpPort& port, std::shared_ptr<AfXdpSocket> socket, const Clock& clock)
      : port_(port), socket_(std::move(socket)), clock_(clock) {}

  int fd() const override { return socket_->fd(); }
  bool receive(PacketBatch& batch, RxContext& context) override;
  std::optional<bool> peek() const override { return socket_->has_to_receive(); }
  bool keeps_frames() const override { return begun_ != nullptr || skipped_reason_.has_value(); }
  void discard(RxContext& context) override;

 private:
  void take(const AfXdpSocket::Piece& piece, PacketBatch& batch, RxContext& context);
  void finish(PacketPtr packet, PacketBatch& batch, RxContext& context) const;
  void count_overruns(RxContext& context);

  AfXdpPort& port_;
  const std::shared_ptr<AfXdpSocket> socket_;
  const Clock& clock_;
  PacketPtr begun_;                           // pieces of a frame whose rest has not come yet
  std::optional<DropReason> skipped_reason_;  // that frame has no buffer: its other pieces are skipped
  bool may_have_overrun_ = false;
  TimePoint statistics_read_{};
};

}  // namespace weft::datapath
