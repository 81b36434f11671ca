#include "datapath/tunnel/stt_paths.h"

#include <gtest/gtest.h>

#include "tests/datapath/tunnel/stub_port.h"

namespace weft::datapath {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A kernel that says what the test wants and counts how often it is asked.
class SttPathsStory : public ::testing::Test {
 protected:
  const SttPath& find(const char* remote = "192.0.2.1") { return paths_.find(ip(remote), std::nullopt); }

  ManualClock clock_;
  SttHop hop_{.verdict = keep, .has_neighbour = true, .mtu = 1500, .ifindex = 3, .source = {}, .link_header = {}};
  unsigned asked_ = 0;
  SttPaths paths_{clock_, [this](const IpAddress&, const std::optional<IpAddress>&) {
                    ++asked_;
                    return hop_;
                  }};
};

TEST_F(SttPathsStory, WhatTheKernelSaysIsKeptForASecond) {
  EXPECT_EQ(find().hop.mtu, 1500U);
  EXPECT_FALSE(find().is_resolving);
  hop_.mtu = 1400;
  clock_.advance(milliseconds(999));
  EXPECT_EQ(find().hop.mtu, 1500U);
  EXPECT_EQ(asked_, 1U);
  clock_.advance(milliseconds(1));
  EXPECT_EQ(find().hop.mtu, 1400U);
  EXPECT_EQ(find("192.0.2.2").hop.mtu, 1400U);
  EXPECT_EQ(asked_, 3U);
}

TEST_F(SttPathsStory, WhatIsForgottenIsAskedForAgain) {
  find();
  hop_.verdict = DropReason::tunnel_no_route;
  paths_.forget(ip("192.0.2.9"), std::nullopt);
  EXPECT_EQ(find().hop.verdict, keep);
  paths_.forget(ip("192.0.2.1"), std::nullopt);
  EXPECT_EQ(find().hop.verdict, DropReason::tunnel_no_route);
}

TEST_F(SttPathsStory, ANeighbourIsWaitedForAndSoonAskedForAgain) {
  hop_.has_neighbour = false;
  EXPECT_TRUE(find().is_resolving);
  EXPECT_EQ(find().hop.verdict, keep);
  EXPECT_EQ(asked_, 1U);
  clock_.advance(milliseconds(5));
  hop_.has_neighbour = true;
  EXPECT_FALSE(find().is_resolving);
  EXPECT_TRUE(find().hop.has_neighbour);
}

TEST_F(SttPathsStory, ANeighbourThatDoesNotAnswerIsGivenUpUntilItDoes) {
  hop_.has_neighbour = false;
  for (int i = 0; i < 299; ++i) {
    ASSERT_TRUE(find().is_resolving);
    clock_.advance(milliseconds(10));
  }
  clock_.advance(milliseconds(10));
  EXPECT_FALSE(find().is_resolving);
  EXPECT_EQ(find().hop.verdict, DropReason::tunnel_no_neighbour);
  clock_.advance(milliseconds(50));
  EXPECT_EQ(find().hop.verdict, DropReason::tunnel_no_neighbour);
  hop_.has_neighbour = true;
  clock_.advance(milliseconds(50));
  EXPECT_EQ(find().hop.verdict, keep);
}

TEST_F(SttPathsStory, AfterAWhileItIsWaitedForAgain) {
  hop_.has_neighbour = false;
  find();
  clock_.advance(seconds(3));
  ASSERT_EQ(find().hop.verdict, DropReason::tunnel_no_neighbour);
  clock_.advance(seconds(4));
  EXPECT_TRUE(find().is_resolving);
}

TEST_F(SttPathsStory, OnlySoManyAreAskedForInASecond) {
  for (uint32_t i = 0; i < 10000; ++i) {
    paths_.find(Ipv4Address::from_host(0x0a000000 + i), std::nullopt);
  }
  EXPECT_EQ(find("192.0.2.77").hop.verdict, DropReason::tunnel_no_route);
  clock_.advance(seconds(1));
  EXPECT_EQ(find("192.0.2.77").hop.verdict, keep);
}

}  // namespace
}  // namespace weft::datapath
