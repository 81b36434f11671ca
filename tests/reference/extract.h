// The dull twin of lib/flow/extract.h: a frame becomes a dense flow, one field after the other, by the field registry
// and nothing else. Written from the standards, not from the code it judges; slow and plain on purpose.
#pragma once

#include <cstdint>
#include <span>

#include "lib/flow/flow_key.h"

namespace weft::reference {

struct Extracted {
  Flow flow;
  bool is_truncated = false;  // shorter than an Ethernet header
  // Offsets of layers, -1 without one.
  int l2_5 = -1;
  int l3 = -1;
  int l4 = -1;
};

Extracted extract(std::span<const uint8_t> frame, uint32_t in_port);

}  // namespace weft::reference
