// A hash table of pointers with one writer and lock-free readers.
//
// Open addressing over (hash, pointer) slots with linear probing, in segments so that growing takes no long time
// (segmented_slots.h). The caller says which item it means: find() hands it the items of the wanted hash until it accepts
// one. Readers of a segment that was replaced still find whatever they may find, because what is inserted later is not
// visible to them anyway (its version is not published) and what is erased is freed a grace period later.
//
// Threads:   find and for_each by any thread under RCU; everything else by the one writer.
// Ownership: items belong to the caller. Cost: 16 bytes a slot, at most three quarters full. Hashes must differ in their
//            first bits and in their last.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "lib/classifier/segmented_slots.h"

namespace weft {

template <class T>
class RcuHashTable {
 public:
  RcuHashTable() = default;
  RcuHashTable(const RcuHashTable&) = delete;
  RcuHashTable& operator=(const RcuHashTable&) = delete;

  // The first item of this hash for which accept(item) holds; null when there is none.
  template <class Accept>
  T* find(uint32_t hash, Accept&& accept) const {
    const Segment* segment = slots_.find(hash);
    if (segment == nullptr) {
      return nullptr;
    }
    for (size_t i = hash & segment->mask;; i = (i + 1) & segment->mask) {
      const Slot& slot = segment->slot(i);
      T* item = slot.item.load(std::memory_order_acquire);
      if (item == nullptr) {
        return nullptr;
      }
      if (item != erased() && slot.hash() == hash && accept(*item)) {
        return item;
      }
    }
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    slots_.for_each_segment([&](const Segment& segment) {
      for (size_t i = 0; i <= segment.mask; ++i) {
        T* item = segment.slot(i).item.load(std::memory_order_acquire);
        if (item != nullptr && item != erased()) {
          visit(*item);
        }
      }
    });
  }

  void prefetch(uint32_t hash) const { slots_.prefetch(hash); }

  void insert(uint32_t hash, T& item) {
    Segment& segment = slots_.room_for(hash);
    Slot& slot = unused_slot(segment, hash);
    segment.used += slot.is_free() ? 1 : 0;
    ++segment.kept;
    ++count_;
    slot.hash_.store(hash, std::memory_order_relaxed);
    slot.item.store(&item, std::memory_order_release);
  }

  // Puts `to` where `from` is; both have this hash.
  void replace(uint32_t hash, const T& from, T& to) { slot_of(hash, from).item.store(&to, std::memory_order_release); }

  void erase(uint32_t hash, const T& item) {
    slot_of(hash, item).item.store(erased(), std::memory_order_release);
    --slots_.find(hash)->kept;
    --count_;
  }

  size_t count() const { return count_; }

 private:
  struct Slot {
    uint32_t hash() const { return hash_.load(std::memory_order_relaxed); }
    bool is_free() const { return item.load(std::memory_order_relaxed) == nullptr; }
    bool is_kept() const { return !is_free() && item.load(std::memory_order_relaxed) != erased(); }
    void take(const Slot& other) {
      hash_.store(other.hash(), std::memory_order_relaxed);
      item.store(other.item.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    std::atomic<uint32_t> hash_{0};
    std::atomic<T*> item{nullptr};
  };
  using Slots = SegmentedSlots<Slot, 3, 4, 2>;
  using Segment = typename Slots::Segment;

  // Marks a slot that was used: a probe goes on behind it. The address of something that is never an item.
  static T* erased() {
    alignas(T*) static char mark[sizeof(T*)];
    return reinterpret_cast<T*>(mark);
  }

  // Free, or of an item that was erased.
  static Slot& unused_slot(Segment& segment, uint32_t hash) {
    size_t i = hash & segment.mask;
    while (segment.slot(i).is_kept()) {
      i = (i + 1) & segment.mask;
    }
    return segment.slot(i);
  }

  Slot& slot_of(uint32_t hash, const T& item) {
    Segment& segment = *slots_.find(hash);
    for (size_t i = hash & segment.mask;; i = (i + 1) & segment.mask) {
      T* const found = segment.slot(i).item.load(std::memory_order_relaxed);
      assert(found != nullptr && "the item is in the table");
      if (found == &item) {
        return segment.slot(i);
      }
    }
  }

  Slots slots_;
  size_t count_ = 0;  // items
};

}  // namespace weft
