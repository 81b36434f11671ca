#include "lib/base/recycler.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace weft {
namespace {

using Large = std::array<uint64_t, 200>;

TEST(Recycler, HandsTheBlockFreedLastOutAgain) {
  const void* first = nullptr;
  {
    const auto one = std::allocate_shared<Large>(Recycler<Large>());
    first = one.get();
  }
  const auto again = std::allocate_shared<Large>(Recycler<Large>());
  EXPECT_EQ(again.get(), first);
}

TEST(Recycler, KeepsObjectsApartWhileTheyLive) {
  std::vector<std::shared_ptr<Large>> live;
  std::set<const void*> addresses;
  for (uint64_t i = 0; i < 20; ++i) {
    live.push_back(std::allocate_shared<Large>(Recycler<Large>()));
    live.back()->fill(i);
    addresses.insert(live.back().get());
    if (i % 3 == 2) {  // some go in between
      addresses.erase(live.front().get());
      live.erase(live.begin());
    }
  }
  EXPECT_EQ(addresses.size(), live.size());
  for (const auto& one : live) {
    EXPECT_EQ(one->front(), one->back());
  }
}

TEST(Recycler, SeveralAtOnceComeFromTheHeap) {
  std::vector<uint64_t, Recycler<uint64_t>> numbers;
  for (uint64_t i = 0; i < 1000; ++i) {
    numbers.push_back(i);
  }
  EXPECT_EQ(numbers[999], 999u);
}

TEST(Recycler, ABlockMayBeFreedByAnotherThread) {
  auto one = std::allocate_shared<Large>(Recycler<Large>());
  std::thread([one = std::move(one)]() mutable { one.reset(); }).join();
  const auto another = std::allocate_shared<Large>(Recycler<Large>());
  EXPECT_NE(another, nullptr);
}

}  // namespace
}  // namespace weft
