// Limits of ports and segments on addresses: who is learned, whose frames are dropped, and what ends that.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/segment_frames.h"
#include "tests/support/test_switch.h"

namespace weft::mac_limit_story {
namespace {

using ofproto::MacLimit;
using ofproto::MacLimitPolicy;
using ofproto::Segment;
using ofproto::VlanConfig;
using segment_frames::from_remote;
using segment_frames::from_to;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* a = "02:00:00:00:00:0a";
constexpr const char* b = "02:00:00:00:00:0b";
constexpr const char* c = "02:00:00:00:00:0c";
constexpr const char* d = "02:00:00:00:00:0d";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";

// p1 may have two addresses.
class MacLimitStory : public ::testing::Test {
 protected:
  MacLimitStory() {
    sw.add_flow("actions=NORMAL");
    sw.add_port("p1");
    sw.add_port("p2");
    sw.add_port("p3");
  }

  void limit(size_t count, MacLimitPolicy policy, const char* port = "p1") {
    sw.bridge().set_vlan(port, {.mac_limit = MacLimit{count, policy}});
    sw.settle();
  }
  void receive(std::initializer_list<const char*> sources, const char* port = "p1") {
    for (const char* source : sources) {
      sw.receive(port, from_to(source, broadcast));
    }
  }
  std::string fdb() { return sw.bridge().fdb_show(); }
  uint64_t dropped() { return sw.drops(DropReason::mac_limit); }
  // Whether a frame of `source` gets through p1; nothing else is waiting at p2.
  bool passes(const char* source) {
    sw.sent("p2");
    receive({source});
    return !sw.sent("p2").empty();
  }

  TestSwitch sw{};
};

TEST_F(MacLimitStory, WithFloodTheRestIsForwardedButNotLearned) {
  limit(2, MacLimitPolicy::flood);
  receive({a, b, c});
  EXPECT_THAT(sw.sent("p2"), SizeIs(3));
  EXPECT_THAT(fdb(), Not(HasSubstr(c)));
  sw.sent("p3");
  sw.receive("p2", from_to(d, c));
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
  // Another port has its own room.
  receive({c}, "p2");
  EXPECT_THAT(fdb(), HasSubstr(c));
}

// Without that the address would stay unlearned for as long as its packets come.
TEST_F(MacLimitStory, WithFloodTheNextIsLearnedWhenThereIsRoom) {
  limit(2, MacLimitPolicy::flood);
  receive({a, b, c});
  ASSERT_THAT(fdb(), Not(HasSubstr(c)));
  ASSERT_TRUE(sw.bridge().fdb_remove("0", *MacAddress::parse(a)));
  sw.settle();
  receive({c});
  EXPECT_THAT(fdb(), HasSubstr(c));
}

TEST_F(MacLimitStory, WithDropTheRestIsDroppedAndCounted) {
  limit(2, MacLimitPolicy::drop);
  receive({a, b});
  sw.sent("p2");
  receive({c});
  const uint64_t misses = sw.misses();
  receive({c, c});

  EXPECT_THAT(sw.sent("p2"), IsEmpty());
  EXPECT_EQ(dropped(), 3U);
  EXPECT_EQ(sw.misses(), misses) << "the decision is not remembered";
  EXPECT_TRUE(passes(a));
  EXPECT_FALSE(passes(d));
  EXPECT_EQ(sw.bridge().fdb_stats().limits.at(0).second.count, 2U);
  EXPECT_GE(sw.bridge().fdb_stats().limits.at(0).second.refused, 2U);
}

TEST_F(MacLimitStory, RoomByRemovingAnEntryEndsTheDrop) {
  limit(2, MacLimitPolicy::drop);
  receive({a, b});
  ASSERT_FALSE(passes(c));
  ASSERT_TRUE(sw.bridge().fdb_remove("0", *MacAddress::parse(a)));
  sw.settle();
  EXPECT_TRUE(passes(c));
  EXPECT_FALSE(passes(a));
}

TEST_F(MacLimitStory, RoomByAFlushEndsTheDrop) {
  limit(2, MacLimitPolicy::drop);
  receive({a, b});
  ASSERT_FALSE(passes(c));
  sw.bridge().fdb_flush();
  sw.settle();
  EXPECT_TRUE(passes(c));
}

TEST_F(MacLimitStory, RoomByAgeingEndsTheDrop) {
  limit(2, MacLimitPolicy::drop);
  receive({a, b});
  for (int i = 0; i < 59; ++i) {
    ASSERT_FALSE(passes(c)) << "after " << i * 5 << " s";
    sw.advance(5);
    receive({b});
  }
  sw.advance(6);
  EXPECT_TRUE(passes(c));
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));
}

TEST_F(MacLimitStory, RoomByAMoveEndsTheDrop) {
  limit(2, MacLimitPolicy::drop);
  receive({a, b});
  ASSERT_FALSE(passes(c));
  receive({a}, "p3");
  sw.settle();
  EXPECT_TRUE(passes(c));
}

TEST_F(MacLimitStory, AHigherLimitOrNoneEndsTheDrop) {
  limit(2, MacLimitPolicy::drop);
  receive({a, b});
  ASSERT_FALSE(passes(c));
  limit(3, MacLimitPolicy::drop);
  EXPECT_TRUE(passes(c));
  ASSERT_FALSE(passes(d));
  sw.bridge().set_vlan("p1", {});
  sw.settle();
  EXPECT_TRUE(passes(d));
  EXPECT_THAT(fdb(), HasSubstr(a)) << "a limit that changes flushed the port";
}

TEST_F(MacLimitStory, AnotherPolicyIsInForceAtOnce) {
  limit(2, MacLimitPolicy::flood);
  receive({a, b});
  ASSERT_TRUE(passes(c));
  limit(2, MacLimitPolicy::drop);
  EXPECT_FALSE(passes(c));
  limit(2, MacLimitPolicy::evict);
  EXPECT_TRUE(passes(c));
  EXPECT_THAT(fdb(), HasSubstr(c));
}

TEST_F(MacLimitStory, ALowerLimitLetsWhatIsThereBe) {
  receive({a, b});
  limit(1, MacLimitPolicy::drop);
  EXPECT_TRUE(passes(a));
  EXPECT_TRUE(passes(b));
  EXPECT_FALSE(passes(c));
}

// What is known elsewhere is not taken over by a port that is full.
TEST_F(MacLimitStory, AFullPortTakesNobodysAddress) {
  limit(1, MacLimitPolicy::drop);
  receive({a});
  receive({b}, "p2");
  sw.sent("p3");
  receive({b});
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
  sw.receive("p3", from_to(c, b));
  EXPECT_THAT(sw.sent("p2"), SizeIs(2));  // a's broadcast, and this
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));  // b's broadcast alone
}

TEST_F(MacLimitStory, WithEvictTheOneUnusedLongestGoes) {
  limit(2, MacLimitPolicy::evict);
  receive({d}, "p2");
  sw.advance(1);
  receive({a});
  sw.advance(1);
  receive({b});
  sw.advance(1);
  receive({a});  // by its cached decision
  sw.collect();
  sw.advance(1);
  receive({c});

  EXPECT_THAT(fdb(), HasSubstr(a));
  EXPECT_THAT(fdb(), Not(HasSubstr(b)));
  EXPECT_THAT(fdb(), HasSubstr(c));
  EXPECT_THAT(fdb(), HasSubstr(d));
  // Its cached decision went with it: it comes back.
  receive({b});
  EXPECT_THAT(fdb(), HasSubstr(b));
  EXPECT_EQ(sw.bridge().fdb_stats().limits.at(0).second.evicted, 2U);
}

TEST_F(MacLimitStory, PortsKeepTheirLimitsWhenTheyComeBack) {
  limit(1, MacLimitPolicy::drop);
  receive({a});
  sw.remove_port("p1");
  sw.add_port("p1", {.mac_limit = MacLimit{1, MacLimitPolicy::drop}});
  receive({b});
  EXPECT_THAT(fdb(), HasSubstr(b));
  EXPECT_FALSE(passes(c));
}

// --- segments

TEST_F(MacLimitStory, ASegmentsLimitCountsBothSidesOfItsTunnels) {
  sw.add_tunnel("vx0");
  sw.add_port("r1", {.segment = "red"});
  sw.add_port("r2", {.segment = "red"});
  Segment red{.name = "red",
              .vni = 5001,
              .vteps = {*IpAddress::parse("192.0.2.2")},
              .mac_limit = MacLimit{2, MacLimitPolicy::drop}};
  sw.set_segments({red});
  receive({a}, "r1");
  sw.receive("vx0", from_to(b, broadcast), from_remote("192.0.2.2"));
  sw.sent("r2");

  receive({c}, "r1");
  sw.receive("vx0", from_to(d, broadcast), from_remote("192.0.2.2"));
  EXPECT_THAT(sw.sent("r2"), IsEmpty());
  EXPECT_EQ(dropped(), 2U);
  const auto info = sw.bridge().segment_info("red");
  ASSERT_TRUE(info->limit);
  EXPECT_EQ(info->limit->count, 2U);
  EXPECT_EQ(info->limit->refused, 2U);

  // VLANs do not care, and a guest that moves has its place.
  receive({c, d}, "p1");
  sw.receive("vx0", from_to(a, broadcast), from_remote("192.0.2.2"));
  EXPECT_EQ(dropped(), 2U);

  red.mac_limit = MacLimit{3, MacLimitPolicy::drop};
  sw.set_segments({red});
  receive({c}, "r1");
  EXPECT_EQ(dropped(), 2U);
  EXPECT_THAT(fdb(), HasSubstr("red  02:00:00:00:00:0c"));
}

TEST_F(MacLimitStory, ASegmentMadeAnewStartsWithRoom) {
  sw.add_port("r1", {.segment = "red"});
  const MacLimit one{1, MacLimitPolicy::drop};
  sw.set_segments({{.name = "red", .vni = 5001, .mac_limit = one}});
  receive({a, b}, "r1");
  ASSERT_EQ(dropped(), 1U);
  sw.bridge().update_segments({.set = {{.name = "red", .vni = 5002, .mac_limit = one}}, .removed = {"red"}});
  sw.settle();
  receive({b}, "r1");
  EXPECT_EQ(dropped(), 1U);
  receive({a}, "r1");
  EXPECT_EQ(dropped(), 2U);
  sw.bridge().update_segments({.set = {}, .removed = {"red"}});
  sw.settle();
  EXPECT_THAT(sw.bridge().fdb_stats().limits, IsEmpty());
}

}  // namespace
}  // namespace weft::mac_limit_story
