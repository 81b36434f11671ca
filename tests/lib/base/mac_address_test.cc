#include "lib/base/mac_address.h"

#include <sstream>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(MacAddress, ReadsWhatItPrints) {
  const auto mac = MacAddress::parse("02:00:5e:Ff:00:01");
  ASSERT_TRUE(mac);
  EXPECT_EQ(mac->to_string(), "02:00:5e:ff:00:01");
  EXPECT_EQ(MacAddress::parse("02-00-5e-ff-0-1"), mac);
  std::ostringstream out;
  out << *mac;
  EXPECT_EQ(out.str(), to_string(*mac));
}

TEST(MacAddress, RefusesWhatIsNone) {
  for (const auto* text : {"", "02:00:00:00:00", "02:00:00:00:00:01:", "02:00:00:00:00:01:02", "02:00:00:00:00:0g",
                           "020:0:00:00:00:01", "02::00:00:00:01", " 02:00:00:00:00:01", "020000000001"}) {
    EXPECT_EQ(MacAddress::parse(text), std::nullopt) << text;
  }
}

TEST(MacAddress, IsANumberOf48Bits) {
  const MacAddress mac = MacAddress::from_uint64(0x0102030405060708);
  EXPECT_EQ(mac.to_string(), "03:04:05:06:07:08");
  EXPECT_EQ(mac.to_uint64(), 0x030405060708u);
}

TEST(MacAddress, KnowsItsKind) {
  EXPECT_TRUE(MacAddress::broadcast().is_broadcast());
  EXPECT_TRUE(MacAddress::broadcast().is_multicast());
  EXPECT_TRUE(MacAddress::parse("01:00:5e:00:00:01")->is_multicast());
  EXPECT_FALSE(MacAddress::parse("02:00:00:00:00:01")->is_multicast());
  EXPECT_TRUE(MacAddress::parse("02:00:00:00:00:01")->is_locally_administered());
  EXPECT_TRUE(MacAddress{}.is_zero());
}

TEST(MacAddress, IsOrderedAsItIsWritten) {
  EXPECT_LT(MacAddress::from_uint64(0x0000000000ff), MacAddress::from_uint64(0x000000000100));
  EXPECT_NE(std::hash<MacAddress>{}(MacAddress::from_uint64(1)), std::hash<MacAddress>{}(MacAddress::from_uint64(2)));
}

}  // namespace
}  // namespace weft
