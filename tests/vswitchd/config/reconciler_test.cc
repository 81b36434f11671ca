// What is wanted comes into being, with the numbers it had; what cannot be says why.
#include "vswitchd/config/reconciler.h"

#include <filesystem>

#include "tests/vswitchd/config/reconciler_support.h"

namespace weft::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(ReconcilerTest, MakesWhatIsWanted) {
  add_bridge("br0");
  add_port("br0", "p1");
  ASSERT_NE(the_switch->bridge("br0"), nullptr);
  EXPECT_EQ(number_of("br0"), 65534);
  EXPECT_EQ(number_of("p1"), 1);
  EXPECT_EQ(error_of("p1"), "");
  EXPECT_EQ(interface("p1")["statistics"].at("rx_packets"), std::nullopt) << "a number, not a text";
  EXPECT_TRUE(interface("p1")["statistics"].contains(std::string("rx_packets")));
  EXPECT_EQ((*database.find_by_name("Bridge", "br0"))["datapath_id"].string()->size(), 16u);
  EXPECT_TRUE(std::filesystem::exists(rundir + "/br0.mgmt"));
}

TEST_F(ReconcilerTest, TakesAwayWhatIsNot) {
  add_bridge("br0");
  add_port("br0", "p1");
  Datum ports = (*database.find_by_name("Bridge", "br0"))["ports"];
  ports.erase(uuid_of("Port", "p1"));
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"ports", ports}})});
  EXPECT_FALSE(the_switch->bridge("br0")->port("p1"));
  change({update("Open_vSwitch", database.root().uuid, {{"bridges", Datum{}}})});
  EXPECT_EQ(the_switch->bridge("br0"), nullptr);
  EXPECT_FALSE(std::filesystem::exists(rundir + "/br0.mgmt"));
}

// A bridge of 200 ports went in one piece: nobody was answered for seven seconds.
TEST_F(ReconcilerTest, ALargeBridgeGoesInSlices) {
  add_bridge("br0");
  for (const char* name : {"p1", "p2", "p3", "p4"}) {
    add_port("br0", name);
  }
  devices->removal_time = std::chrono::milliseconds(6);
  std::set<size_t> seen;
  std::function<void()> look = [&] {
    seen.insert(devices->removed_count);
    if (devices->removed_count < 5) {
      loop.post(look);
    }
  };
  loop.post(look);
  change({update("Open_vSwitch", database.root().uuid, {{"bridges", Datum{}}})});
  EXPECT_EQ(the_switch->bridge("br0"), nullptr);
  EXPECT_THAT(seen, testing::IsSupersetOf({1u, 2u, 3u, 4u})) << "others had their turn between any two";
}

TEST_F(ReconcilerTest, WhatDidNotChangeStays) {
  add_bridge("br0");
  add_port("br0", "p1");
  const auto added = devices->added;
  set_interface("p1", {{"external_ids", Datum{}}});
  change({update("Port", uuid_of("Port", "p1"), {{"tag", Datum::of(int64_t{5})}})});
  EXPECT_EQ(devices->added, added);
  EXPECT_EQ(the_switch->bridge("br0")->port("p1")->vlan.tag, 5);
}

TEST_F(ReconcilerTest, QueuesFollowTheirRecordsAndThePortStays) {
  add_bridge("br0");
  add_port("br0", "p1");
  const auto added = devices->added;
  const Uuid qos = Uuid::random();
  const Uuid queue = Uuid::random();
  Datum queues;
  queues.put(int64_t{1}, queue);
  Datum limit;
  limit.put(std::string("max-rate"), std::string("1000"));
  change({insert("Queue", queue, {{"other_config", limit}}),
          insert("QoS", qos, {{"type", management::text("linux-htb")}, {"queues", queues}}),
          update("Port", uuid_of("Port", "p1"), {{"qos", Datum::of(qos)}})});
  const auto rate_in_trace = [this] {
    const auto text = the_switch->trace({.bridge = "br0", .flow = "in_port=LOCAL,udp", .actions = "enqueue:p1:1"});
    return text ? *text : text.error().render();
  };
  EXPECT_THAT(rate_in_trace(), HasSubstr("max-rate 1000 bit/s"));

  limit.put(std::string("max-rate"), std::string("2000"));
  change({update("Queue", queue, {{"other_config", limit}})});
  EXPECT_THAT(rate_in_trace(), HasSubstr("max-rate 2000 bit/s"));
  EXPECT_EQ(devices->added, added);

  restart();
  EXPECT_THAT(rate_in_trace(), HasSubstr("max-rate 2000 bit/s"));
  change({update("Port", uuid_of("Port", "p1"), {{"qos", Datum{}}})});
  EXPECT_TRUE(the_switch->bridge("br0")->queue_numbers(OfPort{1}).empty());
}

TEST_F(ReconcilerTest, APatchPortSaysThatItHasNoQueues) {
  add_bridge("br0");
  add_bridge("br1");
  const auto peer = [](const char* name) {
    Datum options;
    options.put(std::string("peer"), std::string(name));
    return management::Columns{{"type", management::text("patch")}, {"options", options}};
  };
  add_port("br0", "to1", peer("to0"));
  add_port("br1", "to0", peer("to1"));
  EXPECT_EQ(error_of("to1"), "");
  const Uuid qos = Uuid::random();
  change({insert("QoS", qos, {{"type", management::text("linux-htb")}}),
          update("Port", uuid_of("Port", "to1"), {{"qos", Datum::of(qos)}})});
  EXPECT_EQ(error_of("to1"), "to1: a patch port has no queues: its qos is without effect");
  change({update("Port", uuid_of("Port", "to1"), {{"qos", Datum{}}})});
  EXPECT_EQ(error_of("to1"), "");
}

TEST_F(ReconcilerTest, OtherOptionsMakeThePortAnew) {
  add_bridge("br0");
  add_port("br0", "p1");
  add_port("br0", "p2");
  Datum options;
  options.put(std::string("force"), std::string("true"));
  set_interface("p1", {{"options", options}});
  EXPECT_THAT(devices->added, ElementsAre("br0", "p1", "p2", "p1"));
  EXPECT_EQ(number_of("p1"), 1) << "with its old number";
}

TEST_F(ReconcilerTest, NumbersThatAreAskedForAreGiven) {
  add_bridge("br0");
  add_port("br0", "p1", {{"ofport_request", Datum::of(int64_t{7})}});
  EXPECT_EQ(number_of("p1"), 7);
  set_interface("p1", {{"ofport_request", Datum::of(int64_t{9})}});
  EXPECT_EQ(number_of("p1"), 9);
}

// It was taken out and put in again at every change, because it did not have the number that was asked for.
TEST_F(ReconcilerTest, APortWhoseNumberIsTakenStays) {
  add_bridge("br0");
  add_port("br0", "p1", {{"ofport_request", Datum::of(int64_t{7})}});
  add_port("br0", "p2", {{"ofport_request", Datum::of(int64_t{7})}});
  EXPECT_NE(number_of("p2"), 7);
  const auto added = devices->added;
  set_interface("p1", {{"external_ids", Datum{}}});
  follow();
  EXPECT_EQ(devices->added, added);
}

TEST_F(ReconcilerTest, NumbersAreKeptOverARestart) {
  add_bridge("br0");
  add_port("br0", "p1", {{"ofport_request", Datum::of(int64_t{5})}});
  add_port("br0", "p2");
  add_port("br0", "p3");
  set_interface("p1", {{"ofport_request", Datum{}}});
  const auto p2 = number_of("p2");
  const auto p3 = number_of("p3");
  restart();
  EXPECT_EQ(number_of("p1"), 5);
  EXPECT_EQ(number_of("p2"), p2);
  EXPECT_EQ(number_of("p3"), p3);
}

TEST_F(ReconcilerTest, APatchPortWithoutAPeerSaysSo) {
  const auto add_patch = [&](const std::string& bridge, const std::string& name, const std::string& peer) {
    Datum options;
    options.put(std::string("peer"), peer);
    add_port(bridge, name, {{"type", management::text("patch")}, {"options", options}});
  };
  add_bridge("br0");
  add_bridge("br1");
  add_patch("br0", "to1", "to0");
  EXPECT_EQ(error_of("to1"), "No usable peer 'to0' exists in 'netdev' datapath.");
  EXPECT_GT(number_of("to1"), 0);
  add_patch("br1", "to0", "elsewhere");
  EXPECT_EQ(error_of("to1"), "No usable peer 'to0' exists in 'netdev' datapath.") << "it names another peer";
  Datum options;
  options.put(std::string("peer"), std::string("to1"));
  set_interface("to0", {{"options", options}});
  EXPECT_EQ(error_of("to1"), "");
  EXPECT_EQ(error_of("to0"), "");
}

TEST_F(ReconcilerTest, ATunnelHasNoDeviceToTellOf) {
  add_bridge("br0");
  Datum options;
  options.put(std::string("remote_ip"), std::string("flow"));
  add_port("br0", "vx0", {{"type", management::text("vxlan")}, {"options", options}});
  EXPECT_TRUE(interface("vx0")["mtu"].empty());
  EXPECT_TRUE(interface("vx0")["mac_in_use"].empty());
  EXPECT_EQ(interface("vx0")["link_state"].string(), "up");
  EXPECT_FALSE(interface("br0")["mac_in_use"].empty());
}

// The other bridge was made first, while the port was still in use.
TEST_F(ReconcilerTest, APortMovesToAnotherBridgeInOneStep) {
  for (int i = 0; i < 8; ++i) {  // whichever bridge comes first by its uuid
    add_bridge("from");
    add_bridge("to");
    add_port("from", "p1");
    Datum from = (*database.find_by_name("Bridge", "from"))["ports"];
    Datum to = (*database.find_by_name("Bridge", "to"))["ports"];
    from.erase(uuid_of("Port", "p1"));
    to.add(uuid_of("Port", "p1"));
    change({update("Bridge", uuid_of("Bridge", "from"), {{"ports", from}}),
            update("Bridge", uuid_of("Bridge", "to"), {{"ports", to}})});
    EXPECT_EQ(error_of("p1"), "");
    EXPECT_TRUE(the_switch->bridge("to")->port("p1"));
    change({update("Open_vSwitch", database.root().uuid, {{"bridges", Datum{}}})});
  }
}

TEST_F(ReconcilerTest, RecordsThatAreNotUnderstoodSayWhy) {
  add_bridge("br0");
  add_port("br0", "vx0", {{"type", management::text("vxlan")}});
  EXPECT_EQ(number_of("vx0"), -1);
  EXPECT_EQ(error_of("vx0"), "vx0: vxlan type requires valid 'remote_ip' argument");
  reconciler->device_appeared("vx0");
  Datum options;
  options.put(std::string("remote_ip"), std::string("flow"));
  set_interface("vx0", {{"options", options}});
  EXPECT_EQ(error_of("vx0"), "");
  set_interface("vx0", {{"options", Datum{}}});
  EXPECT_EQ(number_of("vx0"), -1);
}

// A socket would have been made, and a file deleted, outside of the run directory.
TEST_F(ReconcilerTest, ABridgeWhoseNameIsAPathIsNotMade) {
  // Users cannot write such a name; a saved state may hold it.
  const Uuid bridge = Uuid::random();
  ASSERT_TRUE(database.apply({insert("Bridge", bridge, {{"name", management::text("../evil")}}),
                              update("Open_vSwitch", database.root().uuid, {{"bridges", Datum::of(bridge)}})},
                             management::Writer::daemon));
  add_port("../evil", "../evil", {{"type", management::text("internal")}});
  EXPECT_EQ(the_switch->bridge("../evil"), nullptr);
  EXPECT_THAT(error_of("../evil"), HasSubstr("is no name for a bridge"));
  EXPECT_FALSE(std::filesystem::exists(rundir + "/../evil.mgmt"));
}

TEST_F(ReconcilerTest, ABridgeThatCannotListenSaysSoAndIsTriedAgain) {
  std::filesystem::create_directories(rundir + "/br0.mgmt/in_the_way");
  add_bridge("br0");
  EXPECT_THAT((*database.find_by_name("Bridge", "br0"))["status"].at("error").value_or(""), HasSubstr("listen on"));
  std::filesystem::remove_all(rundir + "/br0.mgmt");
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"fail_mode", management::text("secure")}})});
  EXPECT_FALSE((*database.find_by_name("Bridge", "br0"))["status"].at("error"));
  EXPECT_TRUE(std::filesystem::exists(rundir + "/br0.mgmt"));
  EXPECT_EQ(the_switch->bridge("br0")->options().fail_mode, ofproto::FailMode::secure);
}

TEST_F(ReconcilerTest, ControllersAreReported) {
  add_bridge("br0");
  const Uuid controller = Uuid::random();
  change({insert("Controller", controller, {{"target", management::text("unix:" + rundir + "/nobody")}}),
          update("Bridge", uuid_of("Bridge", "br0"), {{"controller", Datum::of(controller)}})});
  const auto& row = *database.find("Controller", controller);
  EXPECT_EQ(row["is_connected"].boolean(), false);
  EXPECT_TRUE(row["status"].contains(std::string("state")));
  EXPECT_EQ(the_switch->bridge("br0")->dump_all_flows(), "") << "no NORMAL while there is a controller";
}

TEST_F(ReconcilerTest, ListensForAController) {
  add_bridge("br0");
  const Uuid controller = Uuid::random();
  const std::string path = rundir + "/door";
  change({insert("Controller", controller, {{"target", management::text("punix:" + path)}}),
          update("Bridge", uuid_of("Bridge", "br0"), {{"controller", Datum::of(controller)}})});
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ((*database.find("Controller", controller))["status"].at("state"), "IDLE");
  change({update("Controller", controller, {{"type", management::text("service")}})});
  EXPECT_NE(the_switch->bridge("br0")->dump_all_flows().find("NORMAL"), std::string::npos) << "a service is none";
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"controller", Datum{}}})});
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ReconcilerTest, ProtocolsThatNobodySpeaksAreTold) {
  add_bridge("br0");
  const auto status = [&] { return (*database.find_by_name("Bridge", "br0"))["status"].at("error").value_or(""); };
  EXPECT_EQ(status(), "");
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"protocols", management::text("OpenFlow11")}})});
  EXPECT_THAT(status(), HasSubstr("protocols names no OpenFlow version that is supported"));
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"protocols", Datum{}}})});
  EXPECT_EQ(status(), "");
}

}  // namespace
}  // namespace weft::config
