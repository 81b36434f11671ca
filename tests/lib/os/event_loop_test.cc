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

// Event after event at once, so that the loop looks out for the next instead of sleeping.
TEST(EventLoop, AnswersADialogue) {
  EventLoop loop;
  const Fd event(eventfd(0, EFD_NONBLOCK));
  const Fd answer(eventfd(0, 0));
  uint64_t count = 0;
  constexpr uint64_t rounds = 1000;
  const FdWatch watch(loop, event.get(), [&] {
    uint64_t asked = 0;
    ASSERT_EQ(read(event.get(), &asked, sizeof asked), static_cast<ssize_t>(sizeof asked));
    count += asked;
    ASSERT_EQ(write(answer.get(), &asked, sizeof asked), static_cast<ssize_t>(sizeof asked));
    if (count == rounds) {
      loop.stop();
    }
  });
  std::thread asker([&] {
    const uint64_t one = 1;
    uint64_t answered = 0;
    for (uint64_t i = 0; i < rounds; ++i) {
      ASSERT_EQ(write(event.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
      ASSERT_EQ(read(answer.get(), &answered, sizeof answered), static_cast<ssize_t>(sizeof answered));
    }
  });
  loop.run();
  asker.join();
  EXPECT_EQ(count, rounds);
}

TEST(EventLoop, IsStoppedByAnotherThreadWhileItWaits) {
  EventLoop loop;
  std::thread stopper;
  loop.post([&] { stopper = std::thread([&] { loop.stop(); }); });
  loop.run();
  stopper.join();
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
