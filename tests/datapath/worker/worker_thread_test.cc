// Workers as threads; meant for the thread sanitizer.
#include <gmock/gmock.h>

#include <thread>

#include "tests/datapath/worker/worker_support.h"

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;

// Decides by the table that is in force; what it decided is no longer current once the table changed.
class VersionedSink final : public UpcallSink {
 public:
  Decision translate(const FlowKey&, const Packet&) override {
    const uint64_t version = table.load(std::memory_order_seq_cst);
    Decision made = decision({Output{PortId{static_cast<uint32_t>(version % 2 == 0 ? 2 : 3)}}});
    made.version = version;
    made.is_cacheable = is_cacheable;
    translation_count.fetch_add(1);
    for (unsigned i = 0; i < yields; ++i) {
      std::this_thread::yield();
    }
    return made;
  }
  bool is_current(const Decision& decision) const override {
    return decision.version == table.load(std::memory_order_seq_cst);
  }
  void credit(const Decision&, uint64_t, uint64_t) override {}
  bool punt(const PuntContext&, const Packet&) override { return false; }

  std::atomic<uint64_t> table{0};
  std::atomic<uint64_t> translation_count{0};
  bool is_cacheable = true;  // both fixed before the worker starts
  unsigned yields = 0;       // makes the way from a look at the table to the packet's leaving longer
};

class WorkerThreadTest : public testing::Test {
 protected:
  explicit WorkerThreadTest(PollPolicy policy = PollPolicy::adaptive)
      : worker_(0, {.poll_policy = policy}, clock_, sink_, registry_, kernel_) {
    for (MemoryPort*& port : ports_) {
      auto made =
          std::make_unique<MemoryPort>(PortSpec{.type = PortType::memory}, PortEnvironment{.id = *registry_.take_id()});
      port = made.get();
      registry_.add(std::move(made));
      worker_.attach(port->rx_queues()[0]);
    }
  }
  ~WorkerThreadTest() override {
    worker_.stop();
    for (MemoryPort* port : ports_) {
      worker_.detach(*port->rx_queues()[0]);
      registry_.remove(port->id());
    }
  }
  MemoryPort& p1() { return *ports_[0]; }
  MemoryPort& p2() { return *ports_[1]; }
  MemoryPort& p3() { return *ports_[2]; }

  void inject() { p1().inject({packet_.bytes(), {}, {}}); }
  static void wait_for(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(condition());
  }
  uint64_t received() const { return worker_.counters().balance.received.value(); }
  uint64_t sent() const { return worker_.counters().balance.sent.value(); }

  const Frame packet_ = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x");
  rcu::ThreadScope rcu_;
  ManualClock clock_;
  VersionedSink sink_;
  PortRegistry registry_;
  KernelPath kernel_;
  Worker worker_;
  std::array<MemoryPort*, 3> ports_{};
};

// The wake that came with the flag was taken by a round that had looked at the flag before, and the worker slept on.
TEST(WorkerStopTest, AWorkerThatDoesNotSpinAlwaysStops) {
  const rcu::ThreadScope rcu;
  ManualClock clock;
  VersionedSink sink;
  PortRegistry registry;
  KernelPath kernel;
  Worker worker(0, {.poll_policy = PollPolicy::sleep}, clock, sink, registry, kernel);
  for (int i = 0; i < 3000; ++i) {
    worker.start();
    // Three rounds with work; the fourth, without, is one that asks the poller and then sleeps. It is met somewhere.
    std::atomic<bool> has_worked{false};
    worker.send([&](Worker& w) { w.send([&](Worker& again) { again.send([&](Worker&) { has_worked = true; }); }); });
    while (!has_worked) {
    }
    for (int spin = i % 200; spin > 0; --spin) {
      has_worked.load();
    }
    worker.stop();
    ASSERT_FALSE(worker.is_started());
  }
}

TEST_F(WorkerThreadTest, PacketsWakeASleepingWorker) {
  worker_.start();
  for (uint64_t n = 1; n <= 20; ++n) {
    inject();
    wait_for([&] { return sent() == n; });
    std::this_thread::sleep_for(1ms);  // long enough for it to fall asleep
  }
  EXPECT_GT(worker_.status().sleeps, 5U);
}

// At rest a worker sleeps without a timeout: it runs no rounds.
TEST_F(WorkerThreadTest, AWorkerAtRestUsesNoTime) {
  worker_.start();
  inject();
  wait_for([&] { return sent() == 1; });
  std::this_thread::sleep_for(20ms);
  const uint64_t rounds = worker_.status().rounds;
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(worker_.status().rounds, rounds);
}

// The contract of the barrier: publish the change, remove what was decided before it, fence; no later packet meets
// the old state. The packets of each round are received around the change, as they like.
TEST_F(WorkerThreadTest, AfterAFenceNoPacketIsHandledByARemovedMegaflow) {
  worker_.start();
  for (uint64_t version = 1; version <= 300; ++version) {
    inject();  // may meet either state
    if (version % 3 == 0) {
      std::this_thread::sleep_for(200us);  // sometimes the worker sleeps when the commands come
    }
    sink_.table.store(version, std::memory_order_seq_cst);
    worker_.for_each_megaflow([&](Megaflow& megaflow) {
      if (!sink_.is_current(megaflow.installed.load()->decision)) {
        worker_.send(MegaflowCommand{&megaflow, nullptr});
      }
    });
    worker_.wait_until_drained();
    wait_for([&] { return sent() == 2 * version - 1; });
    rcu::quiescent();

    p2().take_sent();
    p3().take_sent();
    inject();
    wait_for([&] { return sent() == 2 * version; });
    const size_t to_p2 = p2().take_sent().size();
    const size_t to_p3 = p3().take_sent().size();
    ASSERT_EQ(to_p2, version % 2 == 0 ? 1U : 0U) << "version " << version;
    ASSERT_EQ(to_p3, version % 2 == 0 ? 0U : 1U) << "version " << version;
  }
}

// The same for packets whose decision is not kept: what was decided by the old table has left when the fence is over.
TEST_F(WorkerThreadTest, AfterAFenceNoPacketDecidedBeforeItIsInHand) {
  sink_.is_cacheable = false;
  sink_.yields = 20;
  worker_.start();
  for (uint64_t version = 1; version <= 100; ++version) {
    MemoryPort& old_port = version % 2 == 1 ? p2() : p3();
    inject();
    wait_for([&] { return sink_.translation_count == version; });  // it has looked at the table
    sink_.table.store(version, std::memory_order_seq_cst);
    worker_.wait_until_drained();
    old_port.take_sent();
    wait_for([&] { return sent() == version; });
    ASSERT_EQ(old_port.take_sent().size(), 0U) << "version " << version;
  }
}

// Readers walk megaflows while the worker makes, replaces and removes them under traffic.
TEST_F(WorkerThreadTest, MegaflowsMayBeReadWhileTheyChange) {
  worker_.start();
  std::atomic<bool> is_done{false};
  std::atomic<uint64_t> seen{0};
  std::thread reader([&] {
    const rcu::ThreadScope scope;
    while (!is_done) {
      worker_.for_each_megaflow([&](Megaflow& megaflow) {
        const Installed* installed = megaflow.installed.load(std::memory_order_acquire);
        seen += installed->packet_count.load(std::memory_order_acquire) + installed->decision.actions.size();
      });
      rcu::quiescent();
    }
  });
  uint64_t injected = 0;
  for (int round = 0; round < 500 || seen == 0; ++round) {  // on a busy machine the reader may come late
    for (int n = 0; n < 5; ++n) {
      inject();
      ++injected;
    }
    worker_.for_each_megaflow([&](Megaflow& megaflow) {
      if (round % 2 == 0) {
        worker_.send(MegaflowCommand{&megaflow, nullptr});
      } else {
        worker_.send(MegaflowCommand{&megaflow, std::make_unique<Installed>(decision({Output{PortId{3}}}))});
      }
    });
    worker_.wait_until_drained();
    rcu::quiescent();
  }
  wait_for([&] { return received() == injected && sent() == injected; });
  is_done = true;
  reader.join();
}

class SleepPolicyTest : public WorkerThreadTest {
 protected:
  SleepPolicyTest() : WorkerThreadTest(PollPolicy::sleep) {}
};
class BusyPolicyTest : public WorkerThreadTest {
 protected:
  BusyPolicyTest() : WorkerThreadTest(PollPolicy::busy) {}
};

TEST_F(SleepPolicyTest, PacketsAndCommandsGetThrough) {
  worker_.start();
  for (uint64_t n = 1; n <= 50; ++n) {
    inject();
    wait_for([&] { return sent() == n; });
    worker_.send(ExecuteCommand{packet_.bytes(), PortId{1}, decision({})});
    worker_.wait_until_drained();
  }
  EXPECT_EQ(worker_.counters().balance.dropped.total(), 50U);
}

TEST_F(BusyPolicyTest, NeverSleeps) {
  worker_.start();
  for (uint64_t n = 1; n <= 50; ++n) {
    inject();
    wait_for([&] { return sent() == n; });
  }
  EXPECT_EQ(worker_.status().sleeps, 0U);
}

}  // namespace
}  // namespace weft::datapath
