// Flow cache: from a packet's flow hash straight to its megaflow, most packets' only lookup.
//
// A hash table without keys: a slot remembers part of the hash, the megaflow and the megaflow's generation. A
// candidate is verified under its own mask before it is believed, so a wrong guess costs a comparison and never a
// wrong decision. A bucket is one cache line of four slots. A flow may be in either of two buckets, mostly in its first,
// so that hardly a flow has to go before the table is full; of those in its two buckets one that was not hit lately
// gives way.
//
// Admission: a flow enters with its second packet. Its first only leaves a mark in a filter of fixed size, so a
// stream of packets that never come back evicts nobody.
//
// Growth: when more than one lookup in 256 evicts a flow whose megaflow is alive, the table doubles, up to a bound.
// Nothing is rehashed: the smaller table stays behind the larger one for a while, and its flows move with their
// next hits.
//
// A dead megaflow is never returned: removing it changes its generation, which outlives it.
//
// Threads:   the owning worker only. Ownership: none of the megaflows; its megaflow table must outlive it.
// Cost:      lookup: one cache line for the bucket (sometimes two, always for a flow that is not there) and the
//            megaflow's own lines, prefetched over a batch; no allocation, and no branch that depends on whether a flow
//            is there. 16 bytes a slot, and 4 bytes of filter for each of max_slots. admit: a line of the filter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "datapath/api/megaflow.h"
#include "datapath/cache/zeroed_array.h"
#include "lib/base/index_set.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

struct MegaflowEntry;

struct FlowCacheOptions {
  size_t initial_slots = 4096;  // rounded up to a power of two
  size_t max_slots = 2 * 1024 * 1024;
};

class FlowCache {
 public:
  explicit FlowCache(const FlowCacheOptions& options = {});
  FlowCache(const FlowCache&) = delete;
  FlowCache& operator=(const FlowCache&) = delete;

  // The live megaflow that covers this packet, if its flow is in the cache. `hash` is a keyed hash of the packet's
  // flow: the same for all packets of a flow (lib/flow/flow_hash.h).
  Megaflow* lookup(const FlowKey& key, uint64_t hash);
  // The same for a batch of at most 64; found[i] is set for every packet, null where there is nothing: those are returned.
  IndexSet lookup(std::span<const FlowKey> keys, std::span<const uint64_t> hashes, std::span<Megaflow*> found);
  // One packet more has been read, the last of these, which are the beginning of the batch that is looked up next: asks
  // for its memory while other packets are read. Optional.
  void expect(std::span<const uint64_t> hashes);
  // Asks for what admit() will read.
  void prefetch_admission(uint64_t hash) const { __builtin_prefetch(&seen_[hash & (seen_.count() - 1)]); }

  // Tells that a packet of this flow was not in the cache and which megaflow it found, or got, instead. Where the flow
  // would evict a living one and must not, it stays outside. Whether one was evicted.
  bool admit(uint64_t hash, Megaflow& megaflow, bool may_evict = true);

  size_t slot_count() const { return buckets_.count() * bucket_slots; }

 private:
  static constexpr size_t bucket_slots = 4;
  static constexpr size_t max_batch = IndexSet::capacity;
  // A tag has the hash's upper bits and, lowest, whether the slot was hit since it was last considered for eviction.
  // Zero: free. Tags stand together so that they are compared at once.
  struct alignas(64) Bucket {
    std::array<uint32_t, bucket_slots> tags;
    std::array<uint32_t, bucket_slots> generations;
    std::array<MegaflowEntry*, bucket_slots> entries;
  };
  static_assert(sizeof(Bucket) == 64);
  struct Slot {
    Bucket* bucket;
    size_t number;

    uint32_t& tag() const { return bucket->tags[number]; }
    MegaflowEntry& entry() const { return *bucket->entries[number]; }
    bool is_alive() const;
  };
  using MarkGroup = std::array<uint16_t, 8>;  // newest first

  using Buckets = ZeroedArray<Bucket>;
  using Pair = std::array<Bucket*, 2>;  // those that a flow may be in

  static uint32_t tag_of(uint64_t hash);
  static IndexSet slots_with_tag(const Bucket& bucket, uint64_t hash);
  static Megaflow* verified(const Slot& slot, const FlowKey& key);
  static Megaflow* find(Buckets& buckets, const FlowKey& key, uint64_t hash);
  Megaflow* find(const FlowKey& key, uint64_t hash);
  Megaflow* find_in_smaller(const FlowKey& key, uint64_t hash);
  void look_into(Bucket& bucket, size_t i, uint64_t hash, const void* otherwise);
  void look_into_first(std::span<const uint64_t> hashes);
  static Bucket& first_bucket(Buckets& buckets, uint64_t hash);
  static Bucket& second_bucket(Buckets& buckets, uint64_t hash);
  bool was_seen(uint64_t hash);
  static std::optional<Slot> own_or_free_slot(const Pair& pair, uint64_t hash);
  Slot evicted_slot(const Pair& pair);
  bool put(uint64_t hash, MegaflowEntry& entry, bool may_evict);
  void count_lookups(size_t count);
  void grow();

  const size_t max_slots_;
  Buckets buckets_;
  Buckets smaller_;  // the table before it grew, until it is not asked any more
  size_t smaller_lookups_left_ = 0;
  ZeroedArray<MarkGroup> seen_;  // parts of hashes of flows that came once
  // Of the batch that is looked up or expected: of how many the first bucket has been looked into, who has the tag of his
  // flow in a bucket, and where.
  size_t begun_ = 0;
  IndexSet has_likely_;
  std::array<Slot, max_batch> likely_;
  // Of the current window of lookups.
  size_t lookups_ = 0;
  size_t live_evictions_ = 0;
};

}  // namespace weft::datapath
