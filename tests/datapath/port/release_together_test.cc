#include "datapath/port/release_together.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>

namespace weft::datapath {
namespace {

// Like a socket whose close waits for what others wait for too: its end comes when all have begun to end.
class Meeting {
 public:
  explicit Meeting(int count) : missing_(count) {}
  bool has_met() const { return missing_ == 0; }

  struct Leave {
    Meeting* meeting;
    void operator()(int* owned) const {
      delete owned;
      --meeting->missing_;
      const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (!meeting->has_met() && std::chrono::steady_clock::now() < patience) {
        std::this_thread::yield();
      }
      meeting->late_count += meeting->has_met() ? 0 : 1;
    }
  };

  std::atomic<int> late_count = 0;

 private:
  std::atomic<int> missing_;
};

TEST(ReleaseTogether, AllEndAtTheSameTime) {
  constexpr int count = 5;
  Meeting meeting(count);
  std::vector<std::unique_ptr<int, Meeting::Leave>> owners;
  for (int i = 0; i < count; ++i) {
    owners.emplace_back(new int, Meeting::Leave{&meeting});
  }
  release_together(std::move(owners));
  EXPECT_TRUE(meeting.has_met()) << "gone when it returns";
  EXPECT_EQ(meeting.late_count, 0) << "waited one after the other";
}

TEST(ReleaseTogether, NothingIsNothing) { release_together(std::vector<std::unique_ptr<int>>{}); }

}  // namespace
}  // namespace weft::datapath
