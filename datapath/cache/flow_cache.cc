#include "datapath/cache/flow_cache.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>
#include <utility>

#include "datapath/cache/mask_table.h"
#include "datapath/cache/megaflow_entry.h"

namespace weft::datapath {

namespace {

constexpr uint32_t hit_bit = 1;  // lowest of a tag

// A table in which a flow in use goes more often than once in so many lookups is too small: a miss costs some ten hits,
// with many masks forty. Evictions are counted over as many lookups as there are slots, or so many where that says little.
constexpr size_t lookups_per_eviction = 256;
constexpr size_t shortest_window = 1024;

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) & ~hit_bit; }

}  // namespace

FlowCache::FlowCache(const FlowCacheOptions& options)
    : max_slots_(std::bit_ceil(std::max(options.max_slots, bucket_slots))),
      buckets_(std::min(std::bit_ceil(std::max(options.initial_slots, bucket_slots)), max_slots_) / bucket_slots),
      seen_(2 * max_slots_ / std::tuple_size_v<MarkGroup>) {}

FlowCache::Bucket& FlowCache::first_bucket(Buckets& buckets, uint64_t hash) {
  return buckets[hash & (buckets.count() - 1)];
}

// From other bits than the first, of which some are in the tag too.
FlowCache::Bucket& FlowCache::second_bucket(Buckets& buckets, uint64_t hash) {
  return buckets[hash >> 24 & (buckets.count() - 1)];
}

bool FlowCache::is_alive(const Slot& slot) {
  return slot.entry != nullptr && slot.entry->generation == slot.generation;
}

bool FlowCache::has(const Slot& slot, uint64_t hash) {
  return (slot.tag & ~hit_bit) == tag_of(hash) && slot.entry != nullptr;
}

FlowCache::Slot* FlowCache::find_tag(Bucket& bucket, uint64_t hash) {
  for (Slot& slot : bucket.slots) {
    if (has(slot, hash)) {
      return &slot;
    }
  }
  return nullptr;
}

Megaflow* FlowCache::verified(Slot& slot, const FlowKey& key) {
  MegaflowEntry& entry = *slot.entry;
  if (entry.generation != slot.generation || !covers(entry, entry.mask, key)) {
    return nullptr;
  }
  if ((slot.tag & hit_bit) == 0) {
    slot.tag |= hit_bit;
  }
  return &entry;
}

Megaflow* FlowCache::find(Buckets& buckets, const FlowKey& key, uint64_t hash) {
  for (Bucket* bucket : {&first_bucket(buckets, hash), &second_bucket(buckets, hash)}) {
    for (Slot& slot : bucket->slots) {
      Megaflow* megaflow = has(slot, hash) ? verified(slot, key) : nullptr;
      if (megaflow != nullptr) {
        return megaflow;
      }
    }
  }
  return nullptr;
}

// A flow that is found in the smaller table moves to the one that has grown.
Megaflow* FlowCache::find_in_smaller(const FlowKey& key, uint64_t hash) {
  if (smaller_.empty()) {
    return nullptr;
  }
  Megaflow* megaflow = find(smaller_, key, hash);
  if (megaflow != nullptr) {
    put(hash, entry_of(*megaflow), true);
  }
  if (--smaller_lookups_left_ == 0) {
    smaller_ = {};
  }
  return megaflow;
}

Megaflow* FlowCache::find(const FlowKey& key, uint64_t hash) {
  Megaflow* megaflow = find(buckets_, key, hash);
  return megaflow != nullptr ? megaflow : find_in_smaller(key, hash);
}

Megaflow* FlowCache::lookup(const FlowKey& key, uint64_t hash) {
  count_lookups(1);
  return find(key, hash);
}

// Each step asks for the memory that the next one reads. What the likeliest slot does not answer goes the slow way, which
// may move flows, also to a larger table: what was likely before may then be something else, or nowhere.
void FlowCache::lookup(std::span<const FlowKey> keys, std::span<const uint64_t> hashes, std::span<Megaflow*> found) {
  assert(keys.size() <= max_batch && hashes.size() >= keys.size() && found.size() >= keys.size());
  std::array<Slot*, max_batch> likely;
  count_lookups(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    __builtin_prefetch(&first_bucket(buckets_, hashes[i]));
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    likely[i] = find_tag(first_bucket(buckets_, hashes[i]), hashes[i]);
    if (likely[i] != nullptr) {
      prefetch(*likely[i]->entry);
    } else {
      __builtin_prefetch(&second_bucket(buckets_, hashes[i]));
    }
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (likely[i] == nullptr && (likely[i] = find_tag(second_bucket(buckets_, hashes[i]), hashes[i])) != nullptr) {
      prefetch(*likely[i]->entry);
    }
  }
  const bool may_move = !smaller_.empty();
  bool has_moved = false;
  for (size_t i = 0; i < keys.size(); ++i) {
    found[i] = likely[i] != nullptr && !has_moved ? verified(*likely[i], keys[i]) : nullptr;
    if (found[i] == nullptr) [[unlikely]] {
      found[i] = find(keys[i], hashes[i]);
      has_moved = may_move;
    }
  }
}

bool FlowCache::admit(uint64_t hash, Megaflow& megaflow, bool may_evict) {
  return was_seen(hash) && put(hash, entry_of(megaflow), may_evict);
}

// Leaves a mark when it answers no; the oldest of its group goes.
bool FlowCache::was_seen(uint64_t hash) {
  MarkGroup& group = seen_[hash & (seen_.count() - 1)];
  const auto mark = static_cast<uint16_t>(hash >> 48 | 1);  // never the zero of an unused one
  if (std::find(group.begin(), group.end(), mark) != group.end()) {
    return true;
  }
  std::copy_backward(group.begin(), group.end() - 1, group.end());
  group.front() = mark;
  return false;
}

// The flow's own slot (its megaflow was replaced by another), or else one that is free or dead.
FlowCache::Slot* FlowCache::own_or_free_slot(const Pair& pair, uint64_t hash) {
  for (Bucket* bucket : pair) {
    if (Slot* slot = find_tag(*bucket, hash)) {
      return slot;
    }
  }
  for (Bucket* bucket : pair) {
    for (Slot& slot : bucket->slots) {
      if (!is_alive(slot)) {
        return &slot;
      }
    }
  }
  return nullptr;
}

// One not hit since it was last passed over, or else any.
FlowCache::Slot& FlowCache::evicted_slot(const Pair& pair) {
  for (Bucket* bucket : pair) {
    for (Slot& slot : bucket->slots) {
      if ((slot.tag & hit_bit) == 0) {
        return slot;
      }
      slot.tag &= ~hit_bit;
    }
  }
  return pair[live_evictions_ % 2]->slots[live_evictions_ / 2 % bucket_slots];
}

// An eviction that must not be counts all the same: it says that the table is too small.
bool FlowCache::put(uint64_t hash, MegaflowEntry& entry, bool may_evict) {
  const Pair pair{&first_bucket(buckets_, hash), &second_bucket(buckets_, hash)};
  Slot* slot = own_or_free_slot(pair, hash);
  const bool is_full = slot == nullptr;
  if (is_full) {
    ++live_evictions_;
    slot = may_evict ? &evicted_slot(pair) : nullptr;
  }
  if (slot != nullptr) {
    *slot = {&entry, tag_of(hash), entry.generation};
  }
  if (live_evictions_ * lookups_per_eviction > std::max(slot_count(), shortest_window) && slot_count() < max_slots_) {
    grow();
  }
  return is_full && may_evict;
}

void FlowCache::count_lookups(size_t count) {
  lookups_ += count;
  if (lookups_ > std::max(slot_count(), shortest_window)) {
    lookups_ = 0;
    live_evictions_ = 0;
  }
}

void FlowCache::grow() {
  const size_t bucket_count = buckets_.count() * 2;
  smaller_ = std::move(buckets_);
  smaller_lookups_left_ = bucket_count * bucket_slots * 2;
  buckets_ = Buckets(bucket_count, Pages::large);
  lookups_ = 0;
  live_evictions_ = 0;
}

}  // namespace weft::datapath
