// TunnelReader: reads one batch of datagrams from a socket of an endpoint, and keeps what does not fit.
//
// What the queues of an endpoint have in common, however many sockets one has (tunnel_queue.h, group_queue.h).
//
// Threads:   the worker that owns the queue.
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

struct TunnelSocket {
  Fd fd;
  bool has_ip_header = false;  // raw, over IPv4: what it hands over begins with the IP header
  uint32_t overruns_seen = 0;
};

class TunnelReader {
 public:
  // `type`: as for open_tunnel().
  TunnelReader(PortType type, std::shared_ptr<const TunnelTable> table, const Clock& clock);

  // As RxQueue's.
  bool receive(TunnelSocket& socket, PacketBatch& batch, RxContext& context);
  bool keeps_frames() const { return !waiting_.empty(); }
  void discard(RxContext& context);
  // Fills the batch from what waits. True: it did.
  bool hand_out_waiting(PacketBatch& batch);

 private:
  static void count_overruns(TunnelSocket& socket, uint32_t total, RxContext& context);

  const PortType type_;
  const std::shared_ptr<const TunnelTable> table_;
  PathCache paths_;
  LandingCount wanted_;
  std::deque<PacketPtr> waiting_;
};

}  // namespace weft::datapath
