#include "lib/packet/tunnel_options.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "lib/packet/tunnel_metadata.h"

namespace weft {
namespace {

TEST(TunnelOptions, AreWhatAMapWouldHold) {
  std::mt19937 random(7);
  for (int round = 0; round < 1000; ++round) {
    TunnelOptions options;
    std::map<unsigned, uint32_t> map;
    for (int n = 0; n < 20; ++n) {
      const unsigned field = random() % TunnelOptions::field_count;
      map[field] = static_cast<uint32_t>(random());
      ASSERT_TRUE(options.set(field, map[field]));
    }
    ASSERT_EQ(options.count(), map.size());
    std::map<unsigned, uint32_t> seen;
    options.for_each([&](unsigned field, uint32_t value) { seen[field] = value; });
    ASSERT_EQ(seen, map);
    for (unsigned field = 0; field < TunnelOptions::field_count; ++field) {
      ASSERT_EQ(options.has(field), map.contains(field));
      ASSERT_EQ(options.value(field), map.contains(field) ? map[field] : 0);
    }
    const TunnelOptions copy = options;
    ASSERT_EQ(copy, options);
    options.set(map.begin()->first, map.begin()->second + 1);
    ASSERT_FALSE(copy == options);
  }
}

TEST(TunnelOptions, AreNoMoreThanAHeaderHolds) {
  TunnelOptions options;
  for (unsigned field = 0; field < TunnelOptions::max_count; ++field) {
    EXPECT_TRUE(options.set(2 * field, field));
  }
  EXPECT_FALSE(options.set(1, 1));
  EXPECT_TRUE(options.set(2, 99));
  EXPECT_EQ(options.value(2), 99U);
  EXPECT_EQ(options.value(60), 30U);
}

TEST(PacketTunnel, LosesItsOptionsWithANewHeader) {
  PacketTunnel tunnel;
  tunnel.begin();
  tunnel.options.set(3, 4);
  const PacketTunnel copy = tunnel;
  EXPECT_EQ(copy, tunnel);
  tunnel = TunnelMetadata{};
  EXPECT_TRUE(tunnel.options.empty());
  EXPECT_FALSE(copy == tunnel);
  tunnel = copy;
  EXPECT_EQ(tunnel.options.value(3), 4U);
  tunnel.begin();
  EXPECT_TRUE(tunnel.options.empty());
}

}  // namespace
}  // namespace weft
