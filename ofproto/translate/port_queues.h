// PortQueues: the queues of a port that has a QoS.
//
// A value that is published with the port's view and replaced when its settings change; the datapath's queues in it
// stay the same as long as their numbers are there, so that decisions and counters go on.
//
// Threads: immutable. Ownership: shared by the port and the snapshots.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "datapath/api/queue.h"
#include "lib/base/clock.h"

namespace weft::ofproto {

struct PortQueue {
  std::shared_ptr<datapath::Queue> queue;
  datapath::QueueSpec spec;
  TimePoint created;
};

struct PortQueues {
  PortQueue whole;                       // which all of them are parts of
  std::map<uint32_t, PortQueue> queues;  // 0 is always there

  // The one that a packet with this number goes by: queue 0 where there is no such queue.
  const std::pair<const uint32_t, PortQueue>& chosen(uint32_t queue_id) const {
    const auto found = queues.find(queue_id);
    return found == queues.end() ? *queues.begin() : *found;
  }
};

}  // namespace weft::ofproto
