#include "lib/classifier/stage_index.h"

#include <cassert>

namespace weft {

StageIndex::Slot& StageIndex::at(Slots::Segment& segment, uint32_t hash) {
  for (size_t i = hash & segment.mask;; i = (i + 1) & segment.mask) {
    Slot& slot = segment.slot(i);
    if (slot.state.load(std::memory_order_acquire) == 0 || slot.hash() == hash) {
      return slot;
    }
  }
}

void StageIndex::add(uint32_t hash) {
  Slots::Segment& segment = slots_.room_for(hash);
  Slot& slot = at(segment, hash);
  const uint32_t state = slot.state.load(std::memory_order_relaxed);
  if (state == 0) {
    ++segment.used;
    slot.hash_.store(hash, std::memory_order_relaxed);
  }
  segment.kept += state <= 1 ? 1 : 0;
  // Publishes the hash with the count.
  slot.state.store(state == 0 ? 2 : state + 1, std::memory_order_release);
}

// Hashes whose count is zero are left behind until their segment grows.
void StageIndex::remove(uint32_t hash) {
  Slots::Segment& segment = *slots_.find(hash);
  Slot& slot = at(segment, hash);
  const uint32_t state = slot.state.load(std::memory_order_relaxed);
  assert(state > 1 && "a rule with this hash was added");
  segment.kept -= state == 2 ? 1 : 0;
  slot.state.store(state - 1, std::memory_order_release);
}

bool StageIndex::has(uint32_t hash) const {
  Slots::Segment* segment = slots_.find(hash);
  return segment != nullptr && at(*segment, hash).state.load(std::memory_order_relaxed) > 1;
}

}  // namespace weft
