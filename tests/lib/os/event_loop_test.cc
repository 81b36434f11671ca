#include "lib/os/event_loop.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "lib/os/fd.h"

namespace weft {
namespace {

using std::chrono::milliseconds;

TEST(EventLoop, RunsWhatIsPostedFromAnotherThread) {
  EventLoop loop;
  std::thread::id ran_on;
  std::thread poster([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  poster.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(Timer, FiresOnceAndIsThenNotRunning) {
  EventLoop loop;
  Timer timer(loop);
  int fired = 0;
  timer.start(milliseconds(1), [&] { ++fired; });
  EXPECT_TRUE(timer.is_running());
  loop.run_for(milliseconds(200));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.is_running());
}

TEST(Timer, StartingAgainReplacesWhatWasArmed) {
  EventLoop loop;
  Timer timer(loop);
  int first = 0;
  int second = 0;
  timer.start(milliseconds(1), [&] { ++first; });
  timer.start(milliseconds(1), [&] { ++second; });
  loop.run_for(milliseconds(50));
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(Timer, RepeatsUntilItIsDestroyedInItsOwnCallback) {
  EventLoop loop;
  std::optional<Timer> timer(std::in_place, loop);
  int fired = 0;
  timer->start_every(milliseconds(1), [&] {
    if (++fired == 3) {
      timer.reset();
    }
  });
  loop.run_for(milliseconds(200));
  EXPECT_EQ(fired, 3);
}

TEST(FdWatch, CallsUntilTheDescriptorIsReadEmpty) {
  EventLoop loop;
  const Fd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE));
  int calls = 0;
  FdWatch watch(loop, event.get(), [&] {
    eventfd_t value = 0;
    ::eventfd_read(event.get(), &value);
    ++calls;
  });
  ::eventfd_write(event.get(), 3);
  loop.run_for(milliseconds(50));
  EXPECT_EQ(calls, 3);
}

TEST(FdWatch, NeverCallsAfterItsEndAndLeavesTheDescriptorOpen) {
  EventLoop loop;
  const Fd event(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
  int calls = 0;
  std::optional<FdWatch> watch(std::in_place, loop, event.get(), [&] {
    ++calls;
    watch.reset();
  });
  loop.run_for(milliseconds(20));
  loop.run_for(milliseconds(20));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(::eventfd_write(event.get(), 1), 0);
}

}  // namespace
}  // namespace weft
