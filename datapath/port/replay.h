// ReplayPort: hands over the same frames again and again, as fast as workers take them or at a rate, and frees what it is
// sent. For benchmarks: the whole way of a packet without any device.
//
// Frames are copied into fresh buffers of the worker's pool, as from a device. With several queues, each hands over every
// so-many-th frame, so that a flow whose frames lie apart by a multiple of their number stays in one queue.
//
// Threads:   as port.h says. Ownership: shares the frames with whoever made them.
// Cost:      a copy of each frame; sending is counting.
#pragma once

#include <memory>
#include <vector>

#include "datapath/port/port.h"

namespace weft::datapath {

class ReplayPort : public Port {
 public:
  // spec.replay says what; it is not null.
  ReplayPort(const PortSpec& spec, const PortEnvironment& environment);

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return queues_; }
  PortCapabilities capabilities() const override { return PortCapabilities::everything(); }
  void transmit(PacketBatch&& batch, TxContext& context) override;
  PortStatus status() const override;

 private:
  std::vector<std::shared_ptr<RxQueue>> queues_;
};

}  // namespace weft::datapath
