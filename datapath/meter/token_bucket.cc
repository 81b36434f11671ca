#include "datapath/meter/token_bucket.h"

#include <algorithm>

namespace weft::datapath {
namespace {

constexpr int64_t ticks_per_ns = 64;
constexpr double ticks_per_second = 1e9 * ticks_per_ns;
constexpr int64_t longest = int64_t{1} << 61;

int64_t cut(double ticks) { return ticks < static_cast<double>(longest) ? static_cast<int64_t>(ticks) : longest; }

}  // namespace

TokenBucket::TokenBucket(double rate, double capacity, TimePoint now)
    : ticks_per_token_(ticks_per_second / rate), capacity_(cut(capacity * ticks_per_token_)), start_(now) {}

// Clocks of two workers may differ by a little, so a time before the start is one.
TokenBucket::Ticks TokenBucket::since_start(TimePoint now) const {
  return std::max<Ticks>(0, (now - start_).count()) * ticks_per_ns;
}

TokenBucket::Ticks TokenBucket::time_of(uint64_t tokens) const {
  return cut(static_cast<double>(tokens) * ticks_per_token_);
}

bool TokenBucket::take(uint64_t cost, uint64_t enough, TimePoint now) {
  const Ticks at = since_start(now);
  const Ticks needed = time_of(enough);
  const Ticks taken = time_of(cost);
  Ticks full_at = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    const Ticks from = std::max(full_at, at);
    if (from - at + needed > capacity_) {
      return false;
    }
    if (full_at_.compare_exchange_weak(full_at, from + taken, std::memory_order_relaxed)) {
      return true;
    }
  }
}

void TokenBucket::take_always(uint64_t cost, TimePoint now) {
  const Ticks at = since_start(now);
  const Ticks taken = time_of(cost);
  const Ticks deepest = at + 2 * capacity_;
  Ticks full_at = full_at_.load(std::memory_order_relaxed);
  Ticks next = 0;
  do {
    next = std::max(full_at, std::min(std::max(full_at, at) + taken, deepest));
  } while (!full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed));
}

}  // namespace weft::datapath
