#include "datapath/cache/flow_cache.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>
#include <utility>

#include "datapath/cache/mask_table.h"
#include "datapath/cache/megaflow_entry.h"

namespace weft::datapath {

namespace {

constexpr uint32_t hit_bit = 1;   // of a tag
constexpr uint32_t used_bit = 2;  // of every tag but that of a free slot

// A table in which a flow in use goes more often than once in so many lookups is too small: a miss costs some ten hits,
// with many masks forty. Evictions are counted over as many lookups as there are slots, or so many where that says little.
constexpr size_t lookups_per_eviction = 256;
constexpr size_t shortest_window = 1024;

// Reading so many packets takes longer than a bucket takes to arrive.
constexpr size_t expected_ahead = 4;

// Without a branch, which would be wrong as often as hits and misses alternate.
size_t first_or_zero(IndexSet slots) {
  constexpr size_t beyond_all = 4;
  slots.add(beyond_all);
  return slots.first() % beyond_all;
}

// Asks for an entry's lines or for the other one.
void prefetch_next(bool is_entry, const MegaflowEntry* entry, const void* other) {
  const uintptr_t choice = -uintptr_t{is_entry};
  const uintptr_t address =
      (reinterpret_cast<uintptr_t>(entry) & choice) | (reinterpret_cast<uintptr_t>(other) & ~choice);
  __builtin_prefetch(reinterpret_cast<const void*>(address));
  __builtin_prefetch(reinterpret_cast<const void*>(address + (cache_line_bytes & choice)));
}

}  // namespace

FlowCache::FlowCache(const FlowCacheOptions& options)
    : max_slots_(std::bit_ceil(std::max(options.max_slots, bucket_slots))),
      buckets_(std::min(std::bit_ceil(std::max(options.initial_slots, bucket_slots)), max_slots_) / bucket_slots),
      seen_(2 * max_slots_ / std::tuple_size_v<MarkGroup>, Pages::large) {}

FlowCache::Bucket& FlowCache::first_bucket(Buckets& buckets, uint64_t hash) {
  return buckets[hash & (buckets.count() - 1)];
}

// From other bits than the first, of which some are in the tag too.
FlowCache::Bucket& FlowCache::second_bucket(Buckets& buckets, uint64_t hash) {
  return buckets[hash >> 24 & (buckets.count() - 1)];
}

uint32_t FlowCache::tag_of(uint64_t hash) { return (static_cast<uint32_t>(hash >> 32) & ~hit_bit) | used_bit; }

bool FlowCache::Slot::is_alive() const { return tag() != 0 && entry().generation == bucket->generations[number]; }

IndexSet FlowCache::slots_with_tag(const Bucket& bucket, uint64_t hash) {
  const uint32_t tag = tag_of(hash);
#if defined(__SSE2__)
  const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags.data()));
  const __m128i without_hit_bit = _mm_andnot_si128(_mm_set1_epi32(hit_bit), tags);
  const __m128i is_equal = _mm_cmpeq_epi32(without_hit_bit, _mm_set1_epi32(static_cast<int>(tag)));
  return IndexSet::of_bits(static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(is_equal))));
#else
  IndexSet slots;
  for (size_t i = 0; i < bucket_slots; ++i) {
    slots.add_if((bucket.tags[i] & ~hit_bit) == tag, i);
  }
  return slots;
#endif
}

Megaflow* FlowCache::verified(const Slot& slot, const FlowKey& key) {
  MegaflowEntry& entry = slot.entry();
  if (entry.generation != slot.bucket->generations[slot.number] || !covers(entry, entry.mask, key)) {
    return nullptr;
  }
  __builtin_prefetch(entry.in_force);
  if ((slot.tag() & hit_bit) == 0) {
    slot.tag() |= hit_bit;
  }
  return &entry;
}

Megaflow* FlowCache::find(Buckets& buckets, const FlowKey& key, uint64_t hash) {
  Megaflow* megaflow = nullptr;
  for (Bucket* bucket : {&first_bucket(buckets, hash), &second_bucket(buckets, hash)}) {
    slots_with_tag(*bucket, hash).for_each([&](size_t number) {
      megaflow = megaflow != nullptr ? megaflow : verified({bucket, number}, key);
    });
  }
  return megaflow;
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

void FlowCache::expect(std::span<const uint64_t> hashes) {
  __builtin_prefetch(&first_bucket(buckets_, hashes.back()));
  if (hashes.size() > expected_ahead) {
    look_into_first(hashes);
  }
}

void FlowCache::look_into(Bucket& bucket, size_t i, uint64_t hash, const void* otherwise) {
  const IndexSet slots = slots_with_tag(bucket, hash);
  likely_[i] = {&bucket, first_or_zero(slots)};
  has_likely_.add_if(!slots.empty(), i);
  prefetch_next(!slots.empty(), bucket.entries[likely_[i].number], otherwise);
}

// Of the first that has not been looked for yet.
void FlowCache::look_into_first(std::span<const uint64_t> hashes) {
  const uint64_t hash = hashes[begun_];
  look_into(first_bucket(buckets_, hash), begun_, hash, &second_bucket(buckets_, hash));
  ++begun_;
}

// Each step asks for the memory that the next one reads. What no tag or a wrong one answers goes the slow way, last, as
// that may move flows, also to a larger table.
IndexSet FlowCache::lookup(std::span<const FlowKey> keys, std::span<const uint64_t> hashes,
                           std::span<Megaflow*> found) {
  assert(keys.size() <= max_batch && hashes.size() >= keys.size() && found.size() >= keys.size());
  count_lookups(keys.size());
  while (begun_ < keys.size()) {
    look_into_first(hashes);
  }
  const IndexSet all = IndexSet::all_below(keys.size());
  (all - has_likely_).for_each([&](size_t i) {
    Bucket& bucket = second_bucket(buckets_, hashes[i]);
    look_into(bucket, i, hashes[i], &bucket);
    found[i] = nullptr;
  });
  const IndexSet has_likely = std::exchange(has_likely_, {});
  begun_ = 0;
  IndexSet missing = all - has_likely;
  has_likely.for_each([&](size_t i) {
    found[i] = verified(likely_[i], keys[i]);
    missing.add_if(found[i] == nullptr, i);
  });
  const IndexSet unsure = smaller_.empty() ? missing & has_likely : missing;
  unsure.for_each([&](size_t i) {
    found[i] = find(keys[i], hashes[i]);
    if (found[i] != nullptr) {
      missing.remove(i);
    }
  });
  return missing;
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
std::optional<FlowCache::Slot> FlowCache::own_or_free_slot(const Pair& pair, uint64_t hash) {
  for (Bucket* bucket : pair) {
    if (const IndexSet own = slots_with_tag(*bucket, hash); !own.empty()) {
      return Slot{bucket, own.first()};
    }
  }
  for (Bucket* bucket : pair) {
    for (size_t i = 0; i < bucket_slots; ++i) {
      if (const Slot slot{bucket, i}; !slot.is_alive()) {
        return slot;
      }
    }
  }
  return std::nullopt;
}

// One not hit since it was last passed over, or else any.
FlowCache::Slot FlowCache::evicted_slot(const Pair& pair) {
  for (Bucket* bucket : pair) {
    for (size_t i = 0; i < bucket_slots; ++i) {
      const Slot slot{bucket, i};
      if ((slot.tag() & hit_bit) == 0) {
        return slot;
      }
      slot.tag() &= ~hit_bit;
    }
  }
  return {pair[live_evictions_ % 2], live_evictions_ / 2 % bucket_slots};
}

// An eviction that must not be counts all the same: it says that the table is too small.
bool FlowCache::put(uint64_t hash, MegaflowEntry& entry, bool may_evict) {
  const Pair pair{&first_bucket(buckets_, hash), &second_bucket(buckets_, hash)};
  std::optional<Slot> slot = own_or_free_slot(pair, hash);
  const bool is_full = !slot.has_value();
  if (is_full) {
    ++live_evictions_;
    slot = may_evict ? std::optional(evicted_slot(pair)) : std::nullopt;
  }
  if (slot) {
    slot->tag() = tag_of(hash);
    slot->bucket->generations[slot->number] = entry.generation;
    slot->bucket->entries[slot->number] = &entry;
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
  begun_ = 0;
  has_likely_ = {};
  const size_t bucket_count = buckets_.count() * 2;
  smaller_ = std::move(buckets_);
  smaller_lookups_left_ = bucket_count * bucket_slots * 2;
  buckets_ = Buckets(bucket_count, Pages::large);
  lookups_ = 0;
  live_evictions_ = 0;
}

}  // namespace weft::datapath
