#include "lib/management/rules.h"

#include <gtest/gtest.h>

namespace weft::management {
namespace {

TEST(Rules, ABridgesNameIsADevices) {
  for (const auto* good : {"br0", "br-int", "b", "fifteen_letters", "gr\xc3\xbc\xc3\x9f", "a.b"}) {
    EXPECT_FALSE(bridge_name_problem(good)) << good;
  }
  for (const auto* bad : {"", ".", "..", ".x", "a/b", "a b", "a\tb", "a:b", "sixteen_letters_"}) {
    EXPECT_TRUE(bridge_name_problem(bad)) << bad;
  }
  EXPECT_TRUE(bridge_name_problem(std::string_view("a\0b", 3)));
}

TEST(Rules, DatapathIds) {
  EXPECT_EQ(parse_datapath_id("00000000000000ff"), 0xffu);
  EXPECT_EQ(parse_datapath_id("0xab"), 0xabu);
  for (const auto* bad : {"", "0x", "zz", "0", "0000000000000000", "12345678123456781", "0x0xab"}) {
    EXPECT_FALSE(parse_datapath_id(bad)) << bad;
  }
}

TEST(Rules, PrefixFields) {
  EXPECT_EQ(parse_prefix_fields("nw_dst, tp_src"), (std::vector<std::string>{"nw_dst", "tp_src"}));
  EXPECT_EQ(parse_prefix_fields("none"), std::vector<std::string>());
  for (const auto* bad : {"", "nw_dst,", "nw_dst,nw_dst", "eth_dst",
                          "tun_id,tun_src,tun_dst,nw_src,nw_dst,ipv6_src,ipv6_dst,tp_src,tp_dst"}) {
    EXPECT_FALSE(parse_prefix_fields(bad)) << bad;
  }
}

TEST(Rules, DevicesAddresses) {
  EXPECT_EQ(parse_device_address("02:00:00:00:00:01"), MacAddress::parse("02:00:00:00:00:01"));
  for (const auto* bad : {"junk", "", "01:00:00:00:00:00", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}) {
    EXPECT_FALSE(parse_device_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace weft::management
