// Where a worker's time goes: what `dpif/perf` shows. Values, summed up since the worker was made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// The way of a batch, in order. What an action recirculates goes through all but the first again.
enum class Stage : uint8_t {
  receive,         // reading the queue: system calls, copies
  extract,         // flow keys, offload checks, port counters
  flow_cache,      // hashes compared, and megaflows verified
  megaflow_table,  // for what the flow cache does not know
  actions,         // of hits
  transmit,        // handing over to ports and tunnels: system calls, cutting, checksums
  misses,          // translation, and actions of what it decided
};
inline constexpr size_t stage_count = 7;

constexpr std::string_view to_string(Stage stage) {
  constexpr std::array<std::string_view, stage_count> names{"receive", "extract",  "flow_cache", "megaflow_table",
                                                            "actions", "transmit", "misses"};
  return names[static_cast<size_t>(stage)];
}

// Batches of 1, 2, 3 to 4, 5 to 8, ... packets, a power of two each.
inline constexpr size_t batch_size_classes = 9;

struct WorkerPerf {
  // Of the batches that were timed, which are one in so many; a timed batch that lost the processor meanwhile is counted
  // as interrupted and left out.
  unsigned timed_one_in = 0;
  uint64_t timed_batches = 0, timed_packets = 0, interrupted_batches = 0;
  std::array<uint64_t, stage_count> cycles{};
  double cycles_per_microsecond = 0;

  std::array<uint64_t, batch_size_classes> batches{};  // all of them, by size
  std::array<uint64_t, drop_reason_count> dropped{};
};

}  // namespace weft::datapath
