#include "lib/base/big_endian.h"

#include <type_traits>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(BigEndian, LiesInMemoryInNetworkOrder) {
  const Be32 value{0x01020304};
  uint8_t bytes[4];
  std::memcpy(bytes, &value, sizeof bytes);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[3], 4);
  EXPECT_EQ(value.host(), 0x01020304u);
}

TEST(BigEndian, ComparesByValue) {
  EXPECT_EQ(Be16{7}, Be16{7});
  EXPECT_NE(Be64{7}, Be64{8});
  static_assert(Be16{0x0102}.host() == 0x0102);
  static_assert(Be16::from_wire(Be16{5}.wire()) == Be16{5});
}

TEST(BigEndian, DoesNotMixWithHostIntegers) {
  static_assert(!std::is_convertible_v<uint16_t, Be16>);
  static_assert(!std::is_convertible_v<Be16, uint16_t>);
  static_assert(!std::is_constructible_v<Be16, Be32>);
}

TEST(BigEndian, LoadsAndStoresAtAnyAddress) {
  uint8_t bytes[16] = {};
  store_be16(bytes + 1, 0x1234);
  store_be32(bytes + 3, 0x56789abc);
  store_be64(bytes + 7, 0x1122334455667788);
  EXPECT_EQ(bytes[1], 0x12);
  EXPECT_EQ(load_be16(bytes + 1), 0x1234);
  EXPECT_EQ(load_be32(bytes + 3), 0x56789abcu);
  EXPECT_EQ(load_be64(bytes + 7), 0x1122334455667788u);
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(bytes[15], 0);
}

}  // namespace
}  // namespace weft
