// SttQueue: one raw socket of an STT endpoint, and what its segments become.
//
// Its descriptor is an epoll instance of the socket and of a timer, so that an incomplete frame is given up in time when
// nothing else comes. The timer runs only while one is incomplete.
//
// Threads:   receive() by the worker that owns the queue.
// Ownership: incomplete frames wait here between calls.
// Cost:      one recvmmsg for up to 32 segments, each of up to 64 KB.
#pragma once

#include <memory>

#include "datapath/port/landing.h"
#include "datapath/port/port.h"
#include "datapath/tunnel/path_cache.h"
#include "datapath/tunnel/stt_reassembly.h"
#include "datapath/tunnel/tunnel_table.h"
#include "lib/os/fd.h"

namespace weft::datapath {

struct DatagramSlots;

class SttQueue final : public RxQueue {
 public:
  static Result<std::shared_ptr<SttQueue>, OsError> make(Fd socket, bool ipv6, std::shared_ptr<const TunnelTable> table,
                                                         const Clock& clock);

  int fd() const override { return ready_.get(); }
  bool receive(PacketBatch& batch, RxContext& context) override;
  bool keeps_frames() const override { return !reassembly_.is_empty(); }
  void discard(RxContext& context) override;

 private:
  SttQueue(Fd socket, Fd timer, Fd ready, bool ipv6, std::shared_ptr<const TunnelTable> table, const Clock& clock);
  bool met_icmp_error() const;
  void take_all(DatagramSlots& slots, size_t count, PacketBatch& batch, RxContext& context);
  void count_overruns(uint32_t total, RxContext& context);
  void check_timer(RxContext& context);
  void set_timer();

  const Fd socket_;
  const Fd timer_;
  const Fd ready_;
  const bool ipv6_;
  const std::shared_ptr<const TunnelTable> table_;
  const Clock& clock_;
  PathCache paths_;
  SttReassembly reassembly_;
  LandingCount wanted_;
  bool is_timer_set_ = false;
  TimePoint timer_due_{};
  uint32_t overruns_seen_ = 0;
};

}  // namespace weft::datapath
