#include "lib/packet/tunnel_metadata.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

TEST(TunnelMetadata, HoldsEitherKindOfAddress) {
  TunnelMetadata tunnel;
  tunnel.begin();
  tunnel.set_source(*IpAddress::parse("192.0.2.1"));
  tunnel.set_destination(*IpAddress::parse("192.0.2.2"));
  EXPECT_FALSE(tunnel.is_ipv6);
  EXPECT_EQ(tunnel.source().to_string(), "192.0.2.1");
  EXPECT_EQ(tunnel.destination().to_string(), "192.0.2.2");
  tunnel.set_source(*IpAddress::parse("fd00::1"));
  tunnel.set_destination(*IpAddress::parse("fd00::2"));
  EXPECT_TRUE(tunnel.is_ipv6);
  EXPECT_EQ(tunnel.destination().to_string(), "fd00::2");
}

TEST(TunnelMetadata, BeginsAfresh) {
  TunnelMetadata tunnel;
  tunnel.id = 7;
  tunnel.gbp_id = 8;
  tunnel.begin();
  EXPECT_TRUE(tunnel.present);
  EXPECT_EQ(tunnel.id, 0u);
  EXPECT_EQ(tunnel.gbp_id, 0u);
}

TEST(TunnelMetadata, IsSmall) { EXPECT_LE(sizeof(TunnelMetadata), 64u); }

}  // namespace
}  // namespace weft
