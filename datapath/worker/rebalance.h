// Rebalancing: which rx queue should be read by another worker.
//
// As Open vSwitch's pmd-auto-lb: only when the busiest worker is really busy, and only on a clear gain, because every
// flow of a moved queue is looked up anew by its new worker. One queue at a time: the next look sees what came of it.
//
// Threads: pure functions, and a value with one writer at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "lib/base/clock.h"
#include "lib/base/counter.h"

namespace weft::datapath {

// What reading a queue has cost so far. Written by the worker that owns the queue, read by any thread.
struct QueueLoad {
  Counter packets;
  Counter busy_ns;  // from receiving a batch until it has left
};

// A queue over the last interval.
struct QueueSample {
  size_t worker = 0;
  Duration busy{};
};

struct QueueMove {
  size_t queue = 0;  // its place among the samples
  size_t worker = 0;
};

// Nothing: it stays as it is. A worker is busy from half of the interval on; a gain is clear when the busiest worker
// will have at most three quarters of what the busiest has now.
std::optional<QueueMove> choose_move(std::span<const QueueSample> queues, size_t worker_count, Duration interval);

}  // namespace weft::datapath
