// Framing and the choice of a version.
#include "lib/openflow/version.h"

#include <gtest/gtest.h>

#include "tests/lib/openflow/message_bytes.h"

namespace weft::openflow {
namespace {

using namespace testing;

constexpr VersionSet only_13{Version::v1_3};

TEST(Version, BitmapsDecideWhereBothSidesHaveThem) {
  EXPECT_EQ(negotiate(only_13, 6, VersionSet{Version::v1_0, Version::v1_3, Version::v1_5}), Version::v1_3);
  EXPECT_EQ(negotiate({Version::v1_0, Version::v1_3}, 6, VersionSet{Version::v1_0, Version::v1_5}), Version::v1_0);
  EXPECT_EQ(negotiate(only_13, 4, VersionSet{Version::v1_0}), std::nullopt);
}

TEST(Version, WithoutABitmapTheSmallerOfTheHighestCounts) {
  EXPECT_EQ(negotiate(only_13, 6, std::nullopt), Version::v1_3);
  EXPECT_EQ(negotiate(only_13, 4, std::nullopt), Version::v1_3);
  EXPECT_EQ(negotiate(only_13, 1, std::nullopt), std::nullopt);
  EXPECT_EQ(negotiate({Version::v1_0, Version::v1_3}, 3, std::nullopt), std::nullopt);
}

TEST(Version, NamesAreThoseOfProtocolColumns) {
  EXPECT_EQ(to_string(Version::v1_3), "OpenFlow13");
  EXPECT_EQ(parse_version("OpenFlow15"), Version::v1_5);
  EXPECT_EQ(parse_version("1.3"), std::nullopt);
}

TEST(Framing, AsksForMoreUntilTheHeaderIsThere) {
  EXPECT_EQ(frame_length(hex("0400 00")).value(), 0U);
  EXPECT_EQ(frame_length(hex("0400 0010 00000001 00")).value(), 16U);
}

TEST(Framing, ALengthBelowTheHeaderIsAnError) {
  EXPECT_EQ(frame_length(hex("0400 0007 00000001")).error().name(), "OFPBRC_BAD_LEN");
}

TEST(OpenFlowErrors, HaveTheSpecificationsNames) {
  EXPECT_EQ(OpenFlowError(ErrorCode::ofpbmc_bad_prereq).name(), "OFPBMC_BAD_PREREQ");
  EXPECT_EQ(OpenFlowError(ErrorCode::ofpbmc_bad_prereq).type_name(), "OFPET_BAD_MATCH");
  EXPECT_EQ(OpenFlowError(4, 99).name(), "OFPET_BAD_MATCH code 99");
  EXPECT_EQ(to_string(OpenFlowError(ErrorCode::ofpgmfc_loop, "group 3")), "OFPGMFC_LOOP: group 3");
}

}  // namespace
}  // namespace weft::openflow
