// Megaflow table: a worker's memory of the decisions that translation has made.
//
// Maps a masked flow key to a Megaflow. Where two entries overlap both are right, so the first hit is good enough
// and no priority is kept. A lookup tries one hash table for each distinct mask, the most useful mask first (by
// recent hits), and compares only the mask's words; its cost grows with the number of masks, not of entries.
//
// Entries live in slabs that are never given back, so that whoever remembers one (flow_cache.h) can tell that it is
// gone by its generation, without being told and without a search for what points to it.
//
// Threads:   everything but for_each: the owning worker. for_each: any thread under RCU.
// Ownership: the table owns its entries. A removed entry (is_dead) is freed after a grace period, with the
//            Installed that it points to then; who replaces or takes out the Installed owns the old one.
// Cost:      lookup: for each mask a hash and a probe, prefetched over the batch; no allocation. insert: one
//            allocation now and then (slabs, table growth). remove: one deferred call.
// Not here:  choosing masks (ofproto/translate), timeouts (ofproto/upcall), counting (the worker).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "datapath/api/megaflow.h"
#include "lib/base/clock.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

class MaskTable;
class MegaflowSlabs;

struct MegaflowTableOptions {
  unsigned worker = 0;
  size_t limit = 200000;  // entries, those waiting for their grace period included
  uint64_t hash_seed = 0;
};

class MegaflowTable {
 public:
  explicit MegaflowTable(const MegaflowTableOptions& options);
  ~MegaflowTable();
  MegaflowTable(const MegaflowTable&) = delete;
  MegaflowTable& operator=(const MegaflowTable&) = delete;

  // The live megaflow that covers this packet, or null.
  Megaflow* lookup(const FlowKey& key);
  // The same for each packet whose found[i] is null yet; the others are left alone. At most 64 packets.
  void lookup(std::span<const FlowKey> keys, std::span<Megaflow*> found);

  // Remembers a decision for every packet that agrees with `key` under decision.mask. There must be no live megaflow
  // that covers `key`. Null when the table is full; `installed` is then untouched.
  Megaflow* insert(const FlowKey& key, std::unique_ptr<Installed>&& installed, TimePoint now);
  bool is_full() const;

  // Marks it dead and forgets it; it stays readable until the grace period is over. One that is dead is left alone.
  void remove(Megaflow& megaflow);

  // Puts the decision in force from the next packet on and gives back the old one, with its final counters. The
  // replacement's mask is the old one's.
  static Installed* replace(Megaflow& megaflow, std::unique_ptr<Installed> replacement);

  size_t size() const { return live_count_; }
  size_t mask_count() const { return masks_.size(); }

  // Every live megaflow, in no order. One that is inserted or removed meanwhile may be visited or not.
  void for_each(const std::function<void(Megaflow&)>& visit) const;

 private:
  MaskTable& mask_table_for(const FlowMask& mask);
  static size_t lookup_mask(MaskTable& table, std::span<const FlowKey> keys, std::span<Megaflow*> found,
                            std::span<uint8_t> waiting);
  void note_lookups(size_t count);

  const MegaflowTableOptions options_;
  std::shared_ptr<MegaflowSlabs> slabs_;
  std::vector<std::unique_ptr<MaskTable>> masks_;  // most useful first
  size_t live_count_ = 0;
  uint64_t last_id_ = 0;
  uint32_t lookups_until_sort_ = 0;
};

}  // namespace weft::datapath
