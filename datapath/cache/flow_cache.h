// Flow cache: from a packet's flow hash straight to its megaflow, most packets' only lookup.
//
// A hash table without keys: a slot remembers part of the hash, the megaflow and the megaflow's generation. A
// candidate is verified under its own mask before it is believed, so a wrong guess costs a comparison and never a
// wrong decision. A bucket is one cache line of four slots; within it the least recently hit slot gives way.
//
// Admission: a flow enters with its second packet. Its first only leaves a mark in a small filter, so a stream of
// packets that never come back evicts nobody.
//
// Growth: when admissions begin to evict flows that are in use the table doubles, up to a bound. Nothing is
// rehashed at once: the smaller table stays behind the larger one until its flows have moved with their next hits.
//
// A dead megaflow is never returned: removing it changes its generation, which outlives it.
//
// Threads:   the owning worker only. Ownership: none of the megaflows; its megaflow table must outlive it.
// Cost:      lookup: one cache line for the bucket and the megaflow's own lines, prefetched over a batch; no
//            allocation. 16 bytes a slot. admit: a line of the filter; growth allocates zeroed pages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "datapath/api/megaflow.h"
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
  ~FlowCache();
  FlowCache(const FlowCache&) = delete;
  FlowCache& operator=(const FlowCache&) = delete;

  // The live megaflow that covers this packet, if its flow is in the cache. `hash` is a keyed hash of the packet's
  // flow: the same for all packets of a flow (lib/flow/flow_hash.h).
  Megaflow* lookup(const FlowKey& key, uint64_t hash);
  // The same for a batch of at most 64; found[i] is set for every packet, null where there is nothing.
  void lookup(std::span<const FlowKey> keys, std::span<const uint64_t> hashes, std::span<Megaflow*> found);

  // Tells that a packet of this flow was not in the cache and which megaflow it found, or got, instead.
  void admit(uint64_t hash, Megaflow& megaflow);

  size_t slot_count() const;

 private:
  // `tag` has the hash's upper bits and, lowest, whether the slot was hit since it was last considered for eviction.
  struct Slot {
    MegaflowEntry* entry = nullptr;
    uint32_t tag = 0;
    uint32_t generation = 0;
  };
  static constexpr size_t bucket_slots = 4;
  struct alignas(64) Bucket {
    std::array<Slot, bucket_slots> slots;
  };

  Megaflow* find(Bucket& bucket, const FlowKey& key, uint64_t hash);
  Megaflow* find_in_smaller(const FlowKey& key, uint64_t hash);
  void put(uint64_t hash, MegaflowEntry& entry);
  bool was_seen(uint64_t hash);
  void grow();

  const size_t max_buckets_;
  std::unique_ptr<Bucket[]> buckets_;
  size_t bucket_mask_;
  std::unique_ptr<Bucket[]> smaller_;  // the table before it grew, until its flows have moved
  size_t smaller_mask_ = 0;
  std::unique_ptr<uint32_t[]> seen_;  // admission filter: parts of hashes of flows that came once
  size_t seen_mask_;
  size_t live_evictions_ = 0;  // since the table last grew
};

}  // namespace weft::datapath
