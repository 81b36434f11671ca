// VxlanReplayPort: a replay port that puts a whole VXLAN packet around each frame before it frees it. For benchmarks: what
// encapsulation costs without any device.
//
// Threads: as port.h says. Cost: push_vxlan()'s.
#pragma once

#include "datapath/port/replay.h"

namespace weft::datapath {

class VxlanReplayPort final : public ReplayPort {
 public:
  using ReplayPort::ReplayPort;
  void transmit(PacketBatch&& batch, TxContext& context) override;
};

}  // namespace weft::datapath
