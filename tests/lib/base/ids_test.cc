#include "lib/base/ids.h"

#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(OfPort, ReservedNumbersMoveToTheTopOf32Bits) {
  EXPECT_EQ(to_wire32(OfPort{1}), 1u);
  EXPECT_EQ(to_wire32(of_port::max), 0xfeffu);
  EXPECT_EQ(to_wire32(of_port::in_port), 0xfffffff8u);
  EXPECT_EQ(to_wire32(of_port::local), 0xfffffffeu);
  EXPECT_EQ(to_wire32(of_port::any), 0xffffffffu);
}

TEST(OfPort, NumbersBetweenOrdinaryAndReservedAreNone) {
  EXPECT_EQ(from_wire32(0xfeff), of_port::max);
  EXPECT_EQ(from_wire32(0xff00), std::nullopt);
  EXPECT_EQ(from_wire32(0xfffe), std::nullopt);
  EXPECT_EQ(from_wire32(0x10001), std::nullopt);
  EXPECT_EQ(from_wire32(0xfffffeff), std::nullopt);
  EXPECT_EQ(from_wire32(0xfffffffd), of_port::controller);
}

TEST(OfPort, EveryNumberThatHasAWireFormComesBack) {
  for (uint32_t value = 0; value <= 0xffff; ++value) {
    const OfPort port{static_cast<uint16_t>(value)};
    EXPECT_EQ(from_wire32(to_wire32(port)), port);
  }
}

TEST(OfPort, OrdinaryIsOneTo65279) {
  EXPECT_FALSE(is_ordinary(OfPort{0}));
  EXPECT_TRUE(is_ordinary(OfPort{1}));
  EXPECT_TRUE(is_ordinary(OfPort{65279}));
  EXPECT_FALSE(is_ordinary(OfPort{65280}));
  EXPECT_TRUE(is_reserved(of_port::local));
}

TEST(Ids, DoNotConvert) {
  static_assert(!std::is_convertible_v<PortId, OfPort>);
  static_assert(!std::is_convertible_v<PortId, uint32_t>);
  EXPECT_EQ((std::unordered_set<PortId>{PortId{1}, PortId{1}, PortId{2}}).size(), 2u);
}

}  // namespace
}  // namespace weft
