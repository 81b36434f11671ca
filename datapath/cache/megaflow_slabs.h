// The memory of megaflow entries: slabs that grow in number and are never given back while the table lives.
//
// A slab is a large page (zeroed_array.h), so that looks at random entries of many cost no walks through page tables. Its
// entries are made a few at a time.
//
// An entry goes from free to live to dead and, after a grace period, back to free. Its memory always holds a
// MegaflowEntry, so a stale pointer into it may always be followed to its generation.
//
// Threads:   allocate, release: the worker. for_each: any thread under RCU. An entry comes back from its grace
//            period on liburcu's thread, over a lock-free stack that the worker empties.
// Ownership: shared by the table and by grace periods that still run.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "datapath/cache/megaflow_entry.h"
#include "datapath/cache/zeroed_array.h"

namespace weft::datapath {

class MegaflowSlabs : public std::enable_shared_from_this<MegaflowSlabs> {
 public:
  explicit MegaflowSlabs(size_t limit);
  ~MegaflowSlabs();

  // A free entry, or null when `limit` are in use or wait for their grace period. Not visible until made live.
  MegaflowEntry* allocate();
  // The entry is dead and unlinked: frees what it holds after a grace period, and then the entry itself.
  void release(MegaflowEntry& entry);
  bool is_full() const;

  // Live entries.
  void for_each(const std::function<void(Megaflow&)>& visit) const;

 private:
  static constexpr size_t slab_bytes = large_page_bytes;
  static constexpr size_t slab_entries = slab_bytes / sizeof(MegaflowEntry);
  using Slab = ZeroedArray<std::byte>;  // memory, in which entries are made later

  void reclaim(MegaflowEntry& entry);  // on liburcu's thread
  void make_entries();
  void* place_of(size_t number) const;
  MegaflowEntry& entry(size_t number) const;

  const size_t limit_;
  const std::unique_ptr<Slab[]> slabs_;
  std::atomic<size_t> entry_count_{0};             // made so far, all states
  MegaflowEntry* free_ = nullptr;                  // worker's list
  std::atomic<MegaflowEntry*> returned_{nullptr};  // after their grace period
};

}  // namespace weft::datapath
