// weft-vsctl(8) has each record and column of the schema, and each key that the README speaks of.
#include <fstream>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/management/schema.h"
#include "tests/utilities/man/page.h"

namespace weft::man {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using Words = std::set<std::string>;

bool is_key(const std::string& word) { return word.find(':') != std::string::npos; }

TEST(SettingsInManual, AreTheColumnsOfTheSchema) {
  for (const management::Table& table : management::tables()) {
    Words columns;
    for (const management::Column& column : table.columns) {
      columns.emplace(column.name);
    }
    Words described = Page("weft-vsctl.8").section("SETTINGS").subsection(table.name).commands();
    std::erase_if(described, is_key);
    EXPECT_EQ(described, columns) << table.name;
  }
}

// "options:key" and, behind it in the same cell of the README's table, "in_key".
TEST(SettingsInManual, HaveTheKeysOfTheReadme) {
  static const std::regex row(R"(\| (\w*) ?\| (.*) \| .* \|)");
  static const std::regex quoted(R"(`([^`]+)`)");
  std::ifstream readme("README.md");
  const Page settings = Page("weft-vsctl.8").section("SETTINGS");
  Words known_keys = settings.commands();
  Words keys;
  for (std::string line; std::getline(readme, line);) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) {
      continue;
    }
    const std::string names = cells[2];
    std::string column;
    for (std::sregex_iterator it(names.begin(), names.end(), quoted), end; it != end; ++it) {
      const std::string name = (*it)[1];
      column = is_key(name) ? name.substr(0, name.find(':') + 1) : column;
      if (!column.empty()) {
        keys.insert(is_key(name) ? name : column + name);
      }
    }
  }
  EXPECT_THAT(keys, Not(IsEmpty()));
  for (const std::string& key : keys) {
    EXPECT_TRUE(known_keys.contains(key)) << key;
  }
}

}  // namespace
}  // namespace weft::man
