// PacketInQueue: packets on their way from workers to the control thread.
//
// Bounded, so that a slow controller costs packet-ins and nothing else; what does not fit is counted by the datapath
// as packet_in_queue_full. The first packet in an empty queue posts a call that takes all of them.
//
// Threads: push by any thread; the consumer is called on the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lib/base/ring.h"
#include "ofproto/translate/controller.h"
#include "ofproto/upcall/executor.h"

namespace weft::ofproto {

struct PuntedPacket {
  PacketInContext context;
  std::vector<uint8_t> frame;
};

class PacketInQueue {
 public:
  using Consumer = std::function<void(PuntedPacket)>;

  PacketInQueue(size_t limit, Executor post, Consumer consumer);
  // False when it is full.
  bool push(const PacketInContext& context, std::span<const uint8_t> frame);

 private:
  // Outlives the queue while a posted call is under way.
  struct Shared {
    Shared(size_t limit, Consumer c) : packets(limit), consumer(std::move(c)) {}
    MpscQueue<PuntedPacket> packets;
    Consumer consumer;
  };

  Executor post_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace weft::ofproto
