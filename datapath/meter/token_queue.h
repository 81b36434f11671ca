// TokenQueue: a queue whose limit is a token bucket.
//
// A frame that is larger than the bucket passes when that is full, and the bucket goes into debt: it would else never
// pass. What its own limit lets through is then charged to the queue that it is part of, so what exceeds the one takes
// nothing from the other.
//
// Threads: admit by any worker, registered with RCU; configure by the control thread. Cost: a clock, two additions and a
//          compare-and-swap, on one cache line that the workers share; as much again for the queue that it is part of.
#pragma once

#include <atomic>
#include <memory>

#include "datapath/api/queue.h"
#include "datapath/meter/token_bucket.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

class TokenQueue final : public Queue {
 public:
  // `whole` may be null.
  TokenQueue(const std::optional<RateLimit>& limit, std::shared_ptr<Queue> whole, const Clock& clock);
  ~TokenQueue() override;

  void configure(const std::optional<RateLimit>& limit) override;
  QueueCounters counters() const override;
  bool admit(const Packet& packet) override;

 private:
  struct Limit {
    Limit(const RateLimit& limit, TimePoint now);

    const uint64_t burst;
    TokenBucket bucket;
  };

  std::unique_ptr<Limit> make_limit(const std::optional<RateLimit>& limit) const;
  bool has_room_for(const Packet& packet);

  const Clock& clock_;
  const std::shared_ptr<Queue> whole_;
  RcuPtr<Limit> limit_;  // null: none
  std::atomic<uint64_t> tx_packets_{0};
  std::atomic<uint64_t> tx_bytes_{0};
  std::atomic<uint64_t> tx_errors_{0};
};

}  // namespace weft::datapath
