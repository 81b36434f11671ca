// The map from Geneve options to fields: what is refused changes nothing.
#include "ofproto/bridge/tlv_table.h"

#include <gtest/gtest.h>

#include "lib/openflow/nicira_error.h"

namespace weft::ofproto {
namespace {

using openflow::nicira_error;
using openflow::NiciraError;
using openflow::TlvMap;
using openflow::TlvTableCommand;

Result<void, openflow::OpenFlowError> add(TlvTable& table, std::vector<TlvMap> maps) {
  return table.apply({TlvTableCommand::add, std::move(maps)});
}

TEST(TlvTable, KeepsWhatIsMappedByField) {
  TlvTable table;
  ASSERT_TRUE(add(table, {{0x102, 0x80, 4, 5}, {0x102, 0x81, 8, 0}}).has_value());
  EXPECT_EQ(table.maps(), (std::vector<TlvMap>{{0x102, 0x81, 8, 0}, {0x102, 0x80, 4, 5}}));
  ASSERT_TRUE(table.apply({TlvTableCommand::remove, {{0, 0, 4, 0}, {0, 0, 4, 9}}}).has_value());
  EXPECT_EQ(table.maps(), (std::vector<TlvMap>{{0x102, 0x80, 4, 5}}));
  ASSERT_TRUE(table.apply({TlvTableCommand::clear, {}}).has_value());
  EXPECT_TRUE(table.maps().empty());
}

TEST(TlvTable, OneRefusalRefusesAll) {
  TlvTable table;
  ASSERT_TRUE(add(table, {{1, 1, 4, 1}}).has_value());
  EXPECT_EQ(add(table, {{2, 2, 4, 2}, {3, 3, 4, 1}}).error(), nicira_error(NiciraError::tlv_already_mapped));
  EXPECT_EQ(add(table, {{2, 2, 4, 2}, {1, 1, 4, 3}}).error(), nicira_error(NiciraError::tlv_duplicate));
  EXPECT_EQ(add(table, {{2, 2, 4, 2}, {2, 2, 4, 3}}).error(), nicira_error(NiciraError::tlv_duplicate));
  EXPECT_EQ(table.maps(), (std::vector<TlvMap>{{1, 1, 4, 1}}));
}

TEST(TlvTable, HoldsSoManyBytes) {
  TlvTable table;
  ASSERT_TRUE(add(table, {{1, 1, 124, 1}, {1, 2, 124, 2}, {1, 3, 8, 3}}).has_value());
  EXPECT_EQ(add(table, {{1, 4, 4, 4}}).error(), nicira_error(NiciraError::tlv_table_full));
}

}  // namespace
}  // namespace weft::ofproto
