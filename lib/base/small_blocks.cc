#include "lib/base/small_blocks.h"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

#include "lib/base/address_sanitizer.h"
#include "lib/base/mutex.h"

namespace weft::small_blocks {
namespace {

#if defined(WEFT_HAS_ADDRESS_SANITIZER) || defined(WEFT_TSAN)
constexpr bool has_sanitizer = true;
#else
constexpr bool has_sanitizer = false;
#endif

constexpr size_t slab_bytes = 2 * 1024 * 1024;  // a large page on x86-64, and aligned to that
constexpr size_t class_count = largest / granule;

size_t class_of(size_t size) { return (size + granule - 1) / granule - 1; }

struct Block {
  Block* next;
};

struct Pool {
  std::array<Block*, class_count> free{};
  std::byte* next = nullptr;  // what of the newest slab was not handed out yet
  std::byte* end = nullptr;
  Pool* next_left = nullptr;
  alignas(granule) std::array<std::atomic<Block*>, class_count> returned{};  // by other threads
};

// Stands at the beginning of a slab.
struct alignas(granule) Head {
  Pool* pool;
};

Mutex mutex;
Pool* left GUARDED_BY(mutex) = nullptr;  // those of threads that have ended

thread_local Pool* own = nullptr;

// What the thread's last destructors free or take after this one goes another way: `own` is null, or a pool that stays.
struct Leave {
  ~Leave() {
    if (own != nullptr) {
      const MutexLock lock(mutex);
      own->next_left = std::exchange(left, own);
      own = nullptr;
    }
  }
};

Pool* take_pool() {
  static thread_local Leave leave;
  static_cast<void>(leave);
  const MutexLock lock(mutex);
  return left != nullptr ? std::exchange(left, left->next_left) : new Pool;
}

std::byte* map(size_t size) {
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    throw std::bad_alloc();
  }
  return static_cast<std::byte*>(pages);
}

// Of twice the size what is aligned is kept.
std::byte* map_slab() {
  std::byte* const pages = map(2 * slab_bytes);
  const size_t before = (slab_bytes - reinterpret_cast<uintptr_t>(pages) % slab_bytes) % slab_bytes;
  if (before != 0) {
    munmap(pages, before);
  }
  munmap(pages + before + slab_bytes, slab_bytes - before);
  return pages + before;
}

// The first stays in small pages, so that who keeps little takes little.
void add_slab(Pool& pool) {
  std::byte* const slab = map_slab();
  if (pool.end != nullptr) {
    madvise(slab, slab_bytes, MADV_HUGEPAGE);  // what the kernel does not have it does not give
  }
  new (slab) Head{&pool};
  pool.next = slab + sizeof(Head);
  pool.end = slab + slab_bytes;
}

// The rest of a slab that is too small for one size is lost to all.
void* cut(Pool& pool, size_t size) {
  if (static_cast<size_t>(pool.end - pool.next) < size) {
    add_slab(pool);
  }
  return std::exchange(pool.next, pool.next + size);
}

Pool& pool_of(void* block) {
  const uintptr_t slab = reinterpret_cast<uintptr_t>(block) / slab_bytes * slab_bytes;
  return *reinterpret_cast<const Head*>(slab)->pool;
}

void give_back(Block& block, std::atomic<Block*>& to) {
  block.next = to.load(std::memory_order_relaxed);
  while (!to.compare_exchange_weak(block.next, &block, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace

void* allocate(size_t size) {
  if (has_sanitizer || size > largest) {
    return ::operator new (size, std::align_val_t{granule});
  }
  if (own == nullptr) {
    own = take_pool();
  }
  const size_t kind = class_of(size);
  Block*& free = own->free[kind];
  if (free == nullptr && own->returned[kind].load(std::memory_order_relaxed) != nullptr) {
    free = own->returned[kind].exchange(nullptr, std::memory_order_acquire);
  }
  return free != nullptr ? std::exchange(free, free->next) : cut(*own, (kind + 1) * granule);
}

void release(void* block, size_t size) {
  if (has_sanitizer || size > largest) {
    return ::operator delete (block, std::align_val_t{granule});
  }
  const size_t kind = class_of(size);
  Pool& pool = pool_of(block);
  auto* const freed = new (block) Block{nullptr};
  if (&pool == own) {
    freed->next = std::exchange(pool.free[kind], freed);
  } else {
    give_back(*freed, pool.returned[kind]);
  }
}

}  // namespace weft::small_blocks
