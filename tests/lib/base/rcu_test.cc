// RCU with real threads. Run under the thread sanitizer too: it is what shows that a grace period
// orders a reader's last look before the free.

#include "lib/base/rcu.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace weft {
namespace {

// Two halves that agree as long as the object lives.
struct Pair {
  explicit Pair(uint64_t value) : first(value), second(value) {}
  ~Pair() { first = second = ~uint64_t{0}; }
  uint64_t first;
  uint64_t second;
};

TEST(Rcu, ScopesNest) {
  EXPECT_FALSE(rcu::is_registered());
  {
    const rcu::ThreadScope outer;
    {
      const rcu::ThreadScope inner;
      const rcu::OfflineScope offline;
      const rcu::OfflineScope twice;
    }
    EXPECT_TRUE(rcu::is_registered());
    rcu::quiescent();
  }
  EXPECT_FALSE(rcu::is_registered());
  const rcu::OfflineScope harmless;
}

TEST(Rcu, DeferredCallsRunBeforeABarrierEnds) {
  const rcu::ThreadScope scope;
  auto only_movable = std::make_unique<int>(5);
  int result = 0;
  rcu::defer([owned = std::move(only_movable), &result] { result = *owned; });
  rcu::barrier();
  EXPECT_EQ(result, 5);
}

TEST(Rcu, DeferredCallsOfAThreadRunInOrder) {
  const rcu::ThreadScope scope;
  std::vector<int> order;
  for (int i = 0; i < 1000; ++i) {
    rcu::defer([i, &order] { order.push_back(i); });
    if (i % 100 == 0) {
      rcu::quiescent();
    }
  }
  rcu::barrier();
  ASSERT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Rcu, ManyThreadsDeferAtOnce) {
  std::atomic<int> ran = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&ran] {
        const rcu::ThreadScope scope;
        for (int i = 0; i < 2000; ++i) {
          rcu::defer([&ran] { ++ran; });
          rcu::quiescent();
        }
      });
    }
  }
  rcu::barrier();
  EXPECT_EQ(ran, 8000);
}

TEST(Rcu, WorksFromAThreadThatIsNoReader) {
  std::atomic<bool> ran = false;
  rcu::defer([&ran] { ran = true; });
  rcu::synchronize();
  rcu::barrier();
  EXPECT_TRUE(ran);
}

TEST(Rcu, RetireDeletesOnceAndTakesNull) {
  struct Counted {
    explicit Counted(int& count) : deaths_(count) {}
    ~Counted() { ++deaths_; }
    int& deaths_;
  };
  const rcu::ThreadScope scope;
  int deaths = 0;
  rcu::retire(new Counted(deaths));
  rcu::retire(std::make_unique<Counted>(deaths));
  rcu::retire(static_cast<Counted*>(nullptr));
  rcu::barrier();
  EXPECT_EQ(deaths, 2);
}

// Property: inside an online scope the thread is a reader, and outside of it nobody waits for it.
TEST(Rcu, AnOnlineScopeInterruptsOfflineOnes) {
  std::atomic<bool> freed = false;
  const rcu::ThreadScope scope;
  const rcu::OfflineScope offline;
  const rcu::OfflineScope twice;
  {
    const rcu::OnlineScope online;
    rcu::defer([&freed] { freed = true; });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(freed);
    rcu::quiescent();
  }
  while (!freed) {
    std::this_thread::yield();
  }
}

// Property: nothing is freed while a reader that may have seen it has not been quiescent.
TEST(Rcu, AReaderKeepsWhatItSees) {
  std::atomic<bool> freed = false;
  std::atomic<int> stage = 0;
  std::jthread reader([&] {
    const rcu::ThreadScope scope;
    stage = 1;
    while (stage != 2) {
      std::this_thread::yield();
    }
    // Retired by now, and this thread has not been quiescent since before.
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(freed);
    rcu::quiescent();
    const rcu::OfflineScope offline;
    while (!freed) {
      std::this_thread::yield();
    }
  });
  while (stage != 1) {
    std::this_thread::yield();
  }
  rcu::defer([&freed] { freed = true; });
  stage = 2;
  rcu::barrier();
  EXPECT_TRUE(freed);
}

// Property: readers only ever see whole objects, while a writer replaces them as fast as it can.
TEST(Rcu, ReadersSeeWholeObjectsOnly) {
  RcuPtr<Pair> current(new Pair(0));
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> torn = 0;
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&, i] {
        const rcu::ThreadScope scope;
        for (uint64_t round = 0; !stop; ++round) {
          const Pair* pair = current.load();
          const uint64_t first = pair->first;
          torn += first != pair->second || first == ~uint64_t{0} ? 1 : 0;
          if (i == 0 && round % 64 == 0) {
            const rcu::OfflineScope asleep;
            std::this_thread::yield();
          }
          rcu::quiescent();
        }
      });
    }
    const rcu::ThreadScope scope;
    for (uint64_t value = 1; value <= 3000; ++value) {
      rcu::retire(current.exchange(new Pair(value)));
      if (value % 500 == 0) {
        Pair* const old = current.exchange(new Pair(value));
        rcu::synchronize();
        delete old;
      }
      rcu::quiescent();
    }
    stop = true;
    const rcu::OfflineScope offline;  // while the readers are joined
    readers.clear();
  }
  rcu::barrier();
  EXPECT_EQ(torn, 0u);
  delete current.load();
}

}  // namespace
}  // namespace weft
