// TokenQueue: a queue whose limit and guarantee are token buckets.
//
// A frame that is larger than the bucket passes when that is full, and the bucket goes into debt: it would else never
// pass. What its own limit lets through is then charged to the queue that it is part of, so what exceeds the one takes
// nothing from the other. A packet that the guarantee has tokens for passes the whole's bucket in any case, which goes into
// debt for it where need be.
//
// Threads: admit by any worker, registered with RCU; configure by the control thread. Cost: a clock, two additions and a
//          compare-and-swap a bucket, on one cache line that the workers share; as much again for the queue that it is
//          part of.
#pragma once

#include <atomic>
#include <memory>

#include "datapath/api/queue.h"
#include "datapath/meter/packet_cost.h"
#include "datapath/meter/token_bucket.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

class TokenQueue final : public Queue {
 public:
  // `whole` may be null.
  TokenQueue(const QueueSpec& spec, std::shared_ptr<Queue> whole, const Clock& clock);
  ~TokenQueue() override;

  void configure(const QueueSpec& spec) override;
  QueueCounters counters() const override;
  bool admit(const Packet& packet) override;
  void charge(const Packet& packet) override;

 private:
  struct Limit {
    Limit(const RateLimit& limit, TimePoint now);
    bool take(const PacketCost& cost, TimePoint now);

    const uint64_t burst;
    TokenBucket bucket;
  };
  struct Limits {
    Limits(const QueueSpec& spec, TimePoint now);

    std::optional<Limit> own;
    std::optional<Limit> guarantee;
  };

  bool has_room_for(const Packet& packet);
  void count(const Packet& packet);

  const Clock& clock_;
  const std::shared_ptr<Queue> whole_;
  RcuPtr<Limits> limits_;
  std::atomic<uint64_t> tx_packets_{0};
  std::atomic<uint64_t> tx_bytes_{0};
  std::atomic<uint64_t> tx_errors_{0};
};

}  // namespace weft::datapath
