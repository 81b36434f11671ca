#include "lib/base/ip_address.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace weft {
namespace {

Ipv4Address v4(const char* text) { return Ipv4Address::parse(text).value(); }
Ipv6Address v6(const char* text) { return Ipv6Address::parse(text).value(); }

TEST(Ipv4Address, ReadsWhatItPrints) {
  EXPECT_EQ(v4("10.0.0.1").host(), 0x0a000001u);
  EXPECT_EQ(v4("10.0.0.1").to_string(), "10.0.0.1");
  EXPECT_EQ(Ipv4Address::from_host(0xc0000201).to_string(), "192.0.2.1");
  EXPECT_EQ(Ipv4Address::from_be(Be32{0xc0000201}), v4("192.0.2.1"));
  for (const auto* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1.2", "10.0.0.1 ", "0x0a.0.0.1", "fd00::1"}) {
    EXPECT_EQ(Ipv4Address::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(Ipv4Address::parse(std::string_view("10.0.0.1\0", 9)), std::nullopt);
  EXPECT_EQ(Ipv4Address::parse(std::string(100, '1')), std::nullopt);
}

TEST(Ipv4Address, KnowsItsKind) {
  EXPECT_TRUE(v4("239.1.1.1").is_multicast());
  EXPECT_FALSE(v4("240.0.0.1").is_multicast());
  EXPECT_TRUE(v4("255.255.255.255").is_broadcast());
  EXPECT_TRUE(v4("127.0.0.1").is_loopback());
  EXPECT_TRUE(Ipv4Address{}.is_unspecified());
}

TEST(Ipv4Address, PrefixesAndMasksAgree) {
  for (unsigned length = 0; length <= 32; ++length) {
    EXPECT_EQ(Ipv4Address::prefix_mask(length).prefix_length(), length);
  }
  EXPECT_EQ(v4("255.0.255.0").prefix_length(), std::nullopt);
  EXPECT_TRUE(v4("10.1.2.3").is_in(v4("10.1.0.0"), 16));
  EXPECT_FALSE(v4("10.2.2.3").is_in(v4("10.1.0.0"), 16));
  EXPECT_TRUE(v4("10.2.2.3").is_in(v4("0.0.0.0"), 0));
  EXPECT_EQ(v4("10.1.2.3").masked(v4("255.0.0.255")), v4("10.0.0.3"));
}

TEST(Ipv6Address, ReadsWhatItPrints) {
  EXPECT_EQ(v6("fd00:0:0:0:0:0:0:1").to_string(), "fd00::1");
  EXPECT_EQ(v6("::ffff:10.0.0.1"), Ipv6Address::mapped(v4("10.0.0.1")));
  EXPECT_EQ(Ipv6Address::mapped(v4("10.0.0.1")).mapped_v4(), v4("10.0.0.1"));
  EXPECT_EQ(v6("fd00::1").mapped_v4(), std::nullopt);
  for (const auto* text : {"", ":", "fd00::1::2", "fd00::g", "fd00::1%eth0", "10.0.0.1"}) {
    EXPECT_EQ(Ipv6Address::parse(text), std::nullopt) << text;
  }
}

TEST(Ipv6Address, KnowsItsKind) {
  EXPECT_TRUE(v6("ff02::1").is_multicast());
  EXPECT_TRUE(v6("fe80::1").is_link_local());
  EXPECT_TRUE(v6("febf::1").is_link_local());
  EXPECT_FALSE(v6("fec0::1").is_link_local());
  EXPECT_TRUE(v6("::1").is_loopback());
  EXPECT_TRUE(v6("::").is_unspecified());
  EXPECT_EQ(v6("fd00::1:2:3:4").solicited_node(), v6("ff02::1:ff03:4"));
}

TEST(Ipv6Address, PrefixesAndMasksAgree) {
  for (unsigned length = 0; length <= 128; ++length) {
    EXPECT_EQ(Ipv6Address::prefix_mask(length).prefix_length(), length);
  }
  EXPECT_EQ(v6("ffff::ffff").prefix_length(), std::nullopt);
  EXPECT_TRUE(v6("fd00:1::5").is_in(v6("fd00:1::"), 32));
  EXPECT_FALSE(v6("fd00:2::5").is_in(v6("fd00:1::"), 32));
}

TEST(IpAddress, IsEither) {
  EXPECT_TRUE(IpAddress::parse("10.0.0.1")->is_v4());
  EXPECT_TRUE(IpAddress::parse("fd00::1")->is_v6());
  EXPECT_EQ(IpAddress::parse("eth0"), std::nullopt);
  EXPECT_EQ(IpAddress::parse("fd00::1")->to_string(), "fd00::1");
  EXPECT_LT(IpAddress(v4("255.255.255.255")), IpAddress(v6("::")));
  EXPECT_NE(IpAddress(v4("10.0.0.1")), IpAddress(Ipv6Address::mapped(v4("10.0.0.1"))));
  EXPECT_TRUE(IpAddress().is_unspecified());
  EXPECT_TRUE(IpAddress(v6("ff02::1")).is_multicast());
}

TEST(IpAddress, CanBeAKey) {
  const std::unordered_set<IpAddress> set = {v4("10.0.0.1"), v6("fd00::1"), v4("10.0.0.1")};
  EXPECT_EQ(set.size(), 2u);
  EXPECT_TRUE(set.contains(v6("fd00::1")));
}

}  // namespace
}  // namespace weft
