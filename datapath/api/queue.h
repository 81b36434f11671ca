// Queues as ofproto sees them: a limit on what leaves by way of one number of a port, and what has left.
//
// A queue holds nothing back: what exceeds its rate is dropped (queue_rate_exceeded), the rest goes out in order. A queue
// may be part of another, whose limit then holds for all of its parts together; a packet needs room in both. What a
// part has been guaranteed has room in the whole always: the other parts share what is left.
//
// Counting: a frame is one packet with all its bytes, as in every other counter; what it costs is what a wire would see,
// so a GSO frame costs its segments, each with its headers.
//
// Threads:   configure by the control thread (registered with RCU); counters by any; admit by workers.
// Ownership: shared by who configures it, by its parts and by the decisions that send through it.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/packet/packet.h"

namespace weft::datapath {

struct RateLimit {
  uint64_t rate = 1;   // bit/s
  uint64_t burst = 1;  // bits that may come at once
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct QueueSpec {
  std::optional<RateLimit> limit{};      // none: all may pass
  std::optional<RateLimit> guarantee{};  // of a part: of what the whole lets through, so much is its own
  friend bool operator==(const QueueSpec&, const QueueSpec&) = default;
};

struct QueueCounters {
  uint64_t tx_packets = 0;
  uint64_t tx_bytes = 0;
  uint64_t tx_errors = 0;  // packets that exceeded the rate
  friend bool operator==(const QueueCounters&, const QueueCounters&) = default;
};

class Queue {
 public:
  virtual ~Queue() = default;

  // Other limits, nothing of them used up. What was counted stays.
  virtual void configure(const QueueSpec& spec) = 0;
  virtual QueueCounters counters() const = 0;
  // Counts the packet, and says whether it may leave.
  virtual bool admit(const Packet& packet) = 0;
  // Counts a packet that leaves in any case, and makes up for it with those that come next.
  virtual void charge(const Packet& packet) = 0;
};

}  // namespace weft::datapath
