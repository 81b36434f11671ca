// A counter that is read in some nanoseconds, without a system call: the time-stamp counter of x86, the virtual counter
// of Arm, elsewhere the steady clock's nanoseconds. It runs at a constant rate, also while the thread does not.
//
// Not here: how long a cycle is; CycleRate finds out by watching both clocks for a while.
#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace weft {

inline uint64_t read_cycle_counter() {
#if defined(__x86_64__)
  return __rdtsc();
#elif defined(__aarch64__)
  uint64_t value;
  asm volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// Cycles in a microsecond, from when it was made until it is asked; the longer that is, the more exact.
class CycleRate {
 public:
  double per_microsecond() const {
    const std::chrono::duration<double, std::micro> passed = std::chrono::steady_clock::now() - since_;
    return static_cast<double>(read_cycle_counter() - cycles_) / passed.count();
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  uint64_t cycles_ = read_cycle_counter();
};

}  // namespace weft
