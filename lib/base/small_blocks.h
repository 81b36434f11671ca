// SmallBlocks: memory for objects of a few hundred bytes that are kept by the hundred thousand: decisions.
//
// A worker that meets only new flows asks for such memory all the time. malloc() makes a thread's heap grow a page at a
// time, each by a system call and a page fault, which together cost more than the decision does. Here a thread takes
// blocks from slabs of a large page, and those that were freed come first.
//
//     struct Installed : InSmallBlocks { ... };   // new and delete use it, also through unique_ptr
//
// Threads:   any. Each takes from its own slabs; a block freed by another thread (after a grace period most are) goes back to
//            the slab's own, over a lock-free stack. What a thread had when it ended the next new thread has.
// Ownership: slabs are never given back to the system: memory is that of the most each thread ever had of each size.
// Cost:      to take or free, some nanoseconds, and no lock. Blocks are multiples of 64 bytes and aligned to 64, so that no two
//            share a cache line. Beyond `largest`: as operator new. The sanitizers see each block as an allocation of its own.
#pragma once

#include <cstddef>

namespace weft {

namespace small_blocks {

inline constexpr size_t granule = 64;
inline constexpr size_t largest = 512;

void* allocate(size_t size);
void release(void* block, size_t size);

}  // namespace small_blocks

// Base of classes whose objects are made there, one at a time.
struct InSmallBlocks {
  static void* operator new(size_t size) { return small_blocks::allocate(size); }
  static void operator delete(void* block, size_t size) { small_blocks::release(block, size); }
};

// For containers of few elements that are kept with such objects.
template <class T>
struct SmallBlockAllocator {
  using value_type = T;

  SmallBlockAllocator() = default;
  template <class Other>
  SmallBlockAllocator(const SmallBlockAllocator<Other>&) {}  // NOLINT(google-explicit-constructor): rebound

  T* allocate(size_t count) { return static_cast<T*>(small_blocks::allocate(count * sizeof(T))); }
  void deallocate(T* block, size_t count) { small_blocks::release(block, count * sizeof(T)); }

  friend bool operator==(const SmallBlockAllocator&, const SmallBlockAllocator&) { return true; }
};

}  // namespace weft
