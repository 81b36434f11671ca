#include "lib/base/mutex.h"

#include <thread>

#include <gtest/gtest.h>

namespace weft {
namespace {

// The annotations make this class fail to compile under clang when a lock is forgotten.
class Mailbox {
 public:
  void put(int value) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (full_) {
      changed_.wait(mutex_);
    }
    value_ = value;
    full_ = true;
    changed_.notify_all();
  }

  int take() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!full_) {
      changed_.wait(mutex_);
    }
    full_ = false;
    changed_.notify_all();
    return value_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int value_ GUARDED_BY(mutex_) = 0;
  bool full_ GUARDED_BY(mutex_) = false;
};

TEST(Mutex, HandsValuesOverInOrder) {
  constexpr int count = 2000;
  Mailbox mailbox;
  std::jthread writer([&] {
    for (int i = 0; i < count; ++i) {
      mailbox.put(i);
    }
  });
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(mailbox.take(), i);
  }
}

TEST(CondVar, WaitForGivesUp) {
  Mutex mutex;
  CondVar never;
  MutexLock lock(mutex);
  EXPECT_FALSE(never.wait_for(mutex, std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace weft
