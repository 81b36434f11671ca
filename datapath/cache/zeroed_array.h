// ZeroedArray: a large array whose memory the kernel hands out, zeroed, page by page as it is touched.
//
// So that a table can double on a worker's thread without a pause. T must mean "empty" when all its bytes are zero.
//
// Threads: as T's. Cost: a system call or two to make and to free; a page fault at first touch, of a large page some 0.1 ms.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "lib/base/address_sanitizer.h"

namespace weft::datapath {

// Large: so that a look at a random place costs no walk through page tables as well.
enum class Pages : uint8_t { small, large };
inline constexpr size_t large_page_bytes = 2 * 1024 * 1024;  // on x86-64

template <class T>
class ZeroedArray {
  static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);

 public:
  ZeroedArray() = default;
  explicit ZeroedArray(size_t count, Pages pages_wanted = Pages::small) : count_(count) {
    void* pages = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
      throw std::bad_alloc();
    }
    if (pages_wanted == Pages::large) {
      madvise(pages, count * sizeof(T), MADV_HUGEPAGE);  // what the kernel does not have it does not give
    }
    items_ = static_cast<T*>(pages);
    hold_for_leak_check(items_, count_ * sizeof(T));
  }
  ~ZeroedArray() {
    if (items_ != nullptr) {
      release_from_leak_check(items_, count_ * sizeof(T));
      munmap(items_, count_ * sizeof(T));
    }
  }
  ZeroedArray(ZeroedArray&& other) noexcept { swap(other); }
  ZeroedArray& operator=(ZeroedArray&& other) noexcept {
    ZeroedArray(std::move(other)).swap(*this);
    return *this;
  }

  T& operator[](size_t i) { return items_[i]; }
  const T& operator[](size_t i) const { return items_[i]; }
  size_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

 private:
  void swap(ZeroedArray& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(count_, other.count_);
  }

  T* items_ = nullptr;
  size_t count_ = 0;
};

}  // namespace weft::datapath
