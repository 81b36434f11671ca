// Domains: what bounds on the fast path's memory and on the time of misses are per.
//
// A domain is a port and, behind a tunnel port, a tunnel id: one guest, or one tenant's part of a tunnel. Each has
// masks, megaflows and time for misses of its own, so that whoever sends what makes the most of them hurts himself.
// How many domains there may be is bounded too; beyond that, the tunnel ids of a port share one.
//
// Threads: values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lib/base/ids.h"

namespace weft::datapath {

// Of each worker.
struct DomainLimits {
  // Masks of a domain, which is what a lookup in it walks at most. Where it has three quarters of them, further masks
  // are rounded to narrower ones. At least 1.
  unsigned max_masks = 64;
  // Megaflows of a domain, which is also bounded by three times as many as the worker has room for yet, so that no
  // domain takes all of it. 0: by that alone.
  size_t max_megaflows = 0;
  // Domains that are kept apart, half of them for one port at most. At least 1.
  size_t max_domains = 4096;
  // How much of a worker's time the packets that are not in its flow cache may take while others want it. 1 to 100.
  unsigned miss_share_percent = 10;

  friend bool operator==(const DomainLimits&, const DomainLimits&) = default;
};

// What one worker has of a domain, and what became of its packets that were not in the flow cache.
struct DomainStatus {
  enum class Kind : uint8_t {
    tunnel_id,     // a port, or a tunnel id of one
    rest_of_port,  // the port's tunnel ids that are not kept apart
    rest,          // ports and tunnel ids that are not kept apart
  };
  unsigned worker = 0;
  Kind kind = Kind::tunnel_id;
  PortId port = port_id::none;
  uint64_t tun_id = 0;
  size_t mask_count = 0;
  size_t megaflow_count = 0;
  uint64_t misses = 0;        // packets that the flow cache did not have
  uint64_t translations = 0;  // of those, the ones that no megaflow covered either
  uint64_t dropped = 0;       // of those, the ones that were dropped as miss_budget
  uint64_t rounded = 0;       // megaflows whose mask was made narrower, for want of masks
  uint64_t refused = 0;       // decisions that were not kept, for want of megaflows
};

}  // namespace weft::datapath
