#include "lib/os/scheduling.h"

#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace weft {
namespace {

// Nice by as much as is permitted, for the thread that asks and no other.
TEST(Scheduling, TheThreadThatAsksComesFirst) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  int after = before;
  std::thread([&] {
    ask_for_prompt_turns();
    after = ::getpriority(PRIO_PROCESS, 0);
  }).join();
  if (::geteuid() == 0) {
    EXPECT_LE(after, -10);
  } else {
    EXPECT_LE(after, before);
  }
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

}  // namespace
}  // namespace weft
