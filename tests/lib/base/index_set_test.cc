#include "lib/base/index_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace weft {
namespace {

std::vector<size_t> members(IndexSet set) {
  std::vector<size_t> found;
  set.for_each([&](size_t i) { found.push_back(i); });
  return found;
}

TEST(IndexSetTest, HoldsWhatWasAddedInOrder) {
  IndexSet set;
  EXPECT_TRUE(set.empty());
  set.add(63);
  set.add(5);
  set.add_if(true, 0);
  set.add_if(false, 7);
  EXPECT_EQ(members(set), (std::vector<size_t>{0, 5, 63}));
  EXPECT_EQ(set.count(), 3u);
  EXPECT_EQ(set.first(), 0u);
  set.remove(0);
  EXPECT_EQ(set.first(), 5u);
  EXPECT_FALSE(set.has(0));
  EXPECT_TRUE(set.has(63));
}

TEST(IndexSetTest, AllBelowReachesFromNoneTo64) {
  EXPECT_TRUE(IndexSet::all_below(0).empty());
  EXPECT_EQ(members(IndexSet::all_below(3)), (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(IndexSet::all_below(64).count(), 64u);
}

TEST(IndexSetTest, CombinesAsSetsDo) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    std::set<size_t> one, other;
    IndexSet a, b;
    for (int i = 0; i < 20; ++i) {
      const size_t x = random() % 64, y = random() % 64;
      one.insert(x);
      a.add(x);
      other.insert(y);
      b.add(y);
    }
    for (size_t i = 0; i < 64; ++i) {
      EXPECT_EQ((a | b).has(i), one.contains(i) || other.contains(i));
      EXPECT_EQ((a & b).has(i), one.contains(i) && other.contains(i));
      EXPECT_EQ((a - b).has(i), one.contains(i) && !other.contains(i));
    }
  }
}

TEST(IndexSetTest, VisitsTheMembersThatItHadAtFirst) {
  IndexSet set = IndexSet::all_below(4);
  std::vector<size_t> visited;
  set.for_each([&](size_t i) {
    visited.push_back(i);
    set = {};
  });
  EXPECT_EQ(visited.size(), 4u);
}

}  // namespace
}  // namespace weft
