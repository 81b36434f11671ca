// Segments and the hosts beyond their tunnels: who is heard, who may teach where an address is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/segment_frames.h"
#include "tests/support/test_switch.h"

namespace weft::segment_trust_story {
namespace {

using ofproto::Segment;
using ofproto::SegmentMode;
using segment_frames::from_remote;
using segment_frames::from_to;
using segment_frames::ip;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* a = "02:00:00:00:00:0a";
constexpr const char* b = "02:00:00:00:00:0b";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";
constexpr const char* listed = "192.0.2.2";
constexpr const char* stranger = "192.0.2.9";

// Two ports in `red`, whose list has one other host.
class SegmentTrust : public ::testing::Test {
 protected:
  SegmentTrust() {
    sw.add_flow("actions=NORMAL");
    sw.add_tunnel("vx0");
    sw.add_port("r1", {.segment = "red"});
    sw.add_port("r2", {.segment = "red"});
    sw.set_segments({red});
  }

  void hear(const char* src, const char* remote) { sw.receive("vx0", from_to(src, broadcast), from_remote(remote)); }
  uint64_t dropped() { return sw.drops(DropReason::unknown_vtep); }
  std::string fdb() { return sw.bridge().fdb_show(); }
  std::vector<std::string> remotes_sent_to() {
    std::vector<std::string> remotes;
    for (const datapath::MemoryFrame& sent : sw.sent_with_metadata("vx0")) {
      remotes.push_back(sent.tunnel.destination().to_string());
    }
    return remotes;
  }

  Segment red{.name = "red", .vni = 5001, .mode = SegmentMode::replicate, .vteps = {ip(listed)}};
  TestSwitch sw{};
};

TEST_F(SegmentTrust, AStrangerIsNeitherHeardNorBelieved) {
  hear(a, stranger);
  hear(a, stranger);
  EXPECT_EQ(dropped(), 2U);
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));
  EXPECT_EQ(sw.misses(), 1U) << "the decision is not remembered";

  hear(a, listed);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  // Nor can it take an address over.
  hear(a, stranger);
  sw.receive("r1", from_to(b, a));
  EXPECT_THAT(remotes_sent_to(), ElementsAre(listed));
  EXPECT_EQ(dropped(), 3U);
}

TEST_F(SegmentTrust, AHostIsHeardFromWhenItIsInTheListAndForgottenWhenItLeaves) {
  hear(a, stranger);
  red.vteps = {ip(listed), ip(stranger)};
  sw.set_segments({red});
  hear(a, stranger);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  hear(b, listed);
  EXPECT_EQ(dropped(), 1U);

  red.vteps = {ip(listed)};
  sw.set_segments({red});
  hear(a, stranger);
  EXPECT_EQ(dropped(), 2U);
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));
  EXPECT_THAT(fdb(), HasSubstr(b));
}

TEST_F(SegmentTrust, AnEmptyListHearsNobody) {
  red.vteps.clear();
  sw.set_segments({red});
  hear(a, listed);
  EXPECT_EQ(dropped(), 1U);
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
}

TEST_F(SegmentTrust, AnyVtepHearsEverybody) {
  red.any_vtep = true;
  sw.set_segments({red});
  hear(a, stranger);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  sw.receive("r1", from_to(b, a));
  EXPECT_THAT(remotes_sent_to(), ElementsAre(stranger));
  EXPECT_EQ(dropped(), 0U);

  red.any_vtep = false;
  sw.set_segments({red});
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));
}

TEST_F(SegmentTrust, AGroupHearsEverybody) {
  sw.set_segments({{.name = "red", .vni = 5001, .mode = SegmentMode::multicast, .group = ip("239.1.1.1")}});
  hear(a, stranger);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  EXPECT_THAT(fdb(), HasSubstr(a));
}

TEST_F(SegmentTrust, IPv6StrangersAreStrangersToo) {
  TunnelMetadata tunnel = from_remote("2001:db8::9");
  tunnel.set_destination(ip("2001:db8::1"));
  sw.receive("vx0", from_to(a, broadcast), tunnel);
  EXPECT_EQ(dropped(), 1U);
}

TEST_F(SegmentTrust, UnderAControllerTunnelsTeachNothing) {
  sw.set_segments({{.name = "red", .vni = 5001, .mode = SegmentMode::controller}});
  hear(a, stranger);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));
  sw.receive("r1", from_to(b, a));
  EXPECT_THAT(fdb(), HasSubstr(b));
  EXPECT_THAT(remotes_sent_to(), IsEmpty());

  // Nor that a local address is elsewhere.
  hear(b, stranger);
  sw.sent("r1");
  sw.receive("r2", from_to(a, b));
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));

  ASSERT_TRUE(sw.bridge().fdb_add("vx0", "red", *MacAddress::parse(a), ip(stranger)));
  sw.settle();
  sw.receive("r1", from_to(b, a));
  EXPECT_THAT(remotes_sent_to(), ElementsAre(stranger));
}

TEST_F(SegmentTrust, ASegmentThatAControllerTakesOverForgetsWhatTunnelsTaught) {
  hear(a, listed);
  sw.receive("r1", from_to(b, broadcast));
  sw.set_segments({{.name = "red", .vni = 5001, .mode = SegmentMode::controller}});
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));
  EXPECT_THAT(fdb(), HasSubstr(b));
}

// --- OAM

TEST_F(SegmentTrust, OamPacketsReachNoGuest) {
  TunnelMetadata oam = from_remote(listed);
  oam.flags |= TunnelMetadata::flag_oam;
  sw.receive("vx0", from_to(a, broadcast), oam);
  EXPECT_EQ(sw.drops(DropReason::tunnel_oam), 1U);
  EXPECT_THAT(sw.sent("r1"), IsEmpty());
  EXPECT_THAT(fdb(), Not(HasSubstr(a)));

  hear(a, listed);
  EXPECT_THAT(sw.sent("r1"), SizeIs(1));
  sw.receive("vx0", from_to(a, broadcast), oam);
  EXPECT_EQ(sw.drops(DropReason::tunnel_oam), 2U);

  sw.add_flow("priority=40000,tun_flags=+oam,actions=output:r2");
  sw.sent("r2");
  sw.receive("vx0", from_to(a, broadcast), oam);
  EXPECT_THAT(sw.sent("r2"), SizeIs(1));
  EXPECT_EQ(sw.drops(DropReason::tunnel_oam), 2U);
}

TEST_F(SegmentTrust, OamPacketsAreInNoVlanEither) {
  TestSwitch other{};
  other.add_flow("actions=NORMAL");
  other.add_tunnel("vx0");
  other.add_port("v1");
  TunnelMetadata oam = from_remote(listed);
  oam.flags |= TunnelMetadata::flag_oam;
  other.receive("vx0", from_to(a, broadcast), oam);
  EXPECT_EQ(other.drops(DropReason::tunnel_oam), 1U);
  EXPECT_THAT(other.sent("v1"), IsEmpty());
}

// --- the same list on all hosts

TEST_F(SegmentTrust, AListMayNameTheHostItself) {
  red.vteps = {ip("192.0.2.1"), ip(listed)};
  sw.set_segments({red});
  sw.the_switch().set_own_addresses({ip("192.0.2.1"), ip("127.0.0.1")});
  sw.settle();
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(remotes_sent_to(), ElementsAre(listed));

  // An address moves to another host while it runs.
  sw.the_switch().set_own_addresses({ip("127.0.0.1"), ip(listed)});
  sw.settle();
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(remotes_sent_to(), ElementsAre("192.0.2.1"));
}

TEST_F(SegmentTrust, AListOfTheHostAloneSendsNothing) {
  sw.the_switch().set_own_addresses({ip(listed)});
  sw.remove_port("r2");
  sw.receive("r1", from_to(a, broadcast));
  EXPECT_THAT(remotes_sent_to(), IsEmpty());
  EXPECT_EQ(sw.drops(DropReason::no_output), 1U);
}

}  // namespace
}  // namespace weft::segment_trust_story
