#include "lib/openflow/text/tlv_text.h"

#include <gtest/gtest.h>

namespace weft::openflow {
namespace {

TEST(TlvText, MapsAreReadAsOvsOfctlWritesThem) {
  const auto maps =
      parse_tlv_maps("{class=0xffff,type=0x80,len=4}->tun_metadata0, {class=5, type=1, len=124}->tun_metadata63");
  ASSERT_TRUE(maps);
  EXPECT_EQ(*maps, (std::vector<TlvMap>{{0xffff, 0x80, 4, 0}, {5, 1, 124, 63}}));
}

TEST(TlvText, WhatCannotBeIsMarked) {
  struct Case {
    const char* text;
    size_t position;
  };
  for (const Case& one : {
           Case{"", 0},
           Case{"{class=0x10000,type=0,len=4}->tun_metadata0", 7},
           Case{"{class=1,type=256,len=4}->tun_metadata0", 14},
           Case{"{class=1,type=0,len=5}->tun_metadata0", 16},
           Case{"{class=1,type=0,len=128}->tun_metadata0", 20},
           Case{"{class=1,type=0,len=4}->tun_metadata64", 36},
           Case{"{class=1,type=0,len=4}->reg0", 24},
           Case{"{class=1,type=0,len=4->tun_metadata0", 21},
           Case{"{class=1,type=0,len=4}->tun_metadata0,x", 38},
       }) {
    const auto maps = parse_tlv_maps(one.text);
    ASSERT_FALSE(maps) << one.text;
    EXPECT_EQ(maps.error().position, one.position) << one.text << ": " << maps.error().to_string();
  }
}

}  // namespace
}  // namespace weft::openflow
