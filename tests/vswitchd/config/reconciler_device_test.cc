// Devices that are changed in place, that come, go, come back, and are replaced.
#include <fstream>
#include <sstream>

#include "lib/base/log.h"
#include "tests/vswitchd/config/reconciler_support.h"

namespace weft::config {
namespace {

// The device was made anew: the host lost its addresses, a container its network.
TEST_F(ReconcilerTest, AnotherMtuOrAddressLeavesTheDeviceInPlace) {
  add_bridge("br0");
  add_port("br0", "p1");
  const auto added = devices->added;
  set_interface("p1", {{"mtu_request", Datum::of(int64_t{2000})}});
  EXPECT_EQ(devices->configured["p1"].mtu_request, 2000u);
  set_interface("br0", {{"mac", management::text("02:00:00:00:00:09")}});
  EXPECT_EQ(devices->configured["br0"].mac, MacAddress::parse("02:00:00:00:00:09"));
  Datum settings;
  settings.put(std::string("hwaddr"), std::string("02:00:00:00:00:0a"));
  set_interface("br0", {{"mac", Datum{}}});
  change({update("Bridge", uuid_of("Bridge", "br0"), {{"other_config", settings}})});
  EXPECT_EQ(devices->configured["br0"].mac, MacAddress::parse("02:00:00:00:00:0a"));
  EXPECT_EQ(devices->added, added);
}

// A container may have given its device an address of its own.
TEST_F(ReconcilerTest, AnAddressIsSetOnlyWhenAnotherIsWanted) {
  add_bridge("br0");
  set_interface("br0", {{"mtu_request", Datum::of(int64_t{2000})}});
  EXPECT_EQ(devices->configured["br0"].mac, std::nullopt);
  devices->configured.clear();
  set_interface("br0", {{"external_ids", Datum{}}});
  EXPECT_TRUE(devices->configured.empty());
}

// The setting did nothing, and nobody was told.
TEST_F(ReconcilerTest, AnMtuIsSetOnADeviceThatIsAttached) {
  add_bridge("br0");
  add_port("br0", "lo", {{"type", management::text("system")}, {"mtu_request", Datum::of(int64_t{9000})}});
  EXPECT_EQ(devices->configured["lo"].mtu_request, 9000u);
}

TEST_F(ReconcilerTest, AnMtuThatIsRefusedIsAnErrorOfAPortThatWorksOn) {
  add_bridge("br0");
  devices->configure_error = "set MTU 9000 on p1: too much";
  add_port("br0", "p1", {{"mtu_request", Datum::of(int64_t{9000})}});
  EXPECT_EQ(error_of("p1"), "set MTU 9000 on p1: too much");
  EXPECT_EQ(number_of("p1"), 1);
  devices->configure_error.clear();
  set_interface("p1", {{"external_ids", Datum{}}});
  EXPECT_EQ(error_of("p1"), "") << "tried again at the next change";
}

TEST_F(ReconcilerTest, APortWithoutADeviceSaysSoAndIsTriedAgain) {
  add_bridge("br0");
  devices->missing = {"p1"};
  add_port("br0", "p1");
  EXPECT_EQ(number_of("p1"), -1);
  EXPECT_EQ(error_of("p1"), "no device p1");
  devices->missing.clear();
  set_interface("p1", {{"external_ids", Datum{}}});
  EXPECT_EQ(number_of("p1"), 1);
  EXPECT_EQ(error_of("p1"), "");
}

TEST_F(ReconcilerTest, ADeviceThatAppearsIsAttached) {
  int changes = 0;
  reconciler->set_numbers_listener([&] { ++changes; });
  add_bridge("br0");
  devices->missing = {"p1"};
  add_port("br0", "p1");
  devices->missing.clear();
  reconciler->device_appeared("p1");
  reconciler->report(database);
  EXPECT_EQ(number_of("p1"), 1);
  EXPECT_EQ(changes, 1) << "the number is worth saving";
}

// Its number was given to the next port, and -1 was saved in its place.
TEST_F(ReconcilerTest, APortKeepsItsNumberWhileItsDeviceIsAway) {
  add_bridge("br0");
  add_port("br0", "p1");
  add_port("br0", "p2");
  devices->missing = {"p1"};
  restart();
  EXPECT_EQ(number_of("p1"), -1);
  add_port("br0", "p3");
  EXPECT_EQ(number_of("p3"), 3);
  restart();
  devices->missing.clear();
  reconciler->device_appeared("p1");
  reconciler->report(database);
  EXPECT_EQ(number_of("p1"), 1);
  EXPECT_EQ(number_of("p2"), 2);
  EXPECT_EQ(number_of("p3"), 3);
}

TEST_F(ReconcilerTest, ADeviceThatGoesAndComesBack) {
  add_bridge("br0");
  add_port("br0", "lo", {{"type", management::text("system")}});
  devices->take_away("lo");
  settle();
  reconciler->report(database);
  EXPECT_EQ(error_of("lo"), "lo: the device is gone; waiting for it to return");
  EXPECT_EQ(number_of("lo"), 1);
  EXPECT_TRUE(interface("lo")["statistics"].empty());
  devices->missing.clear();
  reconciler->device_appeared("lo");
  reconciler->report(database);
  EXPECT_EQ(error_of("lo"), "");
  EXPECT_EQ(number_of("lo"), 1);
}

// Gone and back before anybody noticed that it had gone.
TEST_F(ReconcilerTest, ADeviceThatWasReplacedIsAttachedAnew) {
  devices->ifindexes["lo"] = 4711;  // of the one that was attached
  add_bridge("br0");
  add_port("br0", "p1");
  add_port("br0", "lo", {{"type", management::text("system")}});
  const auto count = devices->added.size();
  reconciler->device_appeared("lo");
  reconciler->report(database);
  EXPECT_EQ(devices->added.size(), count + 1);
  EXPECT_EQ(number_of("lo"), 2);
}

TEST_F(ReconcilerTest, ADeviceThatTheSwitchMadeIsMadeAgain) {
  add_bridge("br0");
  add_port("br0", "p1");
  add_port("br0", "p2");
  const auto count = devices->added.size();
  devices->take_away("p1");
  settle();
  reconciler->report(database);
  EXPECT_EQ(error_of("p1"), "p1: the device was deleted; it is made again at the next change");
  devices->missing.clear();
  reconciler->device_gone("p1");
  reconciler->report(database);
  EXPECT_EQ(devices->added.size(), count + 1);
  EXPECT_EQ(error_of("p1"), "");
  EXPECT_EQ(number_of("p1"), 1);
  devices->take_away("br0");
  settle();
  devices->missing.clear();
  set_interface("p1", {{"external_ids", Datum{}}});
  EXPECT_EQ(error_of("br0"), "");
  EXPECT_EQ(number_of("br0"), 65534);
}

TEST_F(ReconcilerTest, ADeviceHasOnePortWhateverItsNames) {
  devices->ifindexes["lo2"] = ::if_nametoindex("lo");  // as it was called when it was attached
  add_bridge("br0");
  add_port("br0", "lo2", {{"type", management::text("system")}});
  add_port("br0", "lo", {{"type", management::text("system")}});
  EXPECT_EQ(number_of("lo"), -1);
  EXPECT_EQ(error_of("lo"), "lo is another name of a device that port lo2 has already");
  devices->take_away("lo2");
  settle();
  reconciler->device_renamed("lo2", "lo");
  reconciler->device_appeared("lo");
  reconciler->report(database);
  EXPECT_EQ(error_of("lo2"), "lo2: the device was renamed to lo; waiting for one of this name");
  EXPECT_EQ(error_of("lo"), "");
  EXPECT_GT(number_of("lo"), 0);
}

// A daemon that was killed went on closing its sockets while the next one started, which then stayed without tunnels.
TEST_F(ReconcilerTest, WhatAnotherProcessLetsGoIsTaken) {
  devices->held = {"p1"};
  unsigned saved = 0;
  reconciler->set_numbers_listener([&] { ++saved; });
  add_bridge("br0");
  add_port("br0", "p1");
  add_port("br0", "p2");
  EXPECT_EQ(number_of("p1"), -1);
  EXPECT_EQ(error_of("p1"), "p1 is in use by another process");
  devices->held.clear();
  for (int i = 0; i < 100 && devices->added.back() != "p1"; ++i) {
    loop.run_for(std::chrono::milliseconds(50));
  }
  reconciler->report(database);
  EXPECT_GT(number_of("p1"), 0);
  EXPECT_EQ(error_of("p1"), "");
  EXPECT_EQ(saved, 1u);
}

TEST_F(ReconcilerTest, WhatSomebodyHasToChangeIsNotTriedAgainByItself) {
  devices->missing = {"p1"};
  add_bridge("br0");
  add_port("br0", "p1");
  devices->missing.clear();
  loop.run_for(std::chrono::milliseconds(300));
  reconciler->report(database);
  EXPECT_EQ(number_of("p1"), -1);
}

// Every change told all of them again.
TEST_F(ReconcilerTest, AnErrorIsLoggedOnce) {
  const std::string path = rundir + "/log";
  ASSERT_TRUE(log::open_file(path));
  add_bridge("br0");
  devices->missing = {"p1"};
  add_port("br0", "p1");
  add_port("br0", "vx0", {{"type", management::text("vxlan")}});
  set_interface("p1", {{"external_ids", Datum{}}});
  follow();
  devices->missing.clear();
  set_interface("p1", {{"external_ids", Datum{}}});
  devices->missing = {"p1"};
  set_interface("p1", {{"ofport_request", Datum::of(int64_t{9})}});
  log::close_file();
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const auto count = [log = text.str()](const std::string& what) {
    size_t found = 0;
    for (size_t at = log.find(what); at != std::string::npos; at = log.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("no device p1"), 2u) << "again after it had worked\n" << text.str();
  EXPECT_EQ(count("remote_ip"), 1u) << text.str();
}

}  // namespace
}  // namespace weft::config
