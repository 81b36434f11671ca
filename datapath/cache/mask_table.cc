#include "datapath/cache/mask_table.h"

#include <cassert>

#include "lib/base/hash.h"

namespace weft::datapath {

namespace {
constexpr size_t initial_slots = 8;
}  // namespace

MaskTable::MaskTable(const FlowMask& mask, uint64_t hash_seed, MegaflowDomain& domain)
    : mask_(mask),
      hash_seed_(hash_seed),
      domain_(domain),
      places_((mask.words().size() + 1) / 2 * 2),
      slots_(initial_slots),
      slot_mask_(initial_slots - 1) {}

uint32_t MaskTable::hash(const FlowKey& key) {
  if (!(key.set() == shape_)) {
    find_places(key.set());
  }
  const uint64_t* const words = key.words().data();
  const auto masked_word = [&](size_t n) { return words[places_[n].place] & places_[n].bits; };
  uint64_t sum = hash_seed_;
  for (size_t n = 0; n < places_.size(); n += 2) {
    sum = hash_add(sum, masked_word(n), masked_word(n + 1));
  }
  return static_cast<uint32_t>(sum);
}

void MaskTable::find_places(const WordSet& shape) {
  shape_ = shape;
  size_t n = 0;
  mask_.set().for_each([&](unsigned i) {
    const uint64_t bits = mask_.words()[n];
    places_[n++] = shape.has(i) ? Place{bits, shape.rank(i)} : Place{0, 0};
  });
}

FlowKey MaskTable::masked(const FlowKey& key) const {
  FlowKey result;
  result.clear();
  size_t n = 0;
  mask_.set().for_each([&](unsigned i) { result.append(i, key.word(i) & mask_.words()[n++]); });
  return result;
}

MegaflowEntry* MaskTable::find(const FlowKey& key, uint32_t hash) const {
  for (size_t i = hash & slot_mask_; slots_[i].entry != nullptr; i = (i + 1) & slot_mask_) {
    const Slot& slot = slots_[i];
    if (slot.hash == hash && covers(*slot.entry, mask_, key)) {
      return slot.entry;
    }
  }
  return nullptr;
}

void MaskTable::prefetch_entry(uint32_t hash) const {
  const Slot& slot = slots_[hash & slot_mask_];
  if (slot.entry != nullptr && slot.hash == hash) {
    prefetch(*slot.entry);
  }
}

void MaskTable::insert(MegaflowEntry& entry) {
  if ((count_ + 1) * 2 > slots_.size()) {
    resize(slots_.size() * 2);
  }
  size_t i = entry.hash & slot_mask_;
  while (slots_[i].entry != nullptr) {
    i = (i + 1) & slot_mask_;
  }
  slots_[i] = {&entry, entry.hash};
  ++count_;
}

// Moves entries back over the gap, so that no marks are left for probes to step over.
void MaskTable::erase(const MegaflowEntry& entry) {
  size_t gap = entry.hash & slot_mask_;
  while (slots_[gap].entry != &entry) {
    assert(slots_[gap].entry != nullptr && "the entry is in its mask's table");
    gap = (gap + 1) & slot_mask_;
  }
  for (size_t i = (gap + 1) & slot_mask_; slots_[i].entry != nullptr; i = (i + 1) & slot_mask_) {
    const size_t home = slots_[i].hash & slot_mask_;
    if (((i - home) & slot_mask_) >= ((i - gap) & slot_mask_)) {
      slots_[gap] = slots_[i];
      gap = i;
    }
  }
  slots_[gap] = {};
  --count_;
}

void MaskTable::resize(size_t slot_count) {
  std::vector<Slot> old(slot_count);
  old.swap(slots_);
  slot_mask_ = slot_count - 1;
  count_ = 0;
  for (const Slot& slot : old) {
    if (slot.entry != nullptr) {
      insert(*slot.entry);
    }
  }
}

}  // namespace weft::datapath
