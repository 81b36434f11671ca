#include "lib/classifier/stage_index.h"

namespace weft {

StageIndex::~StageIndex() { delete slots_.load(); }

StageIndex::Slot& StageIndex::Slots::at(uint32_t hash) {
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& slot = slots[i];
    if (slot.state.load(std::memory_order_acquire) == 0 || slot.hash.load(std::memory_order_relaxed) == hash) {
      return slot;
    }
  }
}

void StageIndex::add(uint32_t hash) {
  make_room();
  Slot& slot = slots_.load()->at(hash);
  const uint32_t state = slot.state.load(std::memory_order_relaxed);
  if (state == 0) {
    ++used_;
    slot.hash.store(hash, std::memory_order_relaxed);
  }
  alive_ += state <= 1 ? 1 : 0;
  // Publishes the hash with the count.
  slot.state.store(state == 0 ? 2 : state + 1, std::memory_order_release);
}

void StageIndex::remove(uint32_t hash) {
  Slot& slot = slots_.load()->at(hash);
  const uint32_t state = slot.state.load(std::memory_order_relaxed);
  assert(state > 1 && "a rule with this hash was added");
  alive_ -= state == 2 ? 1 : 0;
  slot.state.store(state - 1, std::memory_order_release);
}

bool StageIndex::has(uint32_t hash) const {
  Slots* slots = slots_.load();
  return slots != nullptr && slots->at(hash).state.load(std::memory_order_relaxed) > 1;
}

// Hashes whose count is zero are left behind.
void StageIndex::make_room() {
  Slots* old = slots_.load();
  if (old != nullptr && (used_ + 1) * 2 <= old->mask + 1) {
    return;
  }
  size_t n = 4;
  while ((alive_ + 1) * 3 > n) {
    n *= 2;
  }
  auto grown = std::make_unique<Slots>(n);
  for (size_t i = 0; old != nullptr && i <= old->mask; ++i) {
    const uint32_t state = old->slots[i].state.load(std::memory_order_relaxed);
    if (state > 1) {
      const uint32_t hash = old->slots[i].hash.load(std::memory_order_relaxed);
      Slot& slot = grown->at(hash);
      slot.hash.store(hash, std::memory_order_relaxed);
      slot.state.store(state, std::memory_order_relaxed);
    }
  }
  used_ = alive_;
  rcu::retire(slots_.exchange(grown.release()));
}

}  // namespace weft
