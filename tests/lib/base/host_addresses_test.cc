#include "lib/base/host_addresses.h"

#include <gmock/gmock.h>

namespace weft {
namespace {

using ::testing::ElementsAre;

TEST(HostAddresses, AnEthernetAddressAndWhatStandsBehindIt) {
  const auto host = HostAddresses::parse(" 02:00:00:00:00:01  10.0.0.1,fd00::1 ,10.0.7.0/24 10.0.0.9/24");
  ASSERT_TRUE(host) << host.error();
  EXPECT_EQ(host->mac, MacAddress::from_uint64(0x020000000001));
  std::vector<std::string> ips;
  for (const IpPrefix& ip : host->ips) {
    ips.push_back(ip.to_string());
  }
  EXPECT_THAT(ips, ElementsAre("10.0.0.1", "fd00::1", "10.0.7.0/24", "10.0.0.9"));
  EXPECT_TRUE(HostAddresses::parse("02:00:00:00:00:01")->ips.empty());
}

TEST(HostAddresses, PrefixesOfAnyLength) {
  EXPECT_EQ(IpPrefix::parse_host("0.0.0.0/0")->length, 0U);
  EXPECT_EQ(IpPrefix::parse_host("::/0")->length, 0U);
  EXPECT_EQ(IpPrefix::parse_host("fe80::/10")->length, 10U);
  EXPECT_EQ(IpPrefix::parse_host("fe80::1/10")->length, 128U) << "one host of it";
  EXPECT_EQ(IpPrefix::parse_host("10.0.0.1/32")->length, 32U);
  EXPECT_EQ(IpPrefix::parse_host("10.0.0.0/31")->length, 31U);
}

TEST(HostAddresses, WhatIsWrongIsSaidAndWhere) {
  const auto wrong = [](std::string_view text) {
    const auto host = HostAddresses::parse(text);
    return host ? std::string("nothing") : render(text, host.error());
  };
  EXPECT_EQ(wrong("02:00:00:00:00:01 10.0.0.300"),
            "\"10.0.0.300\" is not an IP address\n"
            "  02:00:00:00:00:01 10.0.0.300\n"
            "                    ^~~~~~~~~~\n");
  EXPECT_EQ(wrong("02:00:00:00:00:01 10.0.0.1/33"),
            "\"33\" is not a prefix length from 0 to 32\n"
            "  02:00:00:00:00:01 10.0.0.1/33\n"
            "                             ^~\n");
  EXPECT_THAT(wrong("10.0.0.1"), ::testing::HasSubstr("\"10.0.0.1\" is not an Ethernet address, which comes first"));
  EXPECT_THAT(wrong(""), ::testing::HasSubstr("\"\" is not an Ethernet address"));
  EXPECT_THAT(wrong("01:00:5e:00:00:01"), ::testing::HasSubstr("is not the Ethernet address of a host"));
  EXPECT_THAT(wrong("00:00:00:00:00:00"), ::testing::HasSubstr("is not the Ethernet address of a host"));
  for (const char* ip : {"224.0.0.1", "ff02::1", "0.0.0.0", "::", "ff00::/8"}) {
    EXPECT_THAT(wrong(std::string("02:00:00:00:00:01 ") + ip), ::testing::HasSubstr("is not the address of a host"));
  }
  EXPECT_THAT(wrong("02:00:00:00:00:01 10.0.0.1/"), ::testing::HasSubstr("\"\" is not a prefix length"));
}

}  // namespace
}  // namespace weft
