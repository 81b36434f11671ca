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
  ASSERT_TRUE(add(table, {{0x102, 0x80, 4, 5}, {0x102, 0x81, 4, 0}}).has_value());
  EXPECT_EQ(table.maps(), (std::vector<TlvMap>{{0x102, 0x81, 4, 0}, {0x102, 0x80, 4, 5}}));
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

TEST(TlvTable, OptionsHaveFourBytes) {
  TlvTable table;
  for (const uint8_t size : {8, 124}) {
    const auto refused = add(table, {{1, 1, 4, 1}, {1, 2, size, 2}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), nicira_error(NiciraError::tlv_bad_length));
    EXPECT_EQ(refused.error().detail, "an option of " + std::to_string(size) + " bytes: weft maps options of 4 bytes");
  }
  EXPECT_TRUE(table.maps().empty());
}

TEST(TlvTable, HoldsAnOptionForEachField) {
  TlvTable table;
  for (uint16_t n = 0; n < 64; ++n) {
    EXPECT_TRUE(add(table, {{1, static_cast<uint8_t>(n), 4, n}}));
  }
  const datapath::TunnelOptionMap map = table.option_map();
  EXPECT_EQ(map.fields(), ~uint64_t{0});
  EXPECT_EQ(map.field_of({1, 17}), 17U);
  EXPECT_EQ(map.field_of({1, 64}), std::nullopt);
  EXPECT_EQ(map.option_of(63), (datapath::TunnelOptionMap::Option{1, 63}));
}

TEST(TlvTable, WhatFlowsUseStays) {
  TlvTable table;
  ASSERT_TRUE(add(table, {{1, 1, 4, 1}, {1, 2, 4, 2}}));
  const uint64_t used = 1U << 2 | 1U << 9;
  const auto refused = table.apply({TlvTableCommand::remove, {{1, 1, 4, 1}, {1, 2, 4, 2}}}, used);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), nicira_error(NiciraError::tlv_invalid_delete));
  EXPECT_EQ(refused.error().detail, "flows or groups use tun_metadata2");
  EXPECT_FALSE(table.apply({TlvTableCommand::clear, {}}, used));
  EXPECT_EQ(table.maps().size(), 2U);
  EXPECT_TRUE(table.apply({TlvTableCommand::remove, {{1, 1, 4, 1}}}, used));
  EXPECT_TRUE(table.apply({TlvTableCommand::add, {{1, 7, 4, 7}}}, used));
  EXPECT_EQ(table.maps(), (std::vector<TlvMap>{{1, 2, 4, 2}, {1, 7, 4, 7}}));
}

}  // namespace
}  // namespace weft::ofproto
