// MegaflowDomain: a worker's megaflows of one domain (datapath/api/domain.h), and what it may spend on its misses.
//
// Keeps one hash table a mask, the most useful mask first (by recent hits). There are never more than
// DomainLimits::max_masks of them, whatever decisions look at. The nearer the bound, the coarser what a new mask is
// rounded to (mask_rounding.h): whole bytes in the last quarter, whole fields in the last eighth, every bit in the last
// place; and where a mask exists that is no narrower than that, it is taken instead. So few masks are left as they are,
// and many still come together in a few.
//
// Threads:   the owning worker. Ownership: of its mask tables, not of the megaflows in them.
// Cost:      a lookup: for each mask a hash and a probe; a batch's are prefetched together. A new mask: a comparison
//            with each that is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "datapath/api/domain.h"
#include "datapath/cache/mask_table.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

// The key's own bits are not here: in_port and tun_id, as a key holds them.
struct DomainKey {
  DomainStatus::Kind kind = DomainStatus::Kind::tunnel_id;
  PortId port = port_id::none;
  uint64_t tun_id = 0;  // a key's word

  friend bool operator==(const DomainKey&, const DomainKey&) = default;
};

DomainKey domain_key(const FlowKey& key);
// What all packets of the key's domain have in common: in_port, and tun_id where the packet came out of a tunnel.
FlowMask domain_mask(const FlowKey& key);

// What a domain may spend on misses: the miss budget's own (datapath/worker/miss_budget.h).
struct MissAccount {
  int64_t credit_ns = 0;
  uint64_t level_ns = 0;   // up to where credit was given
  uint64_t last_turn = 0;  // the last in which it asked
  uint64_t eviction_turn = 0;
  size_t evictions = 0;  // of known flows from the flow cache, in that turn
  bool may_evict = true;
};

class MegaflowDomain {
 public:
  static constexpr size_t max_batch = 64;

  MegaflowDomain(const DomainKey& key, uint64_t hash_seed);

  const DomainKey& key() const { return key_; }
  size_t mask_count() const { return masks_.size(); }
  size_t megaflow_count() const { return megaflow_count_; }
  // So few masks that a lookup in all of them costs about as much as one in the flow cache.
  bool is_short() const { return masks_.size() <= short_mask_count; }

  MegaflowEntry* lookup(const FlowKey& key);
  // Of the packets keys[i] with i in `waiting`, which are all this domain's. Sets found[i]; moves those without to the
  // front and returns how many they are.
  size_t lookup(std::span<const FlowKey> keys, std::span<uint8_t> waiting, std::span<Megaflow*> found);

  // The table where a decision under `wanted` goes, rounded if there are many masks already.
  MaskTable& table_for(const FlowMask& wanted, size_t max_masks);
  // With its table, key and hash set.
  void insert(MegaflowEntry& entry);
  void erase(MegaflowEntry& entry);

  MissAccount account;
  uint64_t misses = 0;
  uint64_t translations = 0;
  uint64_t dropped = 0;
  uint64_t rounded = 0;
  uint64_t refused = 0;

 private:
  static constexpr size_t short_mask_count = 4;

  MaskTable* find(const FlowMask& mask);
  MaskTable* widest_within(const FlowMask& wanted);
  MaskTable& add(const FlowMask& mask);
  void note_lookups(size_t count);
  static size_t lookup_mask(MaskTable& table, std::span<const FlowKey> keys, std::span<uint8_t> waiting,
                            std::span<Megaflow*> found);

  const DomainKey key_;
  const uint64_t hash_seed_;
  std::vector<std::unique_ptr<MaskTable>> masks_;  // most useful first
  size_t megaflow_count_ = 0;
  uint32_t lookups_until_sort_;
};

}  // namespace weft::datapath
