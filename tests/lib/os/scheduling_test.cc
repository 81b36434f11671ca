#include "lib/os/scheduling.h"

#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace weft {
namespace {

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
