// NORMAL: learning, flooding, VLANs of ports, ageing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using ofproto::VlanConfig;
using ofproto::VlanMode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* a = "02:00:00:00:00:0a";
constexpr const char* b = "02:00:00:00:00:0b";
constexpr const char* broadcast = "ff:ff:ff:ff:ff:ff";

Frame from_to(const char* src, const char* dst) {
  return frame().eth(src, dst).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(18);
}
Frame tagged(const char* src, const char* dst, uint16_t vid, uint8_t pcp = 0) {
  return frame().eth(src, dst).vlan(vid, pcp).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload_size(18);
}

TEST(NormalStory, UnknownFloodsAndLearnedGoesToItsPort) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=NORMAL");

  sw.receive("p1", from_to(a, b));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));

  sw.receive("p2", from_to(b, a));
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());

  sw.receive("p1", from_to(a, b));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

// The answer comes before anything else has time to happen: who asked is known when it does.
TEST(NormalStory, AddressIsLearnedBeforeItsPacketLeaves) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=NORMAL");

  sw.receive("p1", from_to(a, broadcast));

  EXPECT_THAT(sw.bridge().fdb_show(), HasSubstr("    1     0  02:00:00:00:00:0a    0"));
}

// What a packet teaches late does not change what it met before.
TEST(NormalStory, AddressLearnedBehindItsLookUpCountsForTheNextPacket) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow(std::string("actions=NORMAL,set_field:") + b + "->eth_src,NORMAL");

  sw.receive("p1", from_to(a, b));
  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_EQ(sw.megaflow_count(), 0U);

  sw.receive("p1", from_to(a, b));
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
}

TEST(NormalStory, AddressThatMovesIsFollowedAtOnce) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, broadcast));
  sw.receive("p2", from_to(b, a));
  EXPECT_THAT(sw.sent("p1"), SizeIs(1));

  sw.receive("p3", from_to(a, broadcast));
  sw.sent("p1");
  sw.sent("p3");
  sw.receive("p2", from_to(b, a));

  EXPECT_THAT(sw.sent("p1"), IsEmpty());
  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

// The megaflow of the old port must not outlive the move, or the address could not move back.
TEST(NormalStory, AddressMovesBackAgain) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, broadcast));
  sw.receive("p3", from_to(a, broadcast));
  sw.receive("p1", from_to(a, broadcast));
  sw.sent("p1");
  sw.sent("p3");

  sw.receive("p2", from_to(b, a));

  EXPECT_THAT(sw.sent("p1"), SizeIs(1));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

TEST(NormalStory, PacketToItsOwnPortIsDropped) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, broadcast));
  sw.receive("p1", from_to(b, a));

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
  EXPECT_EQ(sw.drops(DropReason::no_output), 1U);
}

TEST(NormalStory, MulticastSourceIsNotLearned) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=NORMAL");

  sw.receive("p1", from_to("03:00:00:00:00:01", b));

  EXPECT_EQ(sw.bridge().fdb_show(), " port  VLAN  MAC                Age\n");
}

TEST(NormalStory, LinkLocalAddressesStayUnlessForwarded) {
  TestSwitch sw{"p1", "p2"};
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, "01:80:c2:00:00:00"));
  EXPECT_EQ(sw.drops(DropReason::reserved_address), 1U);

  ofproto::BridgeOptions options = sw.bridge().options();
  options.forward_bpdu = true;
  sw.bridge().set_options(options);
  sw.settle();
  sw.receive("p1", from_to(a, "01:80:c2:00:00:00"));

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

TEST(NormalStory, AddressAgesUnlessItIsUsed) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, broadcast));
  sw.receive("p2", from_to(b, broadcast));

  // Packets of a cached decision keep `a` alive; `b` is silent.
  for (int i = 0; i < 65; ++i) {
    sw.advance(5);
    sw.receive("p1", from_to(a, broadcast));
  }

  EXPECT_THAT(sw.bridge().fdb_show(), HasSubstr(a));
  EXPECT_THAT(sw.bridge().fdb_show(), ::testing::Not(HasSubstr(b)));
}

TEST(NormalStory, FlushForgetsAndFloodsAgain) {
  TestSwitch sw{"p1", "p2", "p3"};
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, broadcast));
  sw.receive("p2", from_to(b, a));
  sw.sent("p3");

  sw.bridge().fdb_flush();
  sw.settle();
  sw.receive("p2", from_to(b, a));

  EXPECT_THAT(sw.sent("p3"), SizeIs(1));
}

TEST(NormalStory, TableOfAddressesIsBounded) {
  TestSwitch sw{"p1", "p2"};
  ofproto::BridgeOptions options = sw.bridge().options();
  options.mac_limit = 8;
  sw.bridge().set_options(options);
  sw.add_flow("actions=NORMAL");

  for (int i = 0; i < 50; ++i) {
    sw.receive("p1", frame()
                         .eth(MacAddress::from_uint64(0x020000001000 + static_cast<uint64_t>(i)), b)
                         .ipv4("10.0.0.1", "10.0.0.2")
                         .udp(1, 2));
  }
  sw.receive("p2", from_to(a, broadcast));

  const std::string fdb = sw.bridge().fdb_show();
  EXPECT_EQ(std::ranges::count(fdb, '\n'), 1 + 6 + 1);  // three quarters for one port, and the other's
  EXPECT_THAT(fdb, HasSubstr(a));
}

// --- VLANs

TEST(NormalVlanStory, AccessPortsOfOneVlanTalkWithoutTags) {
  TestSwitch sw{};
  sw.add_port("p1", {.tag = 10});
  sw.add_port("p2", {.tag = 10});
  sw.add_port("p3", {.tag = 20});
  sw.add_flow("actions=NORMAL");

  sw.receive("p1", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("p2"), ElementsAre(from_to(a, broadcast)));
  EXPECT_THAT(sw.sent("p3"), IsEmpty());
}

TEST(NormalVlanStory, TrunkCarriesTheTagAndAccessDoesNot) {
  TestSwitch sw{};
  sw.add_port("access", {.tag = 10});
  sw.add_port("trunk", {.trunks = {10, 20}});
  sw.add_port("other", {.trunks = {20}});
  sw.add_flow("actions=NORMAL");

  sw.receive("access", from_to(a, broadcast));
  sw.receive("trunk", tagged(b, a, 10, 5));

  EXPECT_THAT(sw.sent("trunk"), ElementsAre(tagged(a, broadcast, 10)));
  EXPECT_THAT(sw.sent("access"), ElementsAre(from_to(b, a)));
  EXPECT_THAT(sw.sent("other"), IsEmpty());
}

TEST(NormalVlanStory, FloodTagsForTrunksOnly) {
  TestSwitch sw{"trunk"};
  sw.add_port("in", {.tag = 10});
  sw.add_port("out", {.tag = 10});
  sw.add_flow("actions=NORMAL");

  sw.receive("in", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("out"), ElementsAre(from_to(a, broadcast)));
  EXPECT_THAT(sw.sent("trunk"), ElementsAre(tagged(a, broadcast, 10)));
}

TEST(NormalVlanStory, TagOnAnAccessPortIsRefused) {
  TestSwitch sw{"p2"};
  sw.add_port("access", {.tag = 10});
  sw.add_flow("actions=NORMAL");

  sw.receive("access", tagged(a, broadcast, 10));

  EXPECT_EQ(sw.drops(DropReason::vlan_not_allowed), 1U);
  EXPECT_THAT(sw.sent("p2"), IsEmpty());
}

TEST(NormalVlanStory, NativeVlanLeavesTaggedOrNot) {
  TestSwitch sw{};
  sw.add_port("untagged", {.mode = VlanMode::native_untagged, .tag = 10, .trunks = {20}});
  sw.add_port("tagged", {.mode = VlanMode::native_tagged, .tag = 10, .trunks = {20}});
  sw.add_port("access", {.tag = 10});
  sw.add_flow("actions=NORMAL");

  sw.receive("access", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("untagged"), ElementsAre(from_to(a, broadcast)));
  EXPECT_THAT(sw.sent("tagged"), ElementsAre(tagged(a, broadcast, 10)));

  sw.receive("untagged", from_to(b, a));
  EXPECT_THAT(sw.sent("access"), ElementsAre(from_to(b, a)));
}

TEST(NormalVlanStory, SameAddressInTwoVlansIsTwoAddresses) {
  TestSwitch sw{"trunk"};
  sw.add_port("ten", {.tag = 10});
  sw.add_port("twenty", {.tag = 20});
  sw.add_flow("actions=NORMAL");
  sw.receive("ten", from_to(a, broadcast));
  sw.receive("twenty", from_to(a, broadcast));
  sw.sent("trunk");

  sw.receive("trunk", tagged(b, a, 10));
  EXPECT_THAT(sw.sent("ten"), SizeIs(1));
  EXPECT_THAT(sw.sent("twenty"), IsEmpty());

  sw.receive("trunk", tagged(b, a, 20));
  EXPECT_THAT(sw.sent("ten"), IsEmpty());
  EXPECT_THAT(sw.sent("twenty"), SizeIs(1));
}

TEST(NormalVlanStory, ChangedConfigurationTakesEffectAtOnce) {
  TestSwitch sw{};
  sw.add_port("p1", {.tag = 10});
  sw.add_port("p2", {.tag = 20});
  sw.add_flow("actions=NORMAL");
  sw.receive("p1", from_to(a, broadcast));
  EXPECT_THAT(sw.sent("p2"), IsEmpty());

  sw.bridge().set_vlan("p2", {.tag = 10});
  sw.settle();
  sw.receive("p1", from_to(a, broadcast));

  EXPECT_THAT(sw.sent("p2"), SizeIs(1));
}

// Segments of the network that share a bridge through patch ports are still one VLAN.
TEST(NormalVlanStory, NormalCrossesPatchPorts) {
  TestSwitch sw{"p1"};
  sw.add_bridge("br1", {.fail_mode = ofproto::FailMode::secure});
  sw.add_port("q1", {}, "br1");
  sw.connect("br0", "to1", "br1", "to0");
  sw.add_flow("actions=NORMAL");
  sw.add_flow("actions=NORMAL", "br1");

  sw.receive("p1", from_to(a, b));
  sw.receive("q1", from_to(b, a));

  EXPECT_THAT(sw.sent("q1"), ElementsAre(from_to(a, b)));
  EXPECT_THAT(sw.sent("p1"), ElementsAre(from_to(b, a)));
  EXPECT_THAT(sw.bridge().fdb_show(), HasSubstr(b));
}

}  // namespace
}  // namespace weft
