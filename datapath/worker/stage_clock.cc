#include "datapath/worker/stage_clock.h"

#include <sys/resource.h>

namespace weft::datapath {
namespace {

// Of the calling thread, given up or taken.
uint64_t context_switches() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return static_cast<uint64_t>(usage.ru_nvcsw + usage.ru_nivcsw);
}

template <size_t n>
std::array<uint64_t, n> values(const std::array<Counter, n>& counters) {
  std::array<uint64_t, n> read;
  for (size_t i = 0; i < n; ++i) {
    read[i] = counters[i].value();
  }
  return read;
}

}  // namespace

void StageClock::start() {
  batch_ = {};
  switches_ = context_switches();
  last_ = read_cycle_counter();
}

void StageClock::keep(size_t packet_count) {
  if (context_switches() != switches_) {
    interrupted_batches_.add();
    return;
  }
  for (size_t i = 0; i < stage_count; ++i) {
    cycles_[i].add(batch_[i]);
  }
  timed_batches_.add();
  timed_packets_.add(packet_count);
}

WorkerPerf StageClock::read() const {
  WorkerPerf perf;
  perf.timed_one_in = timed_one_in;
  perf.timed_batches = timed_batches_.value();
  perf.timed_packets = timed_packets_.value();
  perf.interrupted_batches = interrupted_batches_.value();
  perf.cycles = values(cycles_);
  perf.cycles_per_microsecond = rate_.per_microsecond();
  perf.batches = values(batches_);
  return perf;
}

}  // namespace weft::datapath
