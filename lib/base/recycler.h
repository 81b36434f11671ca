// Recycler: an allocator for objects that are large, short-lived and made again and again: a decoded message.
//
// malloc() keeps blocks above a kilobyte in lists that it searches, splits and merges; this one hands the blocks that were
// freed last out again. For single objects only; more than one at once come from the heap.
//
//     auto envelope = std::allocate_shared<Envelope>(Recycler<Envelope>(), ...);
//
// Threads:   any; each has its own blocks, and one that is freed by another thread stays there.
// Ownership: a thread's kept blocks go with it.
// Cost:      `kept` blocks of memory for each type and thread that ever freed so many.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace weft {

template <class T>
class Recycler {
 public:
  using value_type = T;

  Recycler() = default;
  template <class Other>
  Recycler(const Recycler<Other>&) {}  // NOLINT(google-explicit-constructor): as allocators are rebound

  T* allocate(size_t count) {
    Blocks& blocks = Recycler::blocks();
    if (count == 1 && blocks.count > 0 && !blocks.is_gone) {
      return blocks.free[--blocks.count];
    }
    return std::allocator<T>().allocate(count);
  }

  void deallocate(T* block, size_t count) {
    Blocks& blocks = Recycler::blocks();
    if (count == 1 && blocks.count < kept && !blocks.is_gone) {
      blocks.free[blocks.count++] = block;
    } else {
      std::allocator<T>().deallocate(block, count);
    }
  }

  friend bool operator==(const Recycler&, const Recycler&) { return true; }

 private:
  static constexpr size_t kept = 4;

  struct Blocks {
    ~Blocks() {
      while (count > 0) {
        std::allocator<T>().deallocate(free[--count], 1);
      }
      is_gone = true;  // what other thread-locals' destructors free goes to the heap
    }
    std::array<T*, kept> free{};
    size_t count = 0;
    bool is_gone = false;
  };

  static Blocks& blocks() {
    static thread_local Blocks blocks;
    return blocks;
  }
};

}  // namespace weft
