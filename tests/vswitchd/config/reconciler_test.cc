// The reconciler with a real switch whose devices are memory ports: a device is there when the test says so.
#include "vswitchd/config/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "datapath/api/datapath.h"
#include "lib/base/log.h"
#include "tests/lib/management/database_support.h"

namespace weft::config {
namespace {

using datapath::PortError;
using datapath::PortSpec;
using datapath::PortStatus;
using management::Database;
using management::Datum;
using management::Operation;
using management::Uuid;
using testing::ElementsAre;
using testing::HasSubstr;

// Passes everything on, except that ports of every type are memory ports, of devices that must be there.
class DeviceDatapath : public datapath::Datapath {
 public:
  explicit DeviceDatapath(std::unique_ptr<datapath::Datapath> inner) : inner_(std::move(inner)) {}

  std::set<std::string> missing;
  std::vector<std::string> added;
  std::map<std::string, unsigned> ifindexes;   // of the devices as they were attached
  std::map<std::string, PortSpec> configured;  // what was last asked of a device
  std::string configure_error;                 // what devices say to that

  // As if its device had been deleted.
  void take_away(const std::string& name) {
    missing.insert(name);
    gone_.insert(ports_.at(name));
    listener_(ports_.at(name));
  }

  Result<PortId, PortError> add_port(const PortSpec& spec) override {
    if (missing.contains(spec.name)) {
      return Unexpected{PortError{PortError::Kind::no_such_device, "no device " + spec.name}};
    }
    PortSpec memory = spec;
    memory.type = datapath::PortType::memory;
    auto port = inner_->add_port(memory);
    if (port) {
      added.push_back(spec.name);
      ports_[spec.name] = *port;
      gone_.erase(*port);
      ifindexes.try_emplace(spec.name, ::if_nametoindex(spec.name.c_str()));
    }
    return port;
  }
  Result<void, PortError> configure_port(PortId /*port*/, const PortSpec& spec) override {
    configured[spec.name] = spec;
    if (!configure_error.empty()) {
      return Unexpected{PortError{PortError::Kind::invalid, configure_error}};
    }
    return {};
  }
  std::optional<PortStatus> port_status(PortId port) const override {
    auto status = inner_->port_status(port);
    for (const auto& [name, id] : ports_) {
      if (status && id == port) {
        status->is_present = !gone_.contains(port);
        status->ifindex = ifindexes.at(name);
      }
    }
    return status;
  }
  void set_port_listener(std::function<void(PortId)> listener) override { listener_ = std::move(listener); }

  void start() override { inner_->start(); }
  void stop() override { inner_->stop(); }
  void run_until_idle() override { inner_->run_until_idle(); }
  void remove_port(PortId port) override { inner_->remove_port(port); }
  void release_port_id(PortId port) override { inner_->release_port_id(port); }
  datapath::PortCounters port_counters(PortId port) const override { return inner_->port_counters(port); }
  void execute(std::span<const uint8_t> frame, PortId in_port, datapath::Decision decision) override {
    inner_->execute(frame, in_port, std::move(decision));
  }
  unsigned worker_count() const override { return inner_->worker_count(); }
  void for_each_megaflow(const std::function<void(datapath::Megaflow&)>& visit) const override {
    inner_->for_each_megaflow(visit);
  }
  void send(datapath::MegaflowCommand command) override { inner_->send(std::move(command)); }
  void fence() override { inner_->fence(); }
  std::vector<datapath::WorkerStatus> worker_status() const override { return inner_->worker_status(); }
  uint64_t drop_count(DropReason reason) const override { return inner_->drop_count(reason); }
  Balance balance() const override { return inner_->balance(); }
  void inject(PortId port, datapath::MemoryFrame frame) override { inner_->inject(port, std::move(frame)); }
  std::vector<datapath::MemoryFrame> take_sent(PortId port) override { return inner_->take_sent(port); }

 private:
  std::unique_ptr<datapath::Datapath> inner_;
  std::map<std::string, PortId> ports_;
  std::set<PortId> gone_;
  std::function<void(PortId)> listener_;
};

struct ReconcilerTest : testing::Test {
  ReconcilerTest() {
    std::string name = "/tmp/weft_reconciler_test_XXXXXX";
    rundir = ::mkdtemp(name.data());
    start();
  }
  ~ReconcilerTest() override {
    stop();
    std::filesystem::remove_all(rundir);
  }

  void start() {
    ofproto::SwitchOptions options;
    options.make_datapath = [this](datapath::UpcallSink& sink) {
      datapath::DatapathOptions inner;
      inner.worker_count = 1;
      auto made = std::make_unique<DeviceDatapath>(datapath::make_datapath(inner, sink));
      made->missing = missing;
      devices = made.get();
      return made;
    };
    options.post = [this](std::function<void()> task) { loop.post(std::move(task)); };
    the_switch = std::make_unique<ofproto::Switch>(std::move(options));
    reconciler = std::make_unique<Reconciler>(loop, *the_switch, rundir, "0.1");
  }
  void stop() {
    missing = devices->missing;
    reconciler.reset();
    the_switch.reset();
    settle();
  }
  void settle() {
    do {
      if (the_switch) {
        the_switch->run_until_idle();
      }
    } while (loop.poll() != 0);
  }

  void follow() {
    bool is_done = false;
    reconciler->follow(database, [&] { is_done = true; });
    for (int i = 0; i < 10'000 && !is_done; ++i) {
      settle();
    }
    EXPECT_TRUE(is_done);
    reconciler->report(database);
  }
  void change(const std::vector<Operation>& operations) {
    const auto done = database.apply(operations, management::Writer::user);
    ASSERT_TRUE(done) << done.error();
    follow();
  }
  void restart() {
    stop();
    start();
    follow();
  }

  Uuid uuid_of(std::string_view table, std::string_view name) const { return database.find_by_name(table, name)->uuid; }
  void add_bridge(const std::string& name) {
    const Uuid bridge = Uuid::random();
    Datum bridges = database.root()["bridges"];
    bridges.add(bridge);
    ASSERT_TRUE(database.apply({insert("Bridge", bridge, {{"name", management::text(name)}}),
                                update("Open_vSwitch", database.root().uuid, {{"bridges", bridges}})},
                               management::Writer::user));
    add_port(name, name, {{"type", management::text("internal")}});
  }
  void add_port(const std::string& bridge, const std::string& name, management::Columns interface_columns = {}) {
    const Uuid port = Uuid::random();
    const Uuid interface = Uuid::random();
    interface_columns.try_emplace("type", management::text("tap"));
    interface_columns["name"] = management::text(name);
    Datum ports = (*database.find_by_name("Bridge", bridge))["ports"];
    ports.add(port);
    change({insert("Interface", interface, std::move(interface_columns)),
            insert("Port", port, {{"name", management::text(name)}, {"interfaces", Datum::of(interface)}}),
            update("Bridge", uuid_of("Bridge", bridge), {{"ports", ports}})});
  }
  void set_interface(const std::string& name, management::Columns columns) {
    change({update("Interface", uuid_of("Interface", name), std::move(columns))});
  }
  const management::Row& interface(const std::string& name) const { return *database.find_by_name("Interface", name); }
  int64_t number_of(const std::string& name) const { return interface(name)["ofport"].integer().value_or(-100); }
  std::string error_of(const std::string& name) const { return interface(name)["error"].string().value_or(""); }

  EventLoop loop;
  std::string rundir;
  std::set<std::string> missing;
  DeviceDatapath* devices = nullptr;
  std::unique_ptr<ofproto::Switch> the_switch;
  std::unique_ptr<Reconciler> reconciler;
  Database database = Database::make_empty();
};

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

TEST_F(ReconcilerTest, WhatDidNotChangeStays) {
  add_bridge("br0");
  add_port("br0", "p1");
  const auto added = devices->added;
  set_interface("p1", {{"external_ids", Datum{}}});
  change({update("Port", uuid_of("Port", "p1"), {{"tag", Datum::of(int64_t{5})}})});
  EXPECT_EQ(devices->added, added);
  EXPECT_EQ(the_switch->bridge("br0")->port("p1")->vlan.tag, 5);
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

}  // namespace
}  // namespace weft::config
