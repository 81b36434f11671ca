// weft-drops(7) has an entry for each reason, which begins with what the switch itself says of it.
#include <cctype>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/packet/drop_reason.h"
#include "tests/utilities/man/page.h"

namespace weft::man {
namespace {

using ::testing::HasSubstr;

TEST(DropsPage, HasAnEntryForEachReason) {
  std::set<std::string> reasons;
  for (size_t i = 0; i < drop_reason_count; ++i) {
    reasons.emplace(to_string(static_cast<DropReason>(i)));
  }
  EXPECT_EQ(Page("weft-drops.7").section("REASONS").commands(), reasons);
}

TEST(DropsPage, SaysWhatTheSwitchSays) {
  const std::string words = Page("weft-drops.7").words();
  for (size_t i = 0; i < drop_reason_count; ++i) {
    const auto reason = static_cast<DropReason>(i);
    std::string explanation(explain(reason));
    explanation.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(explanation.front())));
    EXPECT_THAT(words, HasSubstr("Cm " + std::string(to_string(reason)) + " " + explanation + ". "));
  }
}

}  // namespace
}  // namespace weft::man
