// Segments come into being as a table, groups are joined while somebody hears them, and what does not work says why.
#include "tests/vswitchd/config/reconciler_support.h"
#include "vswitchd/config/segment_spec.h"

namespace weft::config {
namespace {

using management::text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Datum flow_based() {
  Datum options;
  options.put(std::string("remote_ip"), std::string("flow"));
  options.put(std::string("key"), std::string("flow"));
  return options;
}

struct SegmentsTest : ReconcilerTest {
  SegmentsTest() { add_bridge("br0"); }

  void add_segment(const std::string& name, int64_t vni, management::Columns columns = {}) {
    const Uuid uuid = Uuid::random();
    columns["name"] = text(name);
    columns["vni"] = Datum::of(vni);
    Datum segments = (*database.find_by_name("Bridge", "br0"))["segments"];
    segments.add(uuid);
    change({insert("Segment", uuid, std::move(columns)),
            update("Bridge", uuid_of("Bridge", "br0"), {{"segments", segments}})});
  }
  void set_port(const std::string& name, management::Columns columns) {
    change({update("Port", uuid_of("Port", name), std::move(columns))});
  }
  std::string segment_error(const std::string& name) const {
    return (*database.find_by_name("Segment", name))["error"].string().value_or("");
  }
  std::optional<ofproto::SegmentInfo> running(const std::string& name) {
    return the_switch->bridge("br0")->segment_info(name);
  }
};

TEST_F(SegmentsTest, FollowTheRecords) {
  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  add_segment("red", 5001, {{"vteps", Datum::of_strings({"192.0.2.3", "192.0.2.2"})}});
  ASSERT_TRUE(running("red"));
  EXPECT_EQ(running("red")->segment->vni, 5001U);
  EXPECT_THAT(running("red")->segment->vteps,
              ElementsAre(IpAddress::parse("192.0.2.2"), IpAddress::parse("192.0.2.3")));
  EXPECT_EQ(running("red")->tunnel_port, "vxlan0");
  EXPECT_FALSE(running("red")->segment->suppress_arp);
  EXPECT_EQ(segment_error("red"), "");

  const auto before = running("red")->segment;
  add_segment("blue", 5002);
  EXPECT_EQ(running("red")->segment, before) << "what did not change is shared";
  change({update("Segment", uuid_of("Segment", "red"), {{"vteps", Datum{}}})});
  EXPECT_THAT(running("red")->segment->vteps, IsEmpty());
  change({update("Segment", uuid_of("Segment", "red"), {{"suppress_arp", Datum::of(true)}})});
  EXPECT_TRUE(running("red")->segment->suppress_arp);
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"segments", Datum::of(uuid_of("Segment", "blue"))}})});
  EXPECT_FALSE(running("red"));
  restart();
  EXPECT_TRUE(running("blue"));
}

TEST_F(SegmentsTest, SayWhyTheyReachNobody) {
  add_segment("red", 5001, {{"encap", text("geneve")}});
  EXPECT_THAT(segment_error("red"), HasSubstr("no working geneve port"));
  add_port("br0", "g0", {{"type", text("geneve")}, {"options", flow_based()}});
  EXPECT_EQ(segment_error("red"), "");
}

TEST_F(SegmentsTest, APortOfASegmentThatIsNotThereSaysSo) {
  add_port("br0", "p1");
  set_port("p1", {{"segment", text("red")}});
  EXPECT_THAT(error_of("p1"), HasSubstr("bridge br0 has no segment red"));
  add_segment("red", 5001);
  EXPECT_EQ(error_of("p1"), "");
}

TEST_F(SegmentsTest, APortWhoseSettingIsWithoutEffectSaysSo) {
  add_segment("red", 5001);
  add_port("br0", "p1");
  Datum vlans;
  vlans.put(int64_t{10}, std::string("red"));
  set_port("p1", {{"segment", text("red")}, {"segment_vlans", vlans}});
  EXPECT_THAT(error_of("p1"), HasSubstr("its segment_vlans are without effect"));
  set_port("p1", {{"segment", Datum{}}});
  EXPECT_EQ(error_of("p1"), "");
  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  set_port("vxlan0", {{"segment", text("red")}});
  EXPECT_THAT(error_of("vxlan0"), HasSubstr("its segment is without effect"));
  set_port("vxlan0", {{"segment", Datum{}}});
  EXPECT_EQ(error_of("vxlan0"), "");
}

TEST_F(SegmentsTest, LimitsAndTrustFollowTheRecords) {
  add_port("br0", "p1");
  add_segment("red", 5001, {{"mac_limit", Datum::of(int64_t{7})}, {"mac_limit_policy", text("evict")}});
  EXPECT_FALSE(running("red")->segment->any_vtep);
  EXPECT_EQ(running("red")->limit->limit, (ofproto::MacLimit{7, ofproto::MacLimitPolicy::evict}));
  change({update("Segment", uuid_of("Segment", "red"),
                 {{"any_vtep", Datum::of(true)}, {"mac_limit", Datum{}}, {"mac_limit_policy", Datum{}}})});
  EXPECT_TRUE(running("red")->segment->any_vtep);
  EXPECT_FALSE(running("red")->limit);

  const auto limits = [&] { return the_switch->bridge("br0")->fdb_stats().limits; };
  EXPECT_THAT(limits(), IsEmpty());
  set_port("p1", {{"mac_limit", Datum::of(int64_t{3})}});
  ASSERT_EQ(limits().size(), 1U);
  EXPECT_EQ(limits()[0].first, "port p1");
  EXPECT_EQ(limits()[0].second.limit, (ofproto::MacLimit{3, ofproto::MacLimitPolicy::flood}));
  restart();
  EXPECT_EQ(limits().size(), 1U);
  set_port("p1", {{"mac_limit", Datum{}}});
  EXPECT_THAT(limits(), IsEmpty());

  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  set_port("vxlan0", {{"mac_limit", Datum::of(int64_t{3})}});
  EXPECT_THAT(error_of("vxlan0"), HasSubstr("its mac_limit is without effect"));
}

TEST_F(SegmentsTest, AGroupIsJoinedWhileASegmentHasAPort) {
  const IpAddress group = *IpAddress::parse("239.1.1.1");
  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  add_port("br0", "p1");
  add_port("br0", "p2");
  for (const auto& [name, vni] : {std::pair("red", 1), std::pair("blue", 2)}) {
    add_segment(name, vni, {{"mode", text("multicast")}, {"group", text("239.1.1.1")}});
  }
  EXPECT_THAT(devices->groups, IsEmpty());
  set_port("p1", {{"segment", text("red")}});
  EXPECT_THAT(devices->groups, ElementsAre(group));
  set_port("p2", {{"segment", text("blue")}});
  set_port("p1", {{"segment", Datum{}}});
  EXPECT_THAT(devices->groups, ElementsAre(group)) << "the other segment has it, too";
  devices->take_away("p2");
  settle();
  EXPECT_THAT(devices->groups, IsEmpty());
}

TEST_F(SegmentsTest, TheIdsWhoseMssIsClampedFollowSegmentsAndTunnelPorts) {
  add_segment("red", 1, {{"mss_clamp", Datum::of(true)}});
  add_segment("blue", 2);
  EXPECT_THAT(devices->clamped, IsEmpty()) << "there is no port yet";
  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  EXPECT_THAT(devices->clamped, ElementsAre(1U));
  change({update("Segment", uuid_of("Segment", "blue"), {{"mss_clamp", Datum::of(true)}})});
  EXPECT_THAT(devices->clamped, ElementsAre(1U, 2U));
  devices->clamped.clear();
  Datum options = flow_based();
  options.put(std::string("ttl"), std::string("32"));
  set_interface("vxlan0", {{"options", options}});
  EXPECT_THAT(devices->clamped, ElementsAre(1U, 2U)) << "the port was made anew";
  change({update("Segment", uuid_of("Segment", "red"), {{"mss_clamp", Datum::of(false)}})});
  EXPECT_THAT(devices->clamped, ElementsAre(2U));
  change({update("Segment", uuid_of("Segment", "blue"), {{"mss_clamp", Datum::of(false)}})});
  EXPECT_THAT(devices->clamped, IsEmpty());
}

TEST_F(SegmentsTest, WhatGuestsMayDoFollowsTheRecords) {
  add_segment("red", 5001, {{"storm_limit", Datum::of(int64_t{1000})}, {"isolate_ports", Datum::of(true)}});
  EXPECT_EQ(running("red")->segment->storm_limit, 1000U);
  EXPECT_TRUE(running("red")->segment->isolates_ports);
  add_port("br0", "p1");
  set_port("p1", {{"storm_limit", Datum::of(int64_t{7})},
                  {"port_security", Datum::of_strings({"02:00:00:00:00:01 10.0.0.1"})}});
  EXPECT_EQ(the_switch->bridge("br0")->port("p1")->vlan.storm_limit, 7U);
  EXPECT_EQ(error_of("p1"), "");
  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  set_port("vxlan0", {{"storm_limit", Datum::of(int64_t{7})}});
  EXPECT_THAT(error_of("vxlan0"), HasSubstr("its storm_limit is without effect"));
}

TEST_F(SegmentsTest, APatchPortWithPortSecuritySaysThatItHasNone) {
  for (const auto& [name, peer] : {std::pair("x", "y"), std::pair("y", "x")}) {
    Datum options;
    options.put(std::string("peer"), std::string(peer));
    add_port("br0", name, {{"type", text("patch")}, {"options", options}});
  }
  EXPECT_EQ(error_of("x"), "");
  set_port("x", {{"port_security", Datum::of_strings({"02:00:00:00:00:01"})}});
  EXPECT_THAT(error_of("x"), HasSubstr("its port_security is without effect"));
}

TEST_F(SegmentsTest, AGroupThatCannotBeJoinedIsTriedAgain) {
  add_port("br0", "vxlan0", {{"type", text("vxlan")}, {"options", flow_based()}});
  add_port("br0", "p1");
  devices->group_error = "no way to 239.1.1.1";
  add_segment("red", 1, {{"mode", text("multicast")}, {"group", text("239.1.1.1")}});
  set_port("p1", {{"segment", text("red")}});
  EXPECT_EQ(segment_error("red"), "no way to 239.1.1.1");
  devices->group_error.clear();
  the_switch->device_changed(12345);
  follow();
  EXPECT_EQ(segment_error("red"), "");
  devices->group_error = "it went away";
  the_switch->underlay_changed();
  follow();
  EXPECT_EQ(segment_error("red"), "it went away");
  devices->group_error.clear();
  the_switch->underlay_changed();
  follow();
  EXPECT_EQ(segment_error("red"), "");
}

// Only a state file from elsewhere can have this.
TEST(SegmentSpec, OfTwoWithOneIdTheLaterIsLeftOut) {
  Database database = Database::make_empty();
  const Uuid bridge = Uuid::random(), first = Uuid::random(), second = Uuid::random();
  Datum segments;
  segments.add(first);
  segments.add(second);
  ASSERT_TRUE(database.apply({insert("Segment", first, {{"name", text("a")}, {"vni", Datum::of(int64_t{7})}}),
                              insert("Segment", second, {{"name", text("b")}, {"vni", Datum::of(int64_t{7})}}),
                              insert("Bridge", bridge, {{"name", text("br0")}, {"segments", segments}}),
                              update("Open_vSwitch", database.root().uuid, {{"bridges", Datum::of(bridge)}})},
                             management::Writer::loader));
  EXPECT_EQ(wanted_segments(database, *database.find_by_name("Bridge", "br0")).size(), 1U);
}

}  // namespace
}  // namespace weft::config
