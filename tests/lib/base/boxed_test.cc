#include "lib/base/boxed.h"

#include <gtest/gtest.h>

#include <vector>

namespace weft {
namespace {

// A value that contains itself: what a box is for.
struct Tree {
  std::vector<Boxed<Tree>> branches;
  friend bool operator==(const Tree&, const Tree&) = default;
};

TEST(Boxed, ComparesByWhatItHolds) {
  EXPECT_EQ(Boxed<int>(3), Boxed<int>(3));
  EXPECT_FALSE(Boxed<int>(3) == Boxed<int>(4));
  EXPECT_EQ(Boxed<int>(), Boxed<int>(0));
}

TEST(Boxed, ACopySharesTheValue) {
  const Boxed<int> first(3);
  const Boxed<int> second = first;  // NOLINT: the copy is what is tested
  EXPECT_EQ(&*first, &*second);
}

TEST(Boxed, AValueMayContainItself) {
  const Tree leaf;
  const Tree tree{{leaf, Tree{{leaf}}}};
  const Tree same{{Tree{}, Tree{{Tree{}}}}};
  EXPECT_EQ(tree, same);
  EXPECT_FALSE(tree == leaf);
  EXPECT_TRUE(Boxed<Tree>()->branches.empty());
}

}  // namespace
}  // namespace weft
