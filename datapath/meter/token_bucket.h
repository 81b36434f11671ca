// TokenBucket: a bucket that fills at a rate and is drawn on by many threads at once, without a lock.
//
// Nothing is filled: the bucket remembers when it will be full again (the "theoretical arrival time" of ITU-T I.371's
// generic cell rate algorithm). Taking moves that time on by what the tokens take to come; there are too few when that
// would be further ahead than a full bucket lasts. One word says it all, so one compare-and-swap takes.
//
// Time is counted from the bucket's making, in 1/64 ns: fine enough for 64 bytes at 4 Tbit/s, and 63 bits of it last
// four years. What is too long to count is cut to half of that.
//
// Threads: any. Cost: a load and a compare-and-swap; none when there are too few tokens.
#pragma once

#include <atomic>
#include <cstdint>

#include "lib/base/clock.h"

namespace weft::datapath {

class TokenBucket {
 public:
  // Full. `rate` tokens come in a second, up to `capacity`; both at least 1.
  TokenBucket(double rate, double capacity, TimePoint now);

  // Takes `cost` tokens if `enough` of them are there: where that is less, the bucket goes into debt for the rest.
  bool take(uint64_t cost, uint64_t enough, TimePoint now);
  bool take(uint64_t cost, TimePoint now) { return take(cost, cost, now); }
  // Takes them whether they are there or not. The debt is never larger than a full bucket.
  void take_always(uint64_t cost, TimePoint now);

 private:
  using Ticks = int64_t;

  Ticks since_start(TimePoint now) const;
  Ticks time_of(uint64_t tokens) const;

  const double ticks_per_token_;
  const Ticks capacity_;
  const TimePoint start_;
  std::atomic<Ticks> full_at_{0};
};

}  // namespace weft::datapath
