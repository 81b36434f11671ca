#include "lib/management/datum.h"

#include <gtest/gtest.h>

#include "lib/management/schema.h"

namespace weft::management {
namespace {

const ColumnType& type_of(std::string_view table, std::string_view column) {
  return find_table(table)->find_column(column)->type;
}

// What `get` prints after `set` was given `text`; the expected outputs are ovs-vsctl's.
std::string printed(std::string_view text, std::string_view table, std::string_view column) {
  const auto& type = type_of(table, column);
  const auto datum = parse_datum(text, type);
  return datum ? format(*datum, type) : "error: " + datum.error().to_string();
}

TEST(Datum, PrintsScalarsBare) {
  EXPECT_EQ(printed("5", "Port", "tag"), "5");
  EXPECT_EQ(printed("[5]", "Port", "tag"), "5");
  EXPECT_EQ(printed("[]", "Port", "tag"), "[]");
  EXPECT_EQ(printed("yes", "Bridge", "stp_enable"), "true");
  EXPECT_EQ(printed("secure", "Bridge", "fail_mode"), "secure");
}

TEST(Datum, SortsAndJoinsSets) {
  EXPECT_EQ(printed("3,1,2", "Port", "trunks"), "[1, 2, 3]");
  EXPECT_EQ(printed("1 2 3", "Port", "trunks"), "[1, 2, 3]");
  EXPECT_EQ(printed("[ 1, 2 ]", "Port", "trunks"), "[1, 2]");
  EXPECT_EQ(printed("7,7", "Port", "trunks"), "[7]");
  EXPECT_EQ(printed("7", "Port", "trunks"), "[7]");
}

TEST(Datum, ReadsRangesInSetsOfIntegers) {
  EXPECT_EQ(printed("5-7,10", "Port", "trunks"), "[5, 6, 7, 10]");
  EXPECT_EQ(printed("[1-3, 3-4]", "Port", "trunks"), "[1, 2, 3, 4]");
  EXPECT_EQ(parse_datum("0-4095", type_of("Port", "trunks"))->count(), 4096u);
  EXPECT_EQ(printed("7-5", "Port", "trunks"), "error: \"7-5\" is not a range of 1 to 4096 numbers");
  EXPECT_EQ(printed("5-", "Port", "trunks"), "error: \"\" is not a valid integer");
  EXPECT_EQ(printed("5-4096", "Port", "trunks"), "error: 4096 is not in the valid range 0 to 4095 (inclusive)");
  EXPECT_EQ(printed("5-7", "Port", "tag"), "error: \"5-7\" is not a valid integer") << "it takes one";
}

TEST(Datum, QuotesStringsThatAreNoIdentifiers) {
  EXPECT_EQ(quoted_if_needed("vnet0"), "vnet0");
  EXPECT_EQ(quoted_if_needed("s1-eth1.2"), "s1-eth1.2");
  EXPECT_EQ(quoted_if_needed("1.5"), "\"1.5\"");
  EXPECT_EQ(quoted_if_needed("tcp:1.2.3.4"), "\"tcp:1.2.3.4\"");
  EXPECT_EQ(quoted_if_needed(""), "\"\"");
  EXPECT_EQ(quoted_if_needed("true"), "\"true\"");
  EXPECT_EQ(quoted_if_needed("a\"b\\"), "\"a\\\"b\\\\\"");
  EXPECT_EQ(quoted_if_needed("8f31b1cc-b0c3-4593-8881-2bcaaf514ecb"), "\"8f31b1cc-b0c3-4593-8881-2bcaaf514ecb\"");
  EXPECT_EQ(quoted_if_needed("a8f31b1c-b0c3-4593-8881-2bcaaf514ecb"), "\"a8f31b1c-b0c3-4593-8881-2bcaaf514ecb\"");
}

TEST(Datum, ReadsMaps) {
  EXPECT_EQ(printed("{a=b,c=\"d e\"}", "Interface", "options"), "{a=b, c=\"d e\"}");
  EXPECT_EQ(printed("remote_ip=flow, key=1.5", "Interface", "options"), "{key=\"1.5\", remote_ip=flow}");
  EXPECT_EQ(printed("{}", "Interface", "options"), "{}");
  EXPECT_EQ(printed("a=b=c", "Interface", "options"), "{a=\"b=c\"}");
}

TEST(Datum, ReadsEscapesInQuotes) {
  EXPECT_EQ(printed("x=\"a\\\"b\"", "Interface", "external_ids"), "{x=\"a\\\"b\"}");
  EXPECT_EQ(printed("x=\"1\\n2\"", "Interface", "external_ids"), "{x=\"1\\n2\"}");
}

TEST(Datum, TakesAnEmptyValueForAnEmptyString) {
  EXPECT_EQ(printed("", "Interface", "type"), "\"\"");
  EXPECT_EQ(printed("\"\"", "Interface", "type"), "\"\"");
}

TEST(Datum, ReadsTargetsWithAndWithoutQuotes) {
  EXPECT_EQ(printed("tcp:127.0.0.1:6653", "Controller", "target"), "\"tcp:127.0.0.1:6653\"");
  EXPECT_EQ(printed("\"tcp:127.0.0.1:6653\"", "Controller", "target"), "\"tcp:127.0.0.1:6653\"");
}

struct Bad {
  std::string_view table, column, text, message;
  size_t position, length;
};

TEST(Datum, PointsAtWhatIsWrong) {
  const Bad all[] = {
      {"Port", "trunks", "1,5000", "5000 is not in the valid range 0 to 4095 (inclusive)", 2, 4},
      {"Port", "trunks", "1,x,2", "\"x\" is not a valid integer", 2, 1},
      {"Port", "trunks", "[1,2", "missing ']'", 4, 1},
      {"Port", "trunks", "[1]2", "trailing garbage", 3, 1},
      {"Port", "trunks", "1]", "unexpected character", 1, 1},
      {"Port", "tag", "1,2", "2 values given, at most 1 allowed", 0, 3},
      {"Bridge", "stp_enable", "maybe", "\"maybe\" is not a valid boolean (use \"true\" or \"false\")", 0, 5},
      {"Interface", "options", "a", "a map needs key=value here", 0, 1},
      {"Interface", "options", "{a=b", "missing '}'", 4, 1},
      {"Interface", "type", "\"tap", "missing closing quote", 0, 4},
      {"Bridge", "controller", "nope", "\"nope\" is neither a UUID nor a record of table Controller", 0, 4},
      {"Controller", "max_backoff", "99999999999999999999", "\"99999999999999999999\" is not a valid integer", 0, 20},
  };
  for (const auto& bad : all) {
    const auto datum = parse_datum(bad.text, type_of(bad.table, bad.column));
    ASSERT_FALSE(datum) << bad.text;
    EXPECT_EQ(datum.error().message, bad.message) << bad.text;
    EXPECT_EQ(datum.error().position, bad.position) << bad.text;
    EXPECT_EQ(datum.error().length, bad.length) << bad.text;
  }
}

TEST(Datum, SuggestsTheLikelyChoice) {
  EXPECT_EQ(parse_datum("secur", type_of("Bridge", "fail_mode")).error().suggestion, "secure");
}

TEST(Datum, ReadsBackWhatItPrints) {
  Datum map;
  map.put(std::string("a key"), std::string("with \"quotes\", commas = and \\ \n lines"));
  map.put(std::string(""), std::string(""));
  map.put(std::string("x"), std::string("]}"));
  const auto& type = type_of("Bridge", "other_config");
  const auto back = parse_datum(format(map, type), type);
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, map);
}

TEST(Datum, ReadsAStringThatStandsAlone) {
  EXPECT_EQ(*parse_string("two words"), "two words");
  EXPECT_EQ(*parse_string("\"52:54:00:00:00:01\""), "52:54:00:00:00:01");
  EXPECT_EQ(*parse_string("\"a\\\"b\""), "a\"b");
  EXPECT_EQ(parse_string("\"a").error().message, "missing closing quote");
  EXPECT_EQ(parse_string("\"a\"b").error().position, 3u);
}

// The byte after the backslash, beyond the end, was read.
TEST(Datum, ABackslashAtTheEndEscapesNothing) {
  EXPECT_EQ(parse_string("\"a\\").error().message, "missing closing quote");
  EXPECT_FALSE(parse_datum("\"\\", type_of("Interface", "type")));
}

TEST(Datum, KeepsKeysSortedAndUnique) {
  Datum datum = Datum::of_strings({"b", "a", "b"});
  EXPECT_EQ(datum.count(), 2u);
  EXPECT_TRUE(datum.erase(std::string("a")));
  EXPECT_FALSE(datum.erase(std::string("a")));
  EXPECT_EQ(datum, Datum::of_strings({"b"}));
}

TEST(Uuid, IsRandomAndReadable) {
  const Uuid one = Uuid::random();
  EXPECT_EQ(Uuid::parse(one.text), one);
  EXPECT_NE(one, Uuid::random());
  EXPECT_EQ(one.text[14], '4');
  EXPECT_FALSE(Uuid::parse("8f31b1cc-b0c3-4593-8881-2bcaaf514ec"));
  EXPECT_FALSE(Uuid::parse("8f31b1cc-b0c3-4593-8881_2bcaaf514ecb"));
  EXPECT_EQ(Uuid::parse("8F31B1CC-B0C3-4593-8881-2BCAAF514ECB")->text, "8f31b1cc-b0c3-4593-8881-2bcaaf514ecb");
}

}  // namespace
}  // namespace weft::management
