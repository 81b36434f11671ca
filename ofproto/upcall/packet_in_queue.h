// PacketInQueue: packets on their way from workers to the control thread.
//
// Bounded, so that a slow controller costs packet-ins and nothing else; what does not fit is counted by the datapath
// as packet_in_queue_full. A source (a port of a bridge) may have as many packets waiting as there are places free: so
// one that floods takes half of the places and leaves room for everybody else's. The first packet in an empty queue
// posts a call that hands packets over for two milliseconds and, when there are more, posts itself again behind what
// else the control thread has to do.
//
// Threads: push by any thread; the consumer is called on the control thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "lib/base/mutex.h"
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

  // `limit`: of packets that wait.
  PacketInQueue(size_t limit, Executor post, Consumer consumer);
  // False when there is no place for it.
  bool push(const PacketInContext& context, std::span<const uint8_t> frame);

 private:
  // Outlives the queue while a posted call is under way.
  struct Shared {
    Shared(size_t max, Consumer call) : limit(max), consumer(std::move(call)) {}

    const size_t limit;
    const Consumer consumer;
    Mutex mutex;
    std::deque<PuntedPacket> packets GUARDED_BY(mutex);
    std::map<std::pair<BridgeId, OfPort>, size_t> counts GUARDED_BY(mutex);  // of each source that has any
    bool is_posted GUARDED_BY(mutex) = false;
  };

  static void hand_over_later(const Executor& post, const std::shared_ptr<Shared>& shared);
  static void hand_over(Shared& shared);

  Executor post_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace weft::ofproto
