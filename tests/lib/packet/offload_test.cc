#include "lib/packet/offload.h"

#include <gtest/gtest.h>

namespace weft {
namespace {

Offload tcp_offload() {
  Offload offload;
  offload.checksum = Offload::Checksum::partial;
  offload.gso = Offload::Gso::tcp4;
  offload.csum_start = 34;
  offload.csum_offset = 16;
  offload.hdr_len = 54;
  offload.gso_size = 1000;
  return offload;
}

TEST(Offload, OffsetsMoveWithHeadersBeforeThem) {
  Offload offload = tcp_offload();
  offload.pushed(50);
  EXPECT_EQ(offload.csum_start, 84);
  EXPECT_EQ(offload.hdr_len, 104);
  EXPECT_EQ(offload.csum_offset, 16);
  offload.pulled(50);
  EXPECT_EQ(offload, tcp_offload());
}

TEST(Offload, APromiseAboutAHeaderThatIsGoneIsGone) {
  Offload offload = tcp_offload();
  offload.pulled(34);
  EXPECT_EQ(offload, Offload{});
}

TEST(Offload, WithoutPromisesNothingMoves) {
  Offload offload;
  offload.checksum = Offload::Checksum::verified;
  offload.pushed(4);
  EXPECT_EQ(offload.csum_start, 0);
  EXPECT_EQ(offload.checksum, Offload::Checksum::verified);
}

TEST(Offload, AnOffsetThatNoHeaderCanHaveIsForgotten) {
  Offload offload = tcp_offload();
  offload.csum_start = 65'500;
  offload.hdr_len = 65'520;
  offload.pushed(50);
  EXPECT_EQ(offload, Offload{});
}

TEST(Offload, CountsSegments) {
  Offload offload = tcp_offload();
  EXPECT_EQ(offload.gso_segments(54 + 1), 1u);
  EXPECT_EQ(offload.gso_segments(54 + 1000), 1u);
  EXPECT_EQ(offload.gso_segments(54 + 1001), 2u);
  EXPECT_EQ(offload.gso_segments(54 + 65'000), 65u);
  EXPECT_EQ(offload.gso_segments(10), 1u);
  offload.gso_size = 0;
  EXPECT_EQ(offload.gso_segments(5000), 1u);
  EXPECT_EQ(Offload{}.gso_segments(5000), 1u);
}

}  // namespace
}  // namespace weft
