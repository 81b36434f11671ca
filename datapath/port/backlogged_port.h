// BackloggedPort: a port whose send may find no room, with the waiting line of each worker.
//
// What a device port adds is send(): as many frames of the front as go. Everything else about order, waiting, bounds
// and who counts what is here, once.
//
// Threads: as Port; each worker touches its own lane only.
#pragma once

#include <span>

#include "datapath/port/port.h"
#include "datapath/port/tx_backlog.h"

namespace weft::datapath {

class BackloggedPort : public Port {
 public:
  BackloggedPort(const PortSpec& spec, const PortEnvironment& environment)
      : Port(spec, environment), backlogs_(environment.worker_count) {}

  void transmit(PacketBatch&& batch, TxContext& context) override;
  bool flush(TxContext& context) override;
  bool has_backlog(unsigned worker) const override { return !backlogs_[worker].is_empty(); }
  void discard_backlog(TxContext& context) override;

 protected:
  // Sends frames in order and tells the context how each ended, sent or dropped. Returns how many are done with;
  // fewer than given: the next one would block.
  virtual size_t send(std::span<Packet* const> packets, TxContext& context) = 0;

 private:
  void keep_for_later(PacketPtr packet, TxContext& context);

  PerWorker<TxBacklog> backlogs_;
};

}  // namespace weft::datapath
