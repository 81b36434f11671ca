#include "lib/base/text.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ParseUnsigned, ReadsDecimalAndHexadecimal) {
  EXPECT_EQ(parse_unsigned("0"), 0u);
  EXPECT_EQ(parse_unsigned("4095", 4095), 4095u);
  EXPECT_EQ(parse_unsigned("0xFf"), 255u);
  EXPECT_EQ(parse_unsigned("007"), 7u);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(parse_unsigned("0xffffffffffffffff"), 18446744073709551615u);
}

TEST(ParseUnsigned, RefusesEverythingElse) {
  for (const auto* text :
       {"", "-1", "+1", " 1", "1 ", "0x", "x", "12a", "0xg", "1.0", "18446744073709551616", "0x10000000000000000"}) {
    EXPECT_EQ(parse_unsigned(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_unsigned("4096", 4095), std::nullopt);
}

TEST(ParseNumber, NamesTheRange) {
  const std::string_view text = "dl_vlan=4096";
  const auto result = parse_number(text, text.substr(8), "VLAN id", 1, 4095);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), (TextError{"VLAN id must be 1 to 4095", 8, 4, ""}));
  EXPECT_EQ(parse_number("5", "5", "x", 0, 9).value(), 5u);
  EXPECT_FALSE(parse_number("0", "0", "x", 1, 9));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split_words("  a \t b\n"), ElementsAre("a", "b"));
  EXPECT_THAT(split_words("  "), IsEmpty());
  EXPECT_EQ(split_once("k=v=w", '='), (std::pair<std::string_view, std::string_view>("k", "v=w")));
  EXPECT_EQ(split_once("k", '='), std::nullopt);
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, ", "), "a, b");
  EXPECT_EQ(to_lower("AbC-1"), "abc-1");
}

TEST(EditDistance, CountsOneForEachKindOfMistake) {
  EXPECT_EQ(edit_distance("output", "output"), 0u);
  EXPECT_EQ(edit_distance("outptu", "output"), 1u);
  EXPECT_EQ(edit_distance("outpt", "output"), 1u);
  EXPECT_EQ(edit_distance("outpuut", "output"), 1u);
  EXPECT_EQ(edit_distance("outpot", "output"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(DidYouMean, NamesTheNearestOrNothing) {
  const std::array<std::string_view, 3> fields = {"dl_vlan", "dl_vlan_pcp", "in_port"};
  EXPECT_EQ(did_you_mean("dl_vlna", fields), "dl_vlan");
  EXPECT_EQ(did_you_mean("IN_PROT", fields), "in_port");
  EXPECT_EQ(did_you_mean("actions", fields), "");
  EXPECT_EQ(did_you_mean("x", std::array<std::string_view, 1>{"y"}), "");
  EXPECT_EQ(did_you_mean("", fields), "");
}

TEST(Render, PutsMarkersUnderTheWrongWord) {
  const std::string_view text = "in_port=1,dl_vlna=10,actions=drop";
  EXPECT_EQ(render(text, error_at(text, text.substr(10, 7), "unknown field \"dl_vlna\"", "dl_vlan")),
            "unknown field \"dl_vlna\", did you mean \"dl_vlan\"?\n"
            "  in_port=1,dl_vlna=10,actions=drop\n"
            "            ^~~~~~~\n");
}

TEST(Render, ShowsTheOneLineOfALongerText) {
  const std::string_view text = "first\n\tsecond bad\nthird";
  EXPECT_EQ(render(text, error_at(text, text.substr(14, 3), "wrong")), "wrong\n  \tsecond bad\n  \t       ^~~\n");
}

TEST(Render, MarksAnEndWhereSomethingIsMissing) {
  EXPECT_EQ(render("abc", {"more is expected", 3, 0, ""}), "more is expected\n  abc\n     ^\n");
  EXPECT_EQ(render("", {"empty", 0, 0, ""}), "empty\n  \n  ^\n");
  EXPECT_EQ(render("abc", {"beyond", 99, 99, ""}), "beyond\n  abc\n     ^\n");
}

// A mistake in a megabyte was shown with a megabyte of text and one of blanks.
TEST(Render, OfALongLineWhatIsAroundTheMistake) {
  std::string text(1'000'000, 'x');
  text.replace(500'000, 3, "BAD");
  const std::string before(100, 'x');
  EXPECT_EQ(render(text, {"wrong", 500'000, 3, ""}),
            "wrong\n  ..." + before + "BAD" + std::string(297, 'x') + "...\n" + std::string(105, ' ') + "^~~\n");
  EXPECT_EQ(render(text, {"wrong", 0, 1'000'000, ""}),
            "wrong\n  " + std::string(400, 'x') + "...\n  ^" + std::string(402, '~') + "\n");
  EXPECT_EQ(render(text, {"wrong", 1'000'000, 0, ""}), "wrong\n  ..." + before + "\n" + std::string(105, ' ') + "^\n");
  std::string umlauts;
  for (int i = 0; i < 1000; ++i) {
    umlauts += "\u00e4";
  }
  EXPECT_EQ(render("y" + umlauts, {"wrong", 501, 2, ""}).substr(6, 7), "  ...\u00e4");
}

TEST(ErrorAt, AWordFromElsewhereMarksTheWholeText) {
  const std::string elsewhere = "word";
  const TextError error = error_at("text", elsewhere, "wrong");
  EXPECT_EQ(error.position, 0u);
  EXPECT_EQ(error.length, 4u);
  EXPECT_EQ(shifted(error, 7).position, 7u);
}

}  // namespace
}  // namespace weft
