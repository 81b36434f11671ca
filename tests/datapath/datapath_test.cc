// The datapath as ofproto sees it, with memory ports: once driven by the caller, once with worker threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "datapath/api/datapath.h"
#include "lib/base/rcu.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;
using testing::SizeIs;

// Sends what comes in at one port out at another.
class WiringSink final : public UpcallSink {
 public:
  Decision translate(const FlowKey& key, const Packet&) override {
    Flow mask;
    set(mask, FieldId::in_port, {0, 0xffff});
    Decision made;
    made.mask = FlowMask(mask);
    const auto in_port = PortId{static_cast<uint32_t>(get(key, FieldId::in_port).lo)};
    if (wires.count(in_port) != 0) {
      made.actions = {Output{wires.at(in_port)}};
    }
    return made;
  }
  bool is_current(const Decision&) const override { return true; }
  void credit(const Decision&, uint64_t, uint64_t) override {}
  bool punt(const PuntContext&, const Packet&) override { return false; }

  std::map<PortId, PortId> wires;  // fixed before the first packet
};

class DatapathTest : public testing::Test {
 protected:
  explicit DatapathTest(unsigned worker_count = 1)
      : datapath_(make_datapath({.worker_count = worker_count, .clock = &clock_}, sink_)) {}

  PortId add_port() { return datapath_->add_port({.type = PortType::memory}).value(); }
  void inject(PortId port, const Frame& frame) { datapath_->inject(port, {frame.bytes(), frame.offload(), {}}); }
  bool is_balanced() const {
    const auto b = datapath_->balance();
    return b.received + b.originated == b.sent + b.dropped + b.absorbed;
  }

  const Frame packet_ = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x");
  rcu::ThreadScope rcu_;
  ManualClock clock_;
  WiringSink sink_;
  std::unique_ptr<Datapath> datapath_;
};

TEST_F(DatapathTest, CarriesAFrameFromPortToPort) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, b}};
  inject(a, packet_);
  datapath_->run_until_idle();
  const auto frames = datapath_->take_sent(b);
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(Frame(frames[0].bytes), packet_);
  EXPECT_EQ(datapath_->port_counters(a).rx_packets, 1U);
  EXPECT_EQ(datapath_->port_counters(b).tx_bytes, packet_.size());
  EXPECT_TRUE(datapath_->port_status(a)->has_link);
  EXPECT_TRUE(is_balanced());
}

TEST_F(DatapathTest, APortIdIsGivenAgainOnlyAfterItsRelease) {
  const PortId a = add_port();
  const PortId b = add_port();
  datapath_->remove_port(a);
  EXPECT_EQ(datapath_->port_status(a), std::nullopt);
  const PortId c = add_port();
  EXPECT_NE(c, a);
  EXPECT_NE(c, b);
  datapath_->release_port_id(a);
  EXPECT_EQ(add_port(), a);
}

TEST_F(DatapathTest, WhatWasCountedOfAPortGoesWithItsId) {
  const PortId a = add_port();
  inject(a, packet_);
  datapath_->run_until_idle();
  ASSERT_THAT(datapath_->domain_status(), SizeIs(1));
  datapath_->remove_port(a);
  datapath_->for_each_megaflow([&](Megaflow& megaflow) { datapath_->send({&megaflow, nullptr}); });
  datapath_->fence();
  EXPECT_THAT(datapath_->domain_status(), SizeIs(1)) << "to be seen until its id is free";
  datapath_->release_port_id(a);
  EXPECT_THAT(datapath_->domain_status(), SizeIs(0));
}

TEST_F(DatapathTest, OutputToARemovedPortIsADrop) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, b}};
  datapath_->remove_port(b);
  datapath_->remove_port(b);
  inject(a, packet_);
  datapath_->run_until_idle();
  EXPECT_EQ(datapath_->drop_count(DropReason::port_gone), 1U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(DatapathTest, APortThatCannotBeMadeSaysWhyAndTakesNoNumber) {
  const auto refused = datapath_->add_port({.name = "no-such-device", .type = PortType::system});
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(refused.error().message.empty());
  EXPECT_EQ(add_port(), PortId{1});
}

TEST_F(DatapathTest, CommandsReachTheirMegaflow) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, b}};
  inject(a, packet_);
  datapath_->run_until_idle();
  size_t count = 0;
  datapath_->for_each_megaflow([&](Megaflow& megaflow) {
    ++count;
    datapath_->send({&megaflow, nullptr});
  });
  EXPECT_EQ(count, 1U);
  datapath_->fence();
  datapath_->for_each_megaflow([&](Megaflow&) { ++count; });
  EXPECT_EQ(count, 1U);
}

TEST_F(DatapathTest, APacketOutRunsItsDecision) {
  const PortId a = add_port();
  Decision made;
  made.actions = {Output{a}};
  const Bytes bytes = packet_.bytes();
  datapath_->execute(bytes, port_id::none, std::move(made));
  datapath_->run_until_idle();
  EXPECT_THAT(datapath_->take_sent(a), SizeIs(1));
  EXPECT_EQ(datapath_->balance().originated, 1U);
  EXPECT_TRUE(is_balanced());
}

class TwoWorkersTest : public DatapathTest {
 protected:
  TwoWorkersTest() : DatapathTest(2) {}
  void wait_for(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(100us);
    }
    EXPECT_TRUE(condition());
  }
};

TEST_F(TwoWorkersTest, QueuesAreSpread) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, b}, {b, a}};
  inject(a, packet_);
  inject(b, packet_);
  datapath_->run_until_idle();
  const auto status = datapath_->worker_status();
  ASSERT_THAT(status, SizeIs(2));
  EXPECT_EQ(status[0].rx_packets, 1U);
  EXPECT_EQ(status[1].rx_packets, 1U);
}

// Ports come and go under traffic of two workers; nothing is lost uncounted, nothing is touched that is gone.
TEST_F(TwoWorkersTest, PortsComeAndGoUnderTraffic) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, PortId{3}}, {b, PortId{3}}};
  datapath_->start();
  uint64_t injected = 0;
  for (int round = 0; round < 100; ++round) {
    const PortId c = add_port();
    EXPECT_EQ(c, PortId{3});
    for (int n = 0; n < 10; ++n, injected += 2) {
      inject(a, packet_);
      inject(b, packet_);
    }
    if (round % 2 == 0) {
      datapath_->take_sent(c);
    }
    datapath_->remove_port(c);
    datapath_->release_port_id(c);
    rcu::quiescent();
  }
  wait_for([&] { return datapath_->balance().received == injected && is_balanced(); });
  datapath_->stop();
  EXPECT_GT(datapath_->balance().sent + datapath_->drop_count(DropReason::port_gone), 0U);
}

// Numbered packets of one flow through a queue that is moved to and fro all the while.
TEST_F(TwoWorkersTest, PacketsKeepTheirOrderWhileTheirQueueMoves) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, b}};
  datapath_->start();
  uint32_t count = 0;
  uint32_t seen = 0;
  unsigned worker = 0;
  const auto take = [&] {
    for (const MemoryFrame& frame : datapath_->take_sent(b)) {
      ASSERT_EQ(load_be32(&frame.bytes[frame.bytes.size() - 4]), seen);
      ++seen;
    }
  };
  const auto end = std::chrono::steady_clock::now() + 60s;
  for (int moves = 0; moves < 100 && !HasFatalFailure();) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << moves << " moves";
    std::string number(4, ' ');
    store_be32(reinterpret_cast<uint8_t*>(number.data()), count++);
    inject(a, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload(number));
    if (datapath_->move_rx_queue(a, 0, 1 - worker)) {
      worker = 1 - worker;
      ++moves;
    }
    if (count - seen > 500) {
      std::this_thread::yield();
      take();
    }
    rcu::quiescent();
  }
  wait_for([&] {
    take();
    return seen == count;
  });
  const auto status = datapath_->worker_status();
  EXPECT_GT(status[0].rx_packets, 0U);
  EXPECT_GT(status[1].rx_packets, 0U);
  datapath_->stop();
  EXPECT_TRUE(is_balanced());
}

// A port may be removed, and a switch stopped, in the middle of a move.
TEST_F(TwoWorkersTest, APortGoesWhileItsQueueMoves) {
  const PortId b = add_port();
  datapath_->start();
  for (int round = 0; round < 200; ++round) {
    const PortId a = add_port();
    sink_.wires = {};
    for (int n = 0; n < 4; ++n) {
      inject(a, packet_);
    }
    const unsigned worker = datapath_->rx_queues().back().worker;
    EXPECT_TRUE(datapath_->move_rx_queue(a, 0, 1 - worker));
    datapath_->remove_port(a);
    datapath_->release_port_id(a);
    rcu::quiescent();
  }
  datapath_->stop();
  ASSERT_THAT(datapath_->rx_queues(), SizeIs(1));
  EXPECT_EQ(datapath_->rx_queues()[0].port, b);
  EXPECT_TRUE(is_balanced());
}

TEST_F(TwoWorkersTest, QueuesThatAreNotThereDoNotMove) {
  const PortId a = add_port();
  EXPECT_FALSE(datapath_->move_rx_queue(a, 0, 0)) << "there it is";
  EXPECT_FALSE(datapath_->move_rx_queue(a, 1, 1));
  EXPECT_FALSE(datapath_->move_rx_queue(a, 0, 2));
  EXPECT_FALSE(datapath_->move_rx_queue(PortId{9}, 0, 1));
  EXPECT_TRUE(datapath_->move_rx_queue(a, 0, 1));
  EXPECT_FALSE(datapath_->move_rx_queue(a, 0, 1)) << "it is on its way";
  datapath_->run_until_idle();
  EXPECT_EQ(datapath_->rx_queues()[0].worker, 1U);
}

TEST_F(TwoWorkersTest, StopAndStartAgain) {
  const PortId a = add_port();
  const PortId b = add_port();
  sink_.wires = {{a, b}};
  for (uint64_t n = 1; n <= 3; ++n) {
    datapath_->start();
    inject(a, packet_);
    wait_for([&] { return datapath_->port_counters(b).tx_packets == n; });
    datapath_->stop();
    datapath_->stop();
  }
}

}  // namespace
}  // namespace weft::datapath
