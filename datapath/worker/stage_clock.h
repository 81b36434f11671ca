// StageClock: how long the stages of a batch take, measured without being noticed.
//
//     clock.begin();                    // before the queue is read
//     ... clock.end(Stage::receive); ... clock.end(Stage::extract); ...
//     clock.finish(packet_count);       // 0: there was no batch, nothing is counted
//
// One batch in timed_one_in is timed, by the processor's cycle counter: a read where each stage ends. The number is a
// prime, so that queues that take turns are all met. A thread that lost the processor in between would count what others
// did, so the kernel's count of its context switches is read before and behind a timed batch, and such a batch left out.
//
// Threads:   the worker; read() any.
// Cost:      a batch that is not timed: a branch for each stage and two additions; a timed one some microseconds, which
//            is a nanosecond a packet at full batches. A hit costs some sixty nanoseconds in all (weft-bench-replay).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "datapath/api/worker_perf.h"
#include "lib/base/counter.h"
#include "lib/base/cycle_counter.h"

namespace weft::datapath {

class StageClock {
 public:
  static constexpr unsigned timed_one_in = 127;

  void begin() {
    is_timing_ = untimed_left_ == 0;
    if (is_timing_) [[unlikely]] {
      start();
    }
  }

  // What has passed since the stage before this one ended is this one's.
  void end(Stage stage) {
    if (is_timing_) [[unlikely]] {
      const uint64_t now = read_cycle_counter();
      batch_[static_cast<size_t>(stage)] += now - last_;
      last_ = now;
    }
  }

  void finish(size_t packet_count) {
    if (packet_count != 0) {
      batches_[class_of(packet_count)].add();
      untimed_left_ = is_timing_ ? timed_one_in - 1 : untimed_left_ - 1;
      if (is_timing_) [[unlikely]] {
        keep(packet_count);
      }
    }
    is_timing_ = false;
  }

  // All but the drops.
  WorkerPerf read() const;

 private:
  static size_t class_of(size_t packet_count) {
    return std::min<size_t>(std::bit_width(packet_count - 1), batch_size_classes - 1);
  }
  void start();
  void keep(size_t packet_count);

  bool is_timing_ = false;
  unsigned untimed_left_ = 0;
  uint64_t last_ = 0;
  uint64_t switches_ = 0;  // the thread's, when the batch began
  std::array<uint64_t, stage_count> batch_{};

  std::array<Counter, batch_size_classes> batches_;
  std::array<Counter, stage_count> cycles_;
  Counter timed_batches_, timed_packets_, interrupted_batches_;
  CycleRate rate_;
};

}  // namespace weft::datapath
