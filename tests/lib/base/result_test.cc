#include "lib/base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace weft {
namespace {

Result<int, std::string> half(int value) {
  if (value % 2 != 0) {
    return Unexpected<std::string>("odd");
  }
  return value / 2;
}

TEST(Result, HoldsAValueOrAnError) {
  const auto good = half(8);
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 4);
  EXPECT_EQ(good.value_or(0), 4);
  const auto bad = half(7);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error(), "odd");
  EXPECT_EQ(bad.value_or(0), 0);
  EXPECT_NE(good, bad);
}

TEST(Result, TellsValueFromErrorOfTheSameType) {
  const Result<int, int> value = 1;
  const Result<int, int> error = Unexpected(1);
  EXPECT_TRUE(value);
  EXPECT_FALSE(error);
}

TEST(Result, ChainsUntilTheFirstError) {
  EXPECT_EQ(half(8).and_then(half), (Result<int, std::string>(2)));
  EXPECT_EQ(half(6).and_then(half).error(), "odd");
  EXPECT_EQ(half(8).transform([](int n) { return std::to_string(n); }).value(), "4");
  EXPECT_EQ(half(7).transform([](int n) { return n + 1; }).error(), "odd");
  EXPECT_EQ(half(7).transform_error([](const std::string& text) { return text.size(); }).error(), 3u);
}

TEST(Result, MovesWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>, std::string> { return std::make_unique<int>(5); };
  auto made = make();
  EXPECT_EQ(**made, 5);
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 5);
  EXPECT_EQ(make().transform([](std::unique_ptr<int> p) { return *p; }).value(), 5);
}

TEST(Result, ErrorsConvertToWiderOnes) {
  const Result<int, std::string> result = Unexpected("text");
  EXPECT_EQ(result.error(), "text");
}

TEST(Result, VoidIsSuccessWithoutAValue) {
  const auto check = [](bool good) -> Result<void, std::string> {
    if (!good) {
      return Unexpected<std::string>("no");
    }
    return {};
  };
  EXPECT_TRUE(check(true));
  EXPECT_EQ(check(false).error(), "no");
  EXPECT_EQ(check(true).transform([] { return 1; }).value(), 1);
  EXPECT_EQ(check(false).and_then([] { return Result<int, std::string>(1); }).error(), "no");
  EXPECT_EQ(check(true), (Result<void, std::string>()));
}

}  // namespace
}  // namespace weft
