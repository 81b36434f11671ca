// VxlanQueue: one receive socket of a VXLAN endpoint, and what its datagrams become.
//
// Threads:   receive() by the worker that owns the queue.
// Ownership: inner packets beyond a full batch wait here for the next call, which the worker makes before it sleeps.
// Cost:      one recvmmsg for up to 32 datagrams, each of up to 64 KB of joined ones.
#pragma once

#include <deque>
#include <memory>

#include "datapath/port/landing.h"
#include "datapath/port/port.h"
#include "datapath/tunnel/path_cache.h"
#include "datapath/tunnel/tunnel_table.h"
#include "lib/os/fd.h"

namespace weft::datapath {

class VxlanQueue final : public RxQueue {
 public:
  VxlanQueue(Fd socket, std::shared_ptr<const TunnelTable> table, const Clock& clock);

  int fd() const override { return socket_.get(); }
  bool receive(PacketBatch& batch, RxContext& context) override;
  bool keeps_frames() const override { return !waiting_.empty(); }
  void discard(RxContext& context) override;

 private:
  struct Slots;

  bool hand_out_waiting(PacketBatch& batch);
  void count_overruns(uint32_t total, RxContext& context);

  const Fd socket_;
  const std::shared_ptr<const TunnelTable> table_;
  PathCache paths_;
  LandingCount wanted_;
  std::deque<PacketPtr> waiting_;
  uint32_t overruns_seen_ = 0;
};

}  // namespace weft::datapath
