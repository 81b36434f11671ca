#include "datapath/cache/megaflow_table.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "datapath/cache/mask_table.h"
#include "datapath/cache/megaflow_entry.h"
#include "datapath/cache/megaflow_slabs.h"

namespace weft::datapath {

namespace {

// Often enough that a new heavy flow's mask comes forward soon, seldom enough not to be noticed.
constexpr uint32_t lookups_between_sorts = 1024;
constexpr size_t max_batch = 64;

}  // namespace

MegaflowTable::MegaflowTable(const MegaflowTableOptions& options)
    : options_(options),
      slabs_(std::make_shared<MegaflowSlabs>(options.limit)),
      lookups_until_sort_(lookups_between_sorts) {}

MegaflowTable::~MegaflowTable() = default;

Megaflow* MegaflowTable::lookup(const FlowKey& key) {
  note_lookups(1);
  for (const std::unique_ptr<MaskTable>& table : masks_) {
    if (MegaflowEntry* entry = table->find(key, table->hash(key))) {
      ++table->usefulness;
      return entry;
    }
  }
  return nullptr;
}

void MegaflowTable::lookup(std::span<const FlowKey> keys, std::span<Megaflow*> found) {
  assert(keys.size() <= max_batch && found.size() >= keys.size());
  std::array<uint8_t, max_batch> waiting;
  size_t n_waiting = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    waiting[n_waiting] = static_cast<uint8_t>(i);
    n_waiting += found[i] == nullptr ? 1 : 0;
  }
  note_lookups(n_waiting);
  for (size_t m = 0; m < masks_.size() && n_waiting > 0; ++m) {
    n_waiting = lookup_mask(*masks_[m], keys, found, {waiting.data(), n_waiting});
  }
}

// Packets that are still waiting are moved to the front of `waiting`; returns how many.
size_t MegaflowTable::lookup_mask(MaskTable& table, std::span<const FlowKey> keys, std::span<Megaflow*> found,
                                  std::span<uint8_t> waiting) {
  std::array<uint32_t, max_batch> hashes;
  for (size_t n = 0; n < waiting.size(); ++n) {
    hashes[n] = table.hash(keys[waiting[n]]);
    table.prefetch_slot(hashes[n]);
  }
  for (size_t n = 0; n < waiting.size(); ++n) {
    table.prefetch_entry(hashes[n]);
  }
  size_t n_left = 0;
  for (size_t n = 0; n < waiting.size(); ++n) {
    const uint8_t i = waiting[n];
    found[i] = table.find(keys[i], hashes[n]);
    waiting[n_left] = i;
    n_left += found[i] == nullptr ? 1 : 0;
  }
  table.usefulness += waiting.size() - n_left;
  return n_left;
}

void MegaflowTable::note_lookups(size_t count) {
  if (count < lookups_until_sort_) {
    lookups_until_sort_ -= static_cast<uint32_t>(count);
    return;
  }
  lookups_until_sort_ = lookups_between_sorts;
  std::stable_sort(masks_.begin(), masks_.end(),
                   [](const auto& a, const auto& b) { return a->usefulness > b->usefulness; });
  for (const std::unique_ptr<MaskTable>& table : masks_) {
    table->usefulness /= 2;
  }
}

bool MegaflowTable::is_full() const { return slabs_->is_full(); }

Megaflow* MegaflowTable::insert(const FlowKey& key, std::unique_ptr<Installed>&& installed, TimePoint now) {
  MegaflowEntry* entry = slabs_->allocate();
  if (entry == nullptr) {
    return nullptr;
  }
  MaskTable& table = mask_table_for(installed->decision.mask);
  entry->masked = &table;
  entry->hash = table.hash(key);
  entry->key = table.masked(key);
  entry->mask = table.mask();
  entry->id = uint64_t{options_.worker} << 48 | ++last_id_;
  entry->worker = options_.worker;
  entry->created = now;
  entry->is_dead.store(false, std::memory_order_relaxed);
  entry->shaped_key.assign(key, entry->mask);
  entry->in_force = installed.release();
  entry->installed.store(entry->in_force, std::memory_order_relaxed);
  table.insert(*entry);
  ++live_count_;
  // The worker asks next whether its version is still current: sequentially consistent with that load.
  entry->state.store(MegaflowEntry::State::live, std::memory_order_seq_cst);
  return entry;
}

MaskTable& MegaflowTable::mask_table_for(const FlowMask& mask) {
  const auto known =
      std::find_if(masks_.begin(), masks_.end(), [&](const auto& table) { return table->mask() == mask; });
  if (known != masks_.end()) {
    return **known;
  }
  masks_.push_back(std::make_unique<MaskTable>(mask, options_.hash_seed));
  return *masks_.back();
}

void MegaflowTable::remove(Megaflow& megaflow) {
  MegaflowEntry& entry = entry_of(megaflow);
  if (entry.is_dead.load(std::memory_order_relaxed)) {
    return;
  }
  ++entry.generation;
  entry.is_dead.store(true, std::memory_order_release);
  entry.state.store(MegaflowEntry::State::dead, std::memory_order_release);
  MaskTable& table = *entry.masked;
  table.erase(entry);
  if (table.size() == 0) {
    std::erase_if(masks_, [&](const auto& known) { return known.get() == &table; });
  }
  --live_count_;
  slabs_->release(entry);
}

Installed* MegaflowTable::replace(Megaflow& megaflow, std::unique_ptr<Installed> replacement) {
  Installed* const in_force = replacement.release();
  entry_of(megaflow).in_force = in_force;
  return megaflow.installed.exchange(in_force, std::memory_order_acq_rel);
}

void MegaflowTable::for_each(const std::function<void(Megaflow&)>& visit) const { slabs_->for_each(visit); }

}  // namespace weft::datapath
