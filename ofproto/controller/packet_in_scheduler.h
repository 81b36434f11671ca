// PacketInScheduler: how many packet-ins a controller is sent, and which wait.
//
// With a rate, as many leave at once as the bucket holds; what comes then waits, a queue for each input port, and the
// ports take turns when there are tokens again. When all that may wait do, the port with the longest queue loses a
// packet-in: so a port that floods does not keep another's from the controller. Without a rate everything leaves.
//
// Threads:   control thread.
// Ownership: keeps copies of what waits, at most `queue_size` of them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "ofproto/bridge/bridge_listener.h"
#include "ofproto/controller/token_bucket.h"

namespace weft::ofproto {

struct PacketInLimit {
  std::optional<uint32_t> rate;   // a second; absent: unlimited
  std::optional<uint32_t> burst;  // absent: a quarter of a second's worth
  size_t queue_size = 100;        // at least 1
  friend bool operator==(const PacketInLimit&, const PacketInLimit&) = default;
};

struct PacketInCounters {
  uint64_t bypassed = 0;  // left at once
  uint64_t queued = 0;    // waited, or still do
  uint64_t dropped = 0;
  size_t backlog = 0;  // wait now
  PacketInCounters& operator+=(const PacketInCounters& other);
};

class PacketInScheduler {
 public:
  void configure(const PacketInLimit& limit);

  // True: it may leave now. Otherwise it has been queued or dropped.
  bool offer(TimePoint now, const PacketInEvent& event);
  // The next that may leave; null when none waits or none may. Good until the next call.
  const PacketInEvent* take(TimePoint now);
  // When take() will have one; nothing while none waits.
  std::optional<TimePoint> next_due() const;

  size_t drop_all();  // how many waited

  const PacketInCounters& counters() const { return counters_; }

 private:
  using Queues = std::map<OfPort, std::deque<PacketInEvent>>;  // none is empty

  void enqueue(OfPort port, const PacketInEvent& event);
  Queues::iterator longest();
  void drop_one(Queues::iterator queue);

  TokenBucket tokens_;
  size_t queue_size_ = 100;
  Queues queues_;
  OfPort last_port_{};  // whose turn it was
  PacketInEvent taken_;
  PacketInCounters counters_;
};

}  // namespace weft::ofproto
