// FlowCounters: what packets did to a rule, a bucket or a group: how many, how many bytes, and when last.
//
// They are in the rule. One that modify put in another's place goes on with that one's, so that packets credited to
// either count once and in one place. RESET_COUNTS gives the new rule counters of its own.
//
// Threads: any; additions from several threads are not lost. Cost: three atomic operations a credit.
#pragma once

#include <atomic>
#include <cstdint>

#include "lib/base/clock.h"

namespace weft::ofproto {

class FlowCounters {
 public:
  explicit FlowCounters(TimePoint used = {}) : used_(used.time_since_epoch().count()) {}

  // `used`: time of the last of these packets.
  void credit(uint64_t packet_count, uint64_t byte_count, TimePoint used) {
    packet_count_.fetch_add(packet_count, std::memory_order_relaxed);
    byte_count_.fetch_add(byte_count, std::memory_order_relaxed);
    touch(used);
  }
  // Refreshes the time only.
  void touch(TimePoint used) {
    const Duration::rep time = used.time_since_epoch().count();
    Duration::rep known = used_.load(std::memory_order_relaxed);
    while (known < time && !used_.compare_exchange_weak(known, time, std::memory_order_relaxed)) {
    }
  }

  uint64_t packet_count() const { return packet_count_.load(std::memory_order_relaxed); }
  uint64_t byte_count() const { return byte_count_.load(std::memory_order_relaxed); }
  // Of the last packet; before the first, the time given at construction.
  TimePoint used() const { return TimePoint(Duration(used_.load(std::memory_order_relaxed))); }

 private:
  std::atomic<uint64_t> packet_count_{0};
  std::atomic<uint64_t> byte_count_{0};
  std::atomic<Duration::rep> used_;
};

}  // namespace weft::ofproto
