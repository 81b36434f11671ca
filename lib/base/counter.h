// Counter: one thread counts, any thread reads. PerWorker<T>: one T per worker, each on cache
// lines of its own.
//
// add() is a load, an addition and a store, no locked instruction: it costs what a plain integer
// costs. A reader that sees a count also sees what its writer did before counting.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace weft {

inline constexpr size_t cache_line_bytes = 64;

class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  // Only by the one writer.
  void add(uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_release); }
  void set(uint64_t value) { value_.store(value, std::memory_order_release); }
  void reset() { set(0); }

  uint64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

// A fixed number of Ts, by worker index. Whoever wants a total walks all of them.
template <class T>
class PerWorker {
 public:
  explicit PerWorker(size_t count) : slots_(std::make_unique<Slot[]>(count)), count_(count) {}

  size_t size() const { return count_; }
  T& operator[](size_t worker) { return slots_[worker].value; }
  const T& operator[](size_t worker) const { return slots_[worker].value; }

  template <class F>
  void for_each(F&& visit) const {
    for (size_t i = 0; i < count_; ++i) {
      visit(slots_[i].value);
    }
  }

  // total([](const PortCounters& c) { return c.packets.value(); })
  template <class F>
  uint64_t total(F&& read) const {
    uint64_t sum = 0;
    for_each([&](const T& value) { sum += read(value); });
    return sum;
  }

 private:
  struct alignas(cache_line_bytes) Slot {
    T value;
  };
  std::unique_ptr<Slot[]> slots_;
  size_t count_;
};

}  // namespace weft
