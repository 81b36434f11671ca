#include "lib/management/columns.h"

#include <gtest/gtest.h>

namespace weft::management {
namespace {

Datum number(int64_t value) { return Datum::of(value); }

TEST(Columns, AChangeOfACopyLeavesTheOriginal) {
  Columns a{{"x", number(1)}, {"y", number(2)}};
  Columns b = a;
  EXPECT_EQ(a.begin(), b.begin()) << "they share";
  b["x"] = number(3);
  EXPECT_EQ(a.find("x")->second, number(1));
  EXPECT_EQ(b.find("x")->second, number(3));
  EXPECT_EQ(b.find("y")->second, number(2));
  EXPECT_FALSE(a == b);
  b["x"] = number(1);
  EXPECT_EQ(a, b);
}

TEST(Columns, AnEmptyValueThatIsSetIsNotThere) {
  Columns a{{"x", number(1)}};
  const Columns b = a;
  a.set("x", {});
  a.set("y", {});
  EXPECT_EQ(a, Columns());
  EXPECT_FALSE(a.contains("x"));
  EXPECT_TRUE(b.contains("x"));
  a.set("y", number(2));
  EXPECT_EQ(a.find("y")->second, number(2));
  EXPECT_EQ(a.find("x"), a.end());
}

}  // namespace
}  // namespace weft::management
