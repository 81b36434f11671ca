// What one worker has done. Written by that worker, read by any thread.
#pragma once

#include "datapath/port/port.h"
#include "datapath/worker/stage_clock.h"
#include "lib/base/counter.h"

namespace weft::datapath {

struct WorkerCounters {
  PacketBalance balance;
  Counter rounds;
  Counter sleeps;
  Counter rx_packets;
  Counter flow_cache_hits;
  Counter megaflow_hits;
  Counter misses;
  StageClock stages;
};

}  // namespace weft::datapath
