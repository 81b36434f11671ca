// The hash under a mask, whichever words a packet has.
#include "datapath/cache/mask_table.h"

#include <gtest/gtest.h>

#include <set>

#include "datapath/cache/megaflow_domain.h"
#include "tests/datapath/cache/cache_support.h"
#include "tests/reference/random_flow.h"

namespace weft::datapath {
namespace {

class MaskTableTest : public testing::Test {
 protected:
  MegaflowDomain domain_{{}, 7};
};

TEST_F(MaskTableTest, APacketAndItsMaskedKeyHaveOneHash) {
  reference::RandomFlow random(1);
  for (int n_mask = 0; n_mask < 100; ++n_mask) {
    MaskTable table(FlowMask(random.match().mask()), 7, domain_);
    for (int i = 0; i < 50; ++i) {
      const FlowKey packet(random.packet());
      const uint32_t hash = table.hash(packet);
      EXPECT_EQ(table.hash(table.masked(packet)), hash);
      EXPECT_EQ(table.hash(packet), hash) << "after one of other words";
    }
  }
}

TEST_F(MaskTableTest, EachWordOfTheMaskTellsPacketsApart) {
  MaskTable table(mask_of({FieldId::in_port, FieldId::eth_dst, FieldId::ipv4_src}), 7, domain_);
  std::set<uint32_t> hashes;
  for (uint64_t in_port : {0, 1}) {
    for (uint64_t eth_dst : {0, 1, 2}) {
      for (uint64_t ipv4_src : {0, 1, 0x01000000}) {
        hashes.insert(table.hash(
            key_of({{FieldId::in_port, in_port}, {FieldId::eth_dst, eth_dst}, {FieldId::ipv4_src, ipv4_src}})));
      }
    }
  }
  EXPECT_EQ(hashes.size(), 18u);
}

TEST_F(MaskTableTest, WhatTheMaskHidesDoesNotMatter) {
  MaskTable table(mask_of({FieldId::ipv4_src}), 7, domain_);
  const uint32_t hash = table.hash(key_of({{FieldId::ipv4_src, 5}}));
  EXPECT_EQ(table.hash(key_of({{FieldId::ipv4_src, 5}, {FieldId::ipv4_dst, 6}, {FieldId::eth_dst, 7}})), hash);
  EXPECT_NE(table.hash(key_of({{FieldId::ipv4_src, 6}, {FieldId::ipv4_dst, 6}})), hash);
}

}  // namespace
}  // namespace weft::datapath
