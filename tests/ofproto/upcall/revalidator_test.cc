// Barriers that come while a round walks over many megaflows.
#include "ofproto/upcall/revalidator.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

using datapath::Megaflow;

// A thousand megaflows, and what happens amid a walk over them.
class WalkedDatapath final : public datapath::Datapath {
 public:
  WalkedDatapath() : megaflows(1000) {
    for (Megaflow& megaflow : megaflows) {
      megaflow.installed = &installed.emplace_back(datapath::Decision{});
    }
  }

  std::deque<Megaflow> megaflows;
  std::deque<datapath::Installed> installed;
  std::function<void()> amid;
  int fences = 0;

  void for_each_megaflow(const std::function<void(Megaflow&)>& visit) const override {
    for (size_t i = 0; i < megaflows.size(); ++i) {
      if (i == megaflows.size() / 2 && amid) {
        amid();
      }
      visit(const_cast<Megaflow&>(megaflows[i]));
    }
  }
  void fence() override { ++fences; }
  void send(datapath::MegaflowCommand) override {}

  void start() override {}
  void stop() override {}
  void run_until_idle() override {}
  Result<PortId, datapath::PortError> add_port(const datapath::PortSpec&) override { return PortId{}; }
  void remove_port(PortId) override {}
  void release_port_id(PortId) override {}
  Result<void, datapath::PortError> set_tunnel_groups(PortId, std::vector<IpAddress>) override { return {}; }
  void set_tunnel_options(PortId, const datapath::TunnelOptionMap&) override {}
  void set_mss_clamp(PortId, std::vector<uint32_t>) override {}
  Result<void, datapath::PortError> configure_port(PortId, const datapath::PortSpec&) override { return {}; }
  datapath::PortCounters port_counters(PortId) const override { return {}; }
  std::optional<datapath::PortStatus> port_status(PortId) const override { return std::nullopt; }
  void set_port_listener(std::function<void(PortId)>) override {}
  void execute(std::span<const uint8_t>, PortId, datapath::Decision) override {}
  void release_held(uint64_t) override {}
  std::shared_ptr<datapath::Meter> make_meter(const datapath::MeterSpec&) override { return nullptr; }
  std::shared_ptr<datapath::Queue> make_queue(const datapath::QueueSpec&, std::shared_ptr<datapath::Queue>) override {
    return nullptr;
  }
  unsigned worker_count() const override { return 1; }
  std::vector<datapath::RxQueueStatus> rx_queues() const override { return {}; }
  bool move_rx_queue(PortId, unsigned, unsigned) override { return false; }
  void rebalance() override {}
  void set_domain_limits(const datapath::DomainLimits&) override {}
  void set_kernel_forwarding(bool) override {}
  datapath::KernelStatus kernel_status() const override { return {}; }
  std::vector<datapath::DomainStatus> domain_status() override { return {}; }
  std::vector<datapath::WorkerStatus> worker_status() const override { return {}; }
  uint64_t drop_count(DropReason) const override { return 0; }
  Balance balance() const override { return {}; }
  void inject(PortId, datapath::MemoryFrame) override {}
  std::vector<datapath::MemoryFrame> take_sent(PortId) override { return {}; }
};

class RevalidatorTest : public testing::Test {
 protected:
  RevalidatorTest() {
    revalidator_.attach(datapath_);
    revalidator_.made_decision();
  }

  // Whether a barrier that comes in the middle of a walk was passed before its end.
  bool is_passed_amid(const std::function<void()>& before = [] {}) {
    bool passed = false;
    std::optional<bool> passed_amid;
    datapath_.amid = [&] {
      before();
      revalidator_.barrier([&] { passed = true; });
      datapath_.amid = nullptr;
    };
    revalidator_.collect([&] { passed_amid = passed; });
    revalidator_.run_once();
    revalidator_.run_once();
    EXPECT_TRUE(passed);
    return passed_amid.value_or(false);
  }

  const rcu::ThreadScope rcu_;
  PublishedState state_;
  ManualClock clock_;
  WalkedDatapath datapath_;
  Revalidator revalidator_{state_,
                           clock_,
                           [](const std::function<void()>& call) { call(); },
                           {.max_retranslated = 0}};  // what is touched is removed
};

TEST_F(RevalidatorTest, PassesABarrierAmidAWalkThatOnlyCounts) {
  EXPECT_TRUE(is_passed_amid());
  EXPECT_GT(datapath_.fences, 0);
}

TEST_F(RevalidatorTest, ABarrierBehindAChangeWaitsForTheRoundThatBringsItIntoForce) {
  EXPECT_FALSE(is_passed_amid([&] { state_.changes.append({.ids = {11}, .rules = {}}); }));
}

TEST_F(RevalidatorTest, ABarrierAmidAWalkThatBringsAChangeIntoForceWaitsForItsEnd) {
  state_.changes.append({.ids = {11}, .rules = {}});
  EXPECT_FALSE(is_passed_amid());
}

}  // namespace
}  // namespace weft::ofproto
