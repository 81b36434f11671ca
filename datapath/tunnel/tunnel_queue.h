// TunnelQueue: one receive socket of a tunnel endpoint, and what its datagrams become.
//
// Threads: receive() by the worker that owns the queue. Cost: TunnelReader's.
#pragma once

#include <memory>
#include <utility>

#include "datapath/port/port.h"
#include "datapath/tunnel/tunnel_reader.h"

namespace weft::datapath {

class TunnelQueue final : public RxQueue {
 public:
  TunnelQueue(TunnelSocket socket, PortType type, std::shared_ptr<const TunnelTable> table, const Clock& clock)
      : socket_(std::move(socket)), reader_(type, std::move(table), clock) {}

  int fd() const override { return socket_.fd.get(); }
  bool receive(PacketBatch& batch, RxContext& context) override {
    // What waits goes first; more may be there, here or in the socket.
    return reader_.hand_out_waiting(batch) || reader_.receive(socket_, batch, context);
  }
  bool keeps_frames() const override { return reader_.keeps_frames(); }
  void discard(RxContext& context) override { reader_.discard(context); }

 private:
  TunnelSocket socket_;
  TunnelReader reader_;
};

}  // namespace weft::datapath
