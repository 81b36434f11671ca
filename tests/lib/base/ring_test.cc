#include "lib/base/ring.h"

#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MpscQueue, TellsTheFirstFromTheFollowing) {
  using Push = MpscQueue<int>::Push;
  MpscQueue<int> queue(2);
  EXPECT_EQ(queue.push(1), Push::first);
  EXPECT_EQ(queue.push(2), Push::queued);
  EXPECT_EQ(queue.push(3), Push::full);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_THAT(queue.take_all(), ElementsAre(1, 2));
  EXPECT_THAT(queue.take_all(), IsEmpty());
  EXPECT_EQ(queue.push(4), Push::first);
}

TEST(MpscQueue, KeepsTheOrderOfEachProducer) {
  constexpr int count = 5'000;
  MpscQueue<std::pair<int, int>> queue;
  {
    std::vector<std::jthread> producers;
    for (int p = 0; p < 3; ++p) {
      producers.emplace_back([&queue, p] {
        for (int i = 0; i < count; ++i) {
          queue.push({p, i});
        }
      });
    }
  }
  int next[3] = {};
  for (const auto& [producer, i] : queue.take_all()) {
    ASSERT_EQ(i, next[producer]++);
  }
  EXPECT_THAT(next, ElementsAre(count, count, count));
}

}  // namespace
}  // namespace weft
