// ReconcilerTest: the reconciler with a real switch whose devices are memory ports; a device is there when the test
// says so.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "datapath/api/datapath.h"
#include "tests/lib/management/database_support.h"
#include "vswitchd/config/reconciler.h"

namespace weft::config {

using datapath::PortError;
using datapath::PortSpec;
using datapath::PortStatus;
using management::Database;
using management::Datum;
using management::Operation;
using management::Uuid;

// Passes everything on, except that ports of every type are memory ports, of devices that must be there.
class DeviceDatapath : public datapath::Datapath {
 public:
  explicit DeviceDatapath(std::unique_ptr<datapath::Datapath> inner) : inner_(std::move(inner)) {}

  std::set<std::string> missing;
  std::set<std::string> held;  // by another process
  std::chrono::milliseconds removal_time{0};
  size_t removed_count = 0;
  std::vector<std::string> added;
  std::map<std::string, unsigned> ifindexes;   // of the devices as they were attached
  std::map<std::string, PortSpec> configured;  // what was last asked of a device
  std::string configure_error;                 // what devices say to that
  std::vector<IpAddress> groups;               // of tunnel ports, as last asked
  std::vector<uint32_t> clamped;               // tunnel ids, as last asked of a port
  std::string group_error;                     // what is said to that

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
    if (held.contains(spec.name)) {
      return Unexpected{PortError{PortError::Kind::held, spec.name + " is in use by another process"}};
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
  Result<void, PortError> set_tunnel_groups(PortId /*port*/, std::vector<IpAddress> wanted) override {
    groups = std::move(wanted);
    if (!group_error.empty()) {
      return Unexpected{PortError{PortError::Kind::system, group_error}};
    }
    return {};
  }
  void set_tunnel_options(PortId, const datapath::TunnelOptionMap&) override {}
  void set_mss_clamp(PortId, std::vector<uint32_t> tunnel_ids) override {
    clamped = std::move(tunnel_ids);
    std::ranges::sort(clamped);
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
  void remove_port(PortId port) override {
    inner_->remove_port(port);
    const auto end = std::chrono::steady_clock::now() + removal_time;
    while (std::chrono::steady_clock::now() < end) {
    }
    ++removed_count;
  }
  void release_port_id(PortId port) override { inner_->release_port_id(port); }
  datapath::PortCounters port_counters(PortId port) const override { return inner_->port_counters(port); }
  void release_held(uint64_t up_to) override { inner_->release_held(up_to); }
  void execute(std::span<const uint8_t> frame, PortId in_port, datapath::Decision decision) override {
    inner_->execute(frame, in_port, std::move(decision));
  }
  std::shared_ptr<datapath::Meter> make_meter(const datapath::MeterSpec& spec) override {
    return inner_->make_meter(spec);
  }
  std::shared_ptr<datapath::Queue> make_queue(const datapath::QueueSpec& spec,
                                              std::shared_ptr<datapath::Queue> whole) override {
    return inner_->make_queue(spec, std::move(whole));
  }
  unsigned worker_count() const override { return inner_->worker_count(); }
  void for_each_megaflow(const std::function<void(datapath::Megaflow&)>& visit) const override {
    inner_->for_each_megaflow(visit);
  }
  void send(datapath::MegaflowCommand command) override { inner_->send(std::move(command)); }
  void fence() override { inner_->fence(); }
  std::vector<datapath::RxQueueStatus> rx_queues() const override { return inner_->rx_queues(); }
  bool move_rx_queue(PortId port, unsigned index, unsigned worker) override {
    return inner_->move_rx_queue(port, index, worker);
  }
  void rebalance() override { inner_->rebalance(); }
  void set_domain_limits(const datapath::DomainLimits& limits) override { inner_->set_domain_limits(limits); }
  void set_kernel_forwarding(bool is_wanted) override { inner_->set_kernel_forwarding(is_wanted); }
  datapath::KernelStatus kernel_status() const override { return inner_->kernel_status(); }
  std::vector<datapath::DomainStatus> domain_status() override { return inner_->domain_status(); }
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
    if (!interface_columns.contains("type")) {
      interface_columns["type"] = management::text("tap");
    }
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

}  // namespace weft::config
