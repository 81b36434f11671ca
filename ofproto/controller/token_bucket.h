// TokenBucket: at most `rate` events a second, with `burst` of them saved up. Without a rate everything passes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "lib/base/clock.h"

namespace weft::ofproto {

class TokenBucket {
 public:
  void configure(std::optional<uint32_t> rate, std::optional<uint32_t> burst) {
    rate_ = rate;
    // A quarter of a second's worth unless said otherwise, as Open vSwitch's controller_burst_limit defaults to.
    burst_ = static_cast<double>(burst.value_or(std::max<uint32_t>(rate.value_or(0) / 4, 1)));
    tokens_ = burst_;
  }

  bool admit(TimePoint now) {
    if (!rate_) {
      return true;
    }
    const std::chrono::duration<double> passed = now - filled_at_;
    tokens_ = std::min(burst_, tokens_ + passed.count() * *rate_);
    filled_at_ = now;
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

  // When the next will be admitted, going by the last that was asked for.
  TimePoint next_due() const {
    if (!rate_ || tokens_ >= 1) {
      return filled_at_;
    }
    const std::chrono::duration<double> wait((1 - tokens_) / *rate_);
    return filled_at_ + std::chrono::ceil<Duration>(wait);
  }

 private:
  std::optional<uint32_t> rate_;
  double burst_ = 0;
  double tokens_ = 0;
  TimePoint filled_at_{};
};

}  // namespace weft::ofproto
