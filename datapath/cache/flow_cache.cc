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

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32) & ~hit_bit; }

}  // namespace

FlowCache::FlowCache(const FlowCacheOptions& options)
    : max_slots_(std::bit_ceil(std::max(options.max_slots, bucket_slots))),
      buckets_(std::min(std::bit_ceil(std::max(options.initial_slots, bucket_slots)), max_slots_) / bucket_slots),
      seen_(2 * max_slots_ / std::tuple_size_v<MarkGroup>) {}

FlowCache::Bucket& FlowCache::bucket_of(ZeroedArray<Bucket>& buckets, uint64_t hash) {
  return buckets[hash & (buckets.count() - 1)];
}

bool FlowCache::is_alive(const Slot& slot) {
  return slot.entry != nullptr && slot.entry->generation == slot.generation;
}

bool FlowCache::has(const Slot& slot, uint64_t hash) {
  return slot.entry != nullptr && (slot.tag & ~hit_bit) == tag_of(hash);
}

Megaflow* FlowCache::find(Bucket& bucket, const FlowKey& key, uint64_t hash) {
  for (Slot& slot : bucket.slots) {
    if (has(slot, hash) && is_alive(slot) && covers(slot.entry->masked->mask(), slot.entry->key, key)) {
      if ((slot.tag & hit_bit) == 0) {
        slot.tag |= hit_bit;
      }
      return slot.entry;
    }
  }
  return nullptr;
}

// A flow that is found in the smaller table moves to the one that has grown.
Megaflow* FlowCache::find_in_smaller(const FlowKey& key, uint64_t hash) {
  if (smaller_.empty()) {
    return nullptr;
  }
  Megaflow* megaflow = find(bucket_of(smaller_, hash), key, hash);
  if (megaflow != nullptr) {
    put(hash, entry_of(*megaflow));
  }
  if (--smaller_lookups_left_ == 0) {
    smaller_ = {};
  }
  return megaflow;
}

Megaflow* FlowCache::find(const FlowKey& key, uint64_t hash) {
  Megaflow* megaflow = find(bucket_of(buckets_, hash), key, hash);
  return megaflow != nullptr ? megaflow : find_in_smaller(key, hash);
}

Megaflow* FlowCache::lookup(const FlowKey& key, uint64_t hash) {
  count_lookups(1);
  return find(key, hash);
}

void FlowCache::lookup(std::span<const FlowKey> keys, std::span<const uint64_t> hashes, std::span<Megaflow*> found) {
  assert(hashes.size() >= keys.size() && found.size() >= keys.size());
  count_lookups(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    __builtin_prefetch(&bucket_of(buckets_, hashes[i]));
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    prefetch_entry(bucket_of(buckets_, hashes[i]), hashes[i]);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    found[i] = find(keys[i], hashes[i]);
  }
}

void FlowCache::prefetch_entry(const Bucket& bucket, uint64_t hash) {
  for (const Slot& slot : bucket.slots) {
    if (has(slot, hash)) {
      prefetch(*slot.entry);
    }
  }
}

void FlowCache::admit(uint64_t hash, Megaflow& megaflow) {
  if (was_seen(hash)) {
    put(hash, entry_of(megaflow));
  }
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

// In order of preference: the flow's own slot (its megaflow was replaced by another), one that is free or dead, one
// not hit since it was last passed over, the first.
FlowCache::Slot& FlowCache::slot_for(Bucket& bucket, uint64_t hash) {
  for (Slot& slot : bucket.slots) {
    if (has(slot, hash)) {
      return slot;
    }
  }
  for (Slot& slot : bucket.slots) {
    if (!is_alive(slot)) {
      return slot;
    }
  }
  ++live_evictions_;
  for (Slot& slot : bucket.slots) {
    if ((slot.tag & hit_bit) == 0) {
      return slot;
    }
    slot.tag &= ~hit_bit;
  }
  return bucket.slots[live_evictions_ % bucket_slots];
}

void FlowCache::put(uint64_t hash, MegaflowEntry& entry) {
  slot_for(bucket_of(buckets_, hash), hash) = {&entry, tag_of(hash), entry.generation};
  if (live_evictions_ * 16 > slot_count() && slot_count() < max_slots_) {
    grow();
  }
}

void FlowCache::count_lookups(size_t count) {
  lookups_ += count;
  if (lookups_ > slot_count()) {
    lookups_ = 0;
    live_evictions_ = 0;
  }
}

void FlowCache::grow() {
  const size_t bucket_count = buckets_.count() * 2;
  smaller_ = std::move(buckets_);
  smaller_lookups_left_ = bucket_count * bucket_slots * 2;
  buckets_ = ZeroedArray<Bucket>(bucket_count);
  lookups_ = 0;
  live_evictions_ = 0;
}

}  // namespace weft::datapath
