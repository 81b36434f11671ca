#include "lib/os/scheduling.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <thread>

#include <gtest/gtest.h>

namespace weft {
namespace {

// The calling thread's, as the kernel tells it; 0 where it has none of its own for it.
uint64_t time_slice_ns() {
  struct {  // sched_attr, version 0
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes{};
  const bool is_told = ::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0;
  return is_told ? attributes.runtime : 0;
}

// Linux 6.12 tells a slice; before, nothing changes.
TEST(Scheduling, TheThreadThatAsksGetsShorterSlicesAndNoMoreTime) {
  const int nice = ::getpriority(PRIO_PROCESS, 0);
  const uint64_t before = time_slice_ns();
  uint64_t after = 0;
  int nice_after = 0;
  std::thread([&] {
    ask_for_prompt_turns();
    after = time_slice_ns();
    nice_after = ::getpriority(PRIO_PROCESS, 0);
  }).join();
  EXPECT_EQ(after, before == 0 ? 0 : 100'000);
  EXPECT_EQ(nice_after, nice);
  EXPECT_EQ(time_slice_ns(), before);
}

}  // namespace
}  // namespace weft
