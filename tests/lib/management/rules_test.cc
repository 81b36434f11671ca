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

TEST(Rules, LimitsOfQueues) {
  const auto settings = [](const char* key, const char* value) {
    Datum map;
    map.put(std::string(key), std::string(value));
    return map;
  };
  for (const auto* key : {"max-rate", "min-rate", "burst"}) {
    for (const auto* good : {"1", "10000000", "1000000000000000"}) {
      EXPECT_FALSE(check_qos_settings(settings(key, good))) << good;
      EXPECT_FALSE(check_queue_settings(settings(key, good))) << good;
    }
    for (const auto* bad : {"", "0", "-1", "10M", "1.5", "1000000000000001"}) {
      EXPECT_TRUE(check_qos_settings(settings(key, bad))) << bad;
      EXPECT_TRUE(check_queue_settings(settings(key, bad))) << bad;
    }
  }
  EXPECT_EQ(check_queue_settings(settings("max-rate", "10M")),
            "max-rate=\"10M\": a number of bits per second from 1 to 1000000000000000 is needed");
}

// What is not done must not look as if it were.
TEST(Rules, WhatQueuesDoNotDoIsRefused) {
  Datum map;
  map.put(std::string("priority"), std::string("1"));
  EXPECT_EQ(check_queue_settings(map),
            "priority is not supported: what the guarantees (min-rate) leave is for whoever comes first");
  map = {};
  map.put(std::string("cir"), std::string("1000"));
  EXPECT_EQ(check_qos_settings(map), "cir is not supported; max-rate is in bits per second, burst in bits");
  map = {};
  map.put(std::string("colour"), std::string("blue"));
  EXPECT_FALSE(check_qos_settings(map)) << "what others keep there";
}

TEST(Rules, DevicesAddresses) {
  EXPECT_EQ(parse_device_address("02:00:00:00:00:01"), MacAddress::parse("02:00:00:00:00:01"));
  for (const auto* bad : {"junk", "", "01:00:00:00:00:00", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"}) {
    EXPECT_FALSE(parse_device_address(bad)) << bad;
  }
}

}  // namespace
}  // namespace weft::management
