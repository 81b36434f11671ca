// A hash table of pointers with one writer and lock-free readers.
//
// Open addressing over (hash, pointer) slots with linear probing. The caller says which item it means: find()
// hands it the items of the wanted hash until it accepts one. Growing builds a new array and publishes it; readers of
// the old one still find whatever they may find, because what is inserted later is not visible to them anyway (its
// version is not published) and what is erased is freed a grace period later.
//
// Threads:   find and for_each by any thread under RCU; everything else by the one writer.
// Ownership: items belong to the caller. Cost: 16 bytes a slot, at most three quarters full.
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "lib/base/rcu.h"

namespace weft {

template <class T>
class RcuHashTable {
 public:
  RcuHashTable() = default;
  ~RcuHashTable() { delete slots_.load(); }
  RcuHashTable(const RcuHashTable&) = delete;
  RcuHashTable& operator=(const RcuHashTable&) = delete;

  // The first item of this hash for which accept(item) holds; null when there is none.
  template <class Accept>
  T* find(uint32_t hash, Accept&& accept) const {
    const Slots* slots = slots_.load();
    if (slots == nullptr) {
      return nullptr;
    }
    for (size_t i = hash & slots->mask;; i = (i + 1) & slots->mask) {
      const Slot& slot = slots->slots[i];
      T* item = slot.item.load(std::memory_order_acquire);
      if (item == nullptr) {
        return nullptr;
      }
      if (item != erased() && slot.hash.load(std::memory_order_relaxed) == hash && accept(*item)) {
        return item;
      }
    }
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    const Slots* slots = slots_.load();
    for (size_t i = 0; slots != nullptr && i <= slots->mask; ++i) {
      T* item = slots->slots[i].item.load(std::memory_order_acquire);
      if (item != nullptr && item != erased()) {
        visit(*item);
      }
    }
  }

  void prefetch(uint32_t hash) const {
    if (const Slots* slots = slots_.load()) {
      __builtin_prefetch(&slots->slots[hash & slots->mask]);
    }
  }

  void insert(uint32_t hash, T& item) {
    make_room();
    Slot& slot = free_slot(*slots_.load(), hash);
    used_ += slot.item.load(std::memory_order_relaxed) == nullptr ? 1 : 0;
    ++count_;
    slot.hash.store(hash, std::memory_order_relaxed);
    slot.item.store(&item, std::memory_order_release);
  }

  // Puts `to` where `from` is; both have this hash.
  void replace(uint32_t hash, const T& from, T& to) { slot_of(hash, from).item.store(&to, std::memory_order_release); }

  void erase(uint32_t hash, const T& item) {
    slot_of(hash, item).item.store(erased(), std::memory_order_release);
    --count_;
  }

  size_t count() const { return count_; }

 private:
  struct Slot {
    std::atomic<uint32_t> hash{0};
    std::atomic<T*> item{nullptr};
  };
  struct Slots {
    explicit Slots(size_t n) : mask(n - 1), slots(std::make_unique<Slot[]>(n)) {}
    size_t mask;
    std::unique_ptr<Slot[]> slots;
  };

  // Marks a slot that was used: a probe goes on behind it. The address of something that is never an item.
  static T* erased() {
    alignas(T*) static char mark[sizeof(T*)];
    return reinterpret_cast<T*>(mark);
  }

  static Slot& free_slot(Slots& slots, uint32_t hash) {
    for (size_t i = hash & slots.mask;; i = (i + 1) & slots.mask) {
      const T* item = slots.slots[i].item.load(std::memory_order_relaxed);
      if (item == nullptr || item == erased()) {
        return slots.slots[i];
      }
    }
  }

  Slot& slot_of(uint32_t hash, const T& item) {
    Slots& slots = *slots_.load();
    for (size_t i = hash & slots.mask;; i = (i + 1) & slots.mask) {
      T* const found = slots.slots[i].item.load(std::memory_order_relaxed);
      assert(found != nullptr && "the item is in the table");
      if (found == &item) {
        return slots.slots[i];
      }
    }
  }

  // Leaves at least one slot free, so that every probe ends.
  void make_room() {
    Slots* old = slots_.load();
    if (old != nullptr && (used_ + 1) * 4 <= (old->mask + 1) * 3) {
      return;
    }
    size_t n = 4;
    while ((count_ + 1) * 2 > n) {
      n *= 2;
    }
    auto grown = std::make_unique<Slots>(n);
    for (size_t i = 0; old != nullptr && i <= old->mask; ++i) {
      T* item = old->slots[i].item.load(std::memory_order_relaxed);
      if (item != nullptr && item != erased()) {
        const uint32_t hash = old->slots[i].hash.load(std::memory_order_relaxed);
        Slot& slot = free_slot(*grown, hash);
        slot.hash.store(hash, std::memory_order_relaxed);
        slot.item.store(item, std::memory_order_relaxed);
      }
    }
    used_ = count_;
    rcu::retire(slots_.exchange(grown.release()));
  }

  RcuPtr<Slots> slots_;
  size_t used_ = 0;   // slots that are not free, erased ones included
  size_t count_ = 0;  // items
};

}  // namespace weft
