#include "datapath/tunnel/path_cache.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/datapath/tunnel/stub_port.h"

namespace weft::datapath {
namespace {

class PathCacheStory : public ::testing::Test {
 protected:
  PathCacheStory()
      : cache_(clock_, 3, [this](const IpAddress& remote, const std::optional<IpAddress>&) { return answer(remote); }) {
  }

  Result<netlink::RouteAnswer, OsError> answer(const IpAddress& remote) {
    ++asked_;
    if (remote == ip("203.0.113.1")) {
      return Unexpected(os_error(ENETUNREACH, "look up"));
    }
    netlink::RouteAnswer found;
    found.mtu = mtu_;
    found.is_local = remote == ip("192.0.2.1");
    return found;
  }

  ManualClock clock_;
  uint32_t mtu_ = 1600;
  int asked_ = 0;
  PathCache cache_;
};

TEST_F(PathCacheStory, AsksOnceASecond) {
  EXPECT_EQ(cache_.find(ip("192.0.2.2"))->mtu, 1600U);
  mtu_ = 1400;
  EXPECT_EQ(cache_.find(ip("192.0.2.2"))->mtu, 1600U);
  EXPECT_EQ(asked_, 1);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(cache_.find(ip("192.0.2.2"))->mtu, 1400U);
}

TEST_F(PathCacheStory, AsksAgainAtOnceForWhatWasForgotten) {
  cache_.find(ip("192.0.2.2"));
  mtu_ = 1400;
  cache_.forget(ip("192.0.2.2"));
  EXPECT_EQ(cache_.find(ip("192.0.2.2"))->mtu, 1400U);
}

TEST_F(PathCacheStory, TellsWhyThereIsNoWay) {
  EXPECT_EQ(cache_.find(ip("203.0.113.1"))->verdict, DropReason::tunnel_no_route);
  EXPECT_EQ(cache_.find(ip("192.0.2.1"))->verdict, DropReason::tunnel_own_address);
  EXPECT_EQ(cache_.find(ip("192.0.2.2"))->verdict, keep);
}

TEST_F(PathCacheStory, StrangersCannotMakeItAskWithoutEnd) {
  for (uint32_t i = 0; i < 100; ++i) {
    cache_.find(Ipv4Address::from_host(0x0a000000 + i));
  }
  EXPECT_EQ(asked_, 3);
  EXPECT_EQ(cache_.find(ip("192.0.2.2")), nullptr);
  EXPECT_NE(cache_.find(ip("10.0.0.0")), nullptr) << "what is known stays known";
  clock_.advance(std::chrono::seconds(1));
  EXPECT_NE(cache_.find(ip("192.0.2.2")), nullptr);
}

// A peer's packets were dropped for want of a route because strangers had used up the second's questions.
TEST_F(PathCacheStory, StrangersTakeAwayNoPathThatIsKnown) {
  cache_.find(ip("192.0.2.2"));
  clock_.advance(std::chrono::seconds(1));
  for (uint32_t i = 0; i < 100; ++i) {
    cache_.find(Ipv4Address::from_host(0x0a000000 + i));
  }
  mtu_ = 1400;
  const Path* path = cache_.find(ip("192.0.2.2"));
  ASSERT_NE(path, nullptr);
  EXPECT_EQ(path->mtu, 1600U) << "the old answer";
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(cache_.find(ip("192.0.2.2"))->mtu, 1400U);
}

TEST_F(PathCacheStory, TheSourceAddressIsPartOfTheQuestion) {
  cache_.find(ip("192.0.2.2"));
  cache_.find(ip("192.0.2.2"), ip("192.0.2.7"));
  EXPECT_EQ(asked_, 2);
}

}  // namespace
}  // namespace weft::datapath
