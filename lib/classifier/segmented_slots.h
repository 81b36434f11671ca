// Slots of a hash table that grows a piece at a time, with one writer and lock-free readers.
//
// A table of a million rules cannot be copied whole when it is full: that takes tens of milliseconds. So it is cut into
// segments, which the first bits of a hash choose, and each is a small open-addressing table of its own. A segment that
// is full becomes a larger one, and beyond a size two of half the hashes each (extendible hashing):
//
//     directory, 2^depth entries       segments
//     00 ---------------------------> [ . # . # ]      depth 2
//     01 ---------------------------> [ # . . # ]      depth 2
//     10, 11 -----------------------> [ # # . . ]      depth 1
//
// Within a segment the last bits of the hash say where to look first, and probing is linear.
//
// A Slot has hash(), is_free() (never used: a probe ends there), is_kept() (still of use when a segment is made anew)
// and take(other), to fill a free slot that no reader sees yet. Readers of a segment that has been replaced still find
// what was in it; it is freed a grace period later.
//
// Threads:   find() and for_each() by readers under RCU; room_for() and counting by the one writer.
// Cost:      find: three loads. Growing: at most a few thousand slots are moved at once, unless many hashes begin alike.
//            Memory: the slots of a large table are about half used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "lib/base/rcu.h"

namespace weft {

// At most `fill_num`/`fill_den` of a segment's slots are used; a new one has room for `spread` times as many.
template <class Slot, size_t fill_num, size_t fill_den, size_t spread>
class SegmentedSlots {
 private:
  struct SlotCount {
    size_t n;
  };

 public:
  // Its slots stand behind it.
  class Segment {
   public:
    static std::unique_ptr<Segment> make(unsigned depth, size_t slot_count) {
      return std::unique_ptr<Segment>(new (SlotCount{slot_count}) Segment(depth, slot_count));
    }
    ~Segment() { std::destroy_n(slots(), mask + 1); }
    static void* operator new(size_t size, SlotCount slots) { return ::operator new(size + slots.n * sizeof(Slot)); }
    static void operator delete(void* memory) { ::operator delete(memory); }
    static void operator delete(void* memory, SlotCount /*slots*/) { ::operator delete(memory); }

    Slot& slot(size_t i) { return slots()[i]; }
    const Slot& slot(size_t i) const { return const_cast<Segment*>(this)->slots()[i]; }
    Slot& free_slot(uint32_t hash) {
      size_t i = hash & mask;
      while (!slot(i).is_free()) {
        i = (i + 1) & mask;
      }
      return slot(i);
    }

    const size_t mask;     // slots, less one
    const unsigned depth;  // so many first bits of a hash are those of this segment
    size_t used = 0;       // slots that are not free; the writer's
    size_t kept = 0;       // of these, those that are kept; the writer's

   private:
    Segment(unsigned of_depth, size_t slot_count) : mask(slot_count - 1), depth(of_depth) {
      std::uninitialized_default_construct_n(slots(), slot_count);
    }
    Slot* slots() { return std::launder(reinterpret_cast<Slot*>(this + 1)); }
  };
  static_assert(alignof(Slot) <= alignof(Segment));

  SegmentedSlots() = default;
  ~SegmentedSlots() {
    for_each_segment([](Segment& segment) { delete &segment; });
    delete directory_.load();
  }
  SegmentedSlots(const SegmentedSlots&) = delete;
  SegmentedSlots& operator=(const SegmentedSlots&) = delete;

  // Null: there is none yet.
  Segment* find(uint32_t hash) const {
    const Directory* directory = directory_.load();
    return directory == nullptr ? nullptr : directory->entries[directory->index(hash)].load();
  }

  void prefetch(uint32_t hash) const {
    if (const Segment* segment = find(hash)) {
      __builtin_prefetch(&segment->slot(hash & segment->mask));
    }
  }

  template <class Visit>
  void for_each_segment(Visit&& visit) const {
    const Directory* directory = directory_.load();
    const Segment* last = nullptr;
    for (size_t i = 0; directory != nullptr && i < directory->count(); ++i) {
      Segment* segment = directory->entries[i].load();
      if (segment != last) {
        visit(*segment);
      }
      last = segment;
    }
  }

  // The segment of this hash, with room for one more.
  Segment& room_for(uint32_t hash) {
    if (directory_.load() == nullptr) {
      auto directory = std::make_unique<Directory>(0);
      directory->entries[0].store(Segment::make(0, min_slots).release());
      directory_.store(directory.release());
    }
    Segment* segment = find(hash);
    while ((segment->used + 1) * fill_den > (segment->mask + 1) * fill_num) {
      grow(*segment, hash);
      segment = find(hash);
    }
    return *segment;
  }

 private:
  static constexpr size_t min_slots = 4;
  static constexpr size_t max_slots = 8192 / sizeof(Slot);
  static constexpr unsigned max_depth = 22;

  struct Directory {
    explicit Directory(unsigned of_depth) : depth(of_depth), entries(new RcuPtr<Segment>[size_t{1} << of_depth]) {}
    size_t index(uint32_t hash) const { return depth == 0 ? 0 : hash >> (32 - depth); }
    size_t count() const { return size_t{1} << depth; }
    const unsigned depth;
    const std::unique_ptr<RcuPtr<Segment>[]> entries;
  };

  static size_t slots_for(size_t kept) {
    size_t n = min_slots;
    while ((kept + 1) * spread > n) {
      n *= 2;
    }
    return n;
  }

  void grow(Segment& old, uint32_t hash) {
    const uint32_t bit = old.depth < max_depth ? uint32_t{1} << (31 - old.depth) : 0;
    const size_t ones = count_with(old, bit);
    const bool is_splittable = ones != 0 && ones != old.kept;
    if (slots_for(old.kept) <= max_slots || !is_splittable) {
      put(hash, old.depth, moved(old, old.depth, slots_for(old.kept), [](const Slot&) { return true; }));
    } else {
      split(old, hash, bit, ones);
    }
    rcu::retire(&old);
  }

  static size_t count_with(const Segment& segment, uint32_t bit) {
    size_t count = 0;
    for (size_t i = 0; i <= segment.mask; ++i) {
      count += segment.slot(i).is_kept() && (segment.slot(i).hash() & bit) != 0 ? 1 : 0;
    }
    return count;
  }

  // Of the hashes that begin alike, those whose next bit is 0 and those, `ones` of them, whose is 1.
  void split(Segment& old, uint32_t hash, uint32_t bit, size_t ones) {
    put(hash & ~bit, old.depth + 1, moved(old, old.depth + 1, slots_for(old.kept - ones), [bit](const Slot& slot) {
          return (slot.hash() & bit) == 0;
        }));
    put(hash | bit, old.depth + 1,
        moved(old, old.depth + 1, slots_for(ones), [bit](const Slot& slot) { return (slot.hash() & bit) != 0; }));
  }

  template <class Belongs>
  static std::unique_ptr<Segment> moved(const Segment& old, unsigned depth, size_t slot_count, Belongs belongs) {
    auto segment = Segment::make(depth, slot_count);
    for (size_t i = 0; i <= old.mask; ++i) {
      const Slot& slot = old.slot(i);
      if (slot.is_kept() && belongs(slot)) {
        segment->free_slot(slot.hash()).take(slot);
        ++segment->kept;
      }
    }
    segment->used = segment->kept;
    return segment;
  }

  // Where hashes lead that begin with the first `depth` bits of this one.
  void put(uint32_t hash, unsigned depth, std::unique_ptr<Segment> segment) {
    if (directory_.load()->depth < depth) {
      double_directory();
    }
    const Directory& directory = *directory_.load();
    const size_t count = size_t{1} << (directory.depth - depth);
    const size_t first = directory.index(hash) & ~(count - 1);
    Segment* const shared = segment.release();
    for (size_t i = 0; i < count; ++i) {
      directory.entries[first + i].store(shared);
    }
  }

  void double_directory() {
    const Directory& old = *directory_.load();
    auto doubled = std::make_unique<Directory>(old.depth + 1);
    for (size_t i = 0; i < doubled->count(); ++i) {
      doubled->entries[i].store(old.entries[i / 2].load());
    }
    rcu::retire(directory_.exchange(doubled.release()));
  }

  RcuPtr<Directory> directory_;
};

}  // namespace weft
