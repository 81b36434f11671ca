// MaskTable: the megaflows of one mask, found by the hash of the words that the mask lets through.
//
// Threads: the owning worker. Ownership: its domain's; entries are not owned.
// Cost: hash() takes two words a multiplication; where the mask's words stand in a packet is looked for only when the
// packet has others than the one before. find() compares the mask's words with each entry of that hash.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "datapath/cache/megaflow_entry.h"
#include "lib/flow/flow_key.h"

namespace weft::datapath {

class MegaflowDomain;

class MaskTable {
 public:
  MaskTable(const FlowMask& mask, uint64_t hash_seed, MegaflowDomain& domain);

  MegaflowDomain& domain() const { return domain_; }

  const FlowMask& mask() const { return mask_; }
  size_t size() const { return count_; }

  // Of the words that the mask lets through: the same for a packet and the masked key of its megaflow.
  uint32_t hash(const FlowKey& key);
  FlowKey masked(const FlowKey& key) const;

  MegaflowEntry* find(const FlowKey& key, uint32_t hash) const;
  // Asks for the memory that find() will read: first the slot, then, when that has arrived, its entry.
  void prefetch_slot(uint32_t hash) const { __builtin_prefetch(&slots_[hash & slot_mask_]); }
  void prefetch_entry(uint32_t hash) const;

  void insert(MegaflowEntry& entry);
  void erase(const MegaflowEntry& entry);

  // How useful the mask was lately: hits, halved at each sort.
  uint64_t usefulness = 0;

 private:
  struct Slot {
    MegaflowEntry* entry = nullptr;  // null: free, ends a probe
    uint32_t hash = 0;
  };

  // Where one of the mask's words is in packets that have the words of `shape_`, and what it lets through: nothing of what
  // these do not have.
  struct Place {
    uint64_t bits;
    size_t place;
  };

  void find_places(const WordSet& shape);
  void resize(size_t slot_count);

  const FlowMask mask_;
  const uint64_t hash_seed_;
  MegaflowDomain& domain_;
  WordSet shape_;
  std::vector<Place> places_;  // an even number
  std::vector<Slot> slots_;
  size_t slot_mask_;
  size_t count_ = 0;
};

}  // namespace weft::datapath
