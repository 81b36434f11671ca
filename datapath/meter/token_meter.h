// TokenMeter: a meter whose bands are token buckets (OpenFlow 1.3.5 section 5.7).
//
// Every band has a bucket, which every packet draws on; of those that hold too little for it, the band of the highest
// rate is applied. A frame that will be cut may draw a bucket below zero, once there is enough for its first piece: it
// would else never pass a meter whose burst is smaller than the frame.
//
// Threads: charge by any worker, registered with RCU; configure by the control thread. Cost: a clock, two additions and
//          a compare-and-swap a band, on one cache line that the workers share.
#pragma once

#include <atomic>
#include <deque>

#include "datapath/api/meter.h"
#include "datapath/meter/token_bucket.h"
#include "lib/base/rcu.h"

namespace weft::datapath {

class TokenMeter final : public Meter {
 public:
  TokenMeter(const MeterSpec& spec, const Clock& clock);
  ~TokenMeter() override;

  void configure(const MeterSpec& spec) override;
  MeterCounters counters() const override;
  MeterVerdict charge(const Packet& packet) override;

 private:
  struct Band {
    Band(const MeterBandSpec& band, bool counts_packets, TimePoint now);

    const MeterBandSpec spec;
    TokenBucket bucket;
    std::atomic<uint64_t> packet_count{0};
    std::atomic<uint64_t> byte_count{0};
  };
  struct Bands {
    bool counts_packets = false;
    std::deque<Band> all;  // which do not move
  };

  std::unique_ptr<Bands> make_bands(const MeterSpec& spec) const;

  const Clock& clock_;
  RcuPtr<Bands> bands_;
  std::atomic<uint64_t> packet_count_{0};
  std::atomic<uint64_t> byte_count_{0};
};

}  // namespace weft::datapath
