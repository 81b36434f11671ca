#include "datapath/worker/rebalance.h"

#include <algorithm>
#include <vector>

namespace weft::datapath {

std::optional<QueueMove> choose_move(std::span<const QueueSample> queues, size_t worker_count, Duration interval) {
  std::vector<Duration> load(worker_count);
  for (const QueueSample& queue : queues) {
    load[queue.worker] += queue.busy;
  }
  const auto [idlest, busiest] = std::minmax_element(load.begin(), load.end());
  if (idlest == busiest || *busiest * 2 < interval) {
    return std::nullopt;
  }
  const auto from = static_cast<size_t>(busiest - load.begin());
  const auto to = static_cast<size_t>(idlest - load.begin());
  std::optional<QueueMove> best;
  Duration best_peak = *busiest * 3 / 4;
  for (size_t i = 0; i < queues.size(); ++i) {
    if (queues[i].worker != from) {
      continue;
    }
    // A third worker may be nearly as busy: then this move gains little.
    Duration peak = std::max(load[from] - queues[i].busy, load[to] + queues[i].busy);
    for (size_t other = 0; other < worker_count; ++other) {
      peak = other == from || other == to ? peak : std::max(peak, load[other]);
    }
    if (peak < best_peak || (!best && peak == best_peak)) {
      best = QueueMove{i, to};
      best_peak = peak;
    }
  }
  return best;
}

}  // namespace weft::datapath
