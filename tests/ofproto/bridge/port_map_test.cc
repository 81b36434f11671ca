#include "ofproto/bridge/port_map.h"

#include <gtest/gtest.h>

namespace weft::ofproto {
namespace {

PortRequest named(std::string name, std::optional<uint16_t> number = std::nullopt) {
  return {.name = std::move(name), .attachment = PatchSpec{"peer"}, .ofport_request = number, .vlan = {}};
}

OfPort add(PortMap& map, const PortRequest& request) {
  BridgePort port;
  port.request = request;
  port.of_port = map.choose_number(request, "br0").value();
  return map.insert(std::move(port)).of_port;
}

TEST(PortMap, LowestFreeNumberIsGiven) {
  PortMap map;
  EXPECT_EQ(add(map, named("a")), OfPort{1});
  EXPECT_EQ(add(map, named("b", 3)), OfPort{3});
  EXPECT_EQ(add(map, named("c")), OfPort{2});
  EXPECT_EQ(add(map, named("d")), OfPort{4});
}

TEST(PortMap, NumberThatIsTakenOrReservedIsNotHonoured) {
  PortMap map;
  add(map, named("a", 7));
  EXPECT_EQ(add(map, named("b", 7)), OfPort{1});
  EXPECT_EQ(add(map, named("c", 0xfffd)), OfPort{2});
  EXPECT_EQ(add(map, named("d", 0)), OfPort{3});
}

TEST(PortMap, NameKeepsItsNumberWhileItIsAway) {
  PortMap map;
  add(map, named("a"));
  add(map, named("b"));
  map.erase(OfPort{1});
  EXPECT_EQ(add(map, named("c")), OfPort{3});
  EXPECT_EQ(add(map, named("a")), OfPort{1});
}

// A name that had another number before is found by the one it has.
TEST(PortMap, NameWhoseNumberWasTakenGetsAnotherAndIsFound) {
  PortMap map;
  add(map, named("a"));
  map.erase(OfPort{1});
  add(map, named("b", 1));
  EXPECT_EQ(map.find("a"), nullptr);
  EXPECT_EQ(add(map, named("a")), OfPort{2});
  EXPECT_EQ(map.find("a")->of_port, OfPort{2});
  EXPECT_EQ(map.find("b")->of_port, OfPort{1});
}

// OpenFlow 1.3.5 section 6.5.1.
TEST(BridgePort, IsNotLiveWhileItIsDown) {
  BridgePort port;
  port.request = named("a");
  EXPECT_EQ(port.desc().state, openflow::port_state::live);
  port.config = openflow::port_config::down;
  EXPECT_EQ(port.desc().state, 0U);
}

TEST(PortMap, BridgesOwnNameIsLocal) {
  PortMap map;
  EXPECT_EQ(add(map, named("br0")), of_port::local);
}

TEST(PortMap, VlanModeFollowsFromTagAndTrunks) {
  BridgePort port;
  port.request = named("a");
  EXPECT_FALSE(port.view().vlan.is_access);
  EXPECT_TRUE(port.view().vlan.carries(4000));

  port.request.vlan.tag = 10;
  EXPECT_TRUE(port.view().vlan.is_access);
  EXPECT_FALSE(port.view().vlan.carries(11));
  EXPECT_FALSE(port.view().vlan.sends_tagged(10));

  port.request.vlan.trunks = {20};
  EXPECT_FALSE(port.view().vlan.is_access);
  EXPECT_TRUE(port.view().vlan.carries(10));
  EXPECT_TRUE(port.view().vlan.carries(20));
  EXPECT_FALSE(port.view().vlan.carries(30));
  EXPECT_TRUE(port.view().vlan.sends_tagged(10));
}

}  // namespace
}  // namespace weft::ofproto
