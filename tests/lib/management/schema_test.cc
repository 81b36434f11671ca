#include "lib/management/schema.h"

#include <gtest/gtest.h>

namespace weft::management {
namespace {

TEST(Schema, MatchesNamesAsPeopleTypeThem) {
  EXPECT_EQ((*match_table("bridge"))->name, "Bridge");
  EXPECT_EQ((*match_table("open"))->name, "Open_vSwitch");
  EXPECT_EQ((*match_table("INTERFACE"))->name, "Interface");
  const Table& bridge = *find_table("Bridge");
  EXPECT_EQ((*match_column(bridge, "other-config"))->name, "other_config");
  EXPECT_EQ((*match_column(bridge, "fail"))->name, "fail_mode");
  EXPECT_EQ((*match_column(*find_table("Port"), "trunk"))->name, "trunks");
}

TEST(Schema, AWholeNameWinsOverALongerOne) {
  EXPECT_EQ((*match_column(*find_table("Interface"), "mtu"))->name, "mtu");
  EXPECT_EQ((*match_column(*find_table("Interface"), "ofport"))->name, "ofport");
}

TEST(Schema, SaysWhatIsUnknownOrAmbiguous) {
  EXPECT_EQ(match_table("Brigde").error().message, "unknown table \"Brigde\"");
  EXPECT_EQ(match_table("Brigde").error().suggestion, "Bridge");
  EXPECT_EQ(match_column(*find_table("Port"), "t").error().message, "ambiguous column of table Port \"t\"");
  EXPECT_FALSE(match_column(*find_table("Port"), ""));
}

TEST(Schema, DefaultsAreValid) {
  for (const auto& table : tables()) {
    for (const auto& column : table.columns) {
      // A reference that must be there has no default: an insert without it is refused.
      const bool has_default = column.type.ref_table.empty() || column.type.min_count == 0;
      EXPECT_EQ(!check(default_of(column), column.type), has_default) << table.name << '.' << column.name;
      EXPECT_FALSE(column.help.empty()) << table.name << '.' << column.name;
    }
  }
}

TEST(Schema, ReferencesNameTablesThatExist) {
  for (const auto& table : tables()) {
    for (const auto& column : table.columns) {
      if (!column.type.ref_table.empty()) {
        EXPECT_NE(find_table(column.type.ref_table), nullptr) << table.name << '.' << column.name;
      }
    }
  }
}

}  // namespace
}  // namespace weft::management
