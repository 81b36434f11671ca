#include "datapath/worker/worker.h"

#include <gmock/gmock.h>
#include <sys/eventfd.h>

#include "lib/os/fd.h"
#include "tests/datapath/worker/worker_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Frame packet = frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x");

class WorkerCommandTest : public WorkerTest {
 protected:
  Megaflow& make_megaflow(ActionList actions) {
    sink_.decide = [=](const FlowKey&) { return decision(actions); };
    inject(*p1_, packet);
    run();
    sent(*p2_);
    return *megaflows().at(0);
  }
};

TEST_F(WorkerCommandTest, ARemovedMegaflowHandlesNoPacket) {
  Megaflow& old = make_megaflow({to(p2_->id())});
  worker_.send(MegaflowCommand{&old, nullptr});
  inject(*p1_, packet);
  sink_.decide = [&](const FlowKey&) { return decision({to(p3_->id())}); };
  run();
  EXPECT_TRUE(old.is_dead);
  EXPECT_THAT(sent(*p2_), IsEmpty());
  EXPECT_THAT(sent(*p3_), SizeIs(1));
  EXPECT_EQ(old.installed.load()->packet_count, 1U);  // still readable: this thread has not been quiescent
}

TEST_F(WorkerCommandTest, AReplacementTakesOverAndTheOldCountStays) {
  Megaflow& megaflow = make_megaflow({to(p2_->id())});
  const Installed& old = *megaflow.installed.load();
  worker_.send(MegaflowCommand{&megaflow, std::make_unique<Installed>(decision({to(p3_->id())}))});
  inject(*p1_, packet);
  run();
  EXPECT_THAT(sent(*p2_), IsEmpty());
  EXPECT_THAT(sent(*p3_), SizeIs(1));
  EXPECT_EQ(old.packet_count, 1U);
  EXPECT_EQ(megaflow.installed.load()->packet_count, 1U);
}

TEST_F(WorkerCommandTest, ADeadMegaflowIsLeftAlone) {
  Megaflow& megaflow = make_megaflow({to(p2_->id())});
  worker_.send(MegaflowCommand{&megaflow, nullptr});
  worker_.send(MegaflowCommand{&megaflow, nullptr});
  worker_.send(MegaflowCommand{&megaflow, std::make_unique<Installed>(decision({to(p3_->id())}))});
  worker_.wait_until_drained();
  EXPECT_THAT(megaflows(), IsEmpty());
}

TEST_F(WorkerCommandTest, APacketOutIsOriginatedAndCredited) {
  const Bytes bytes = packet.bytes();
  worker_.send(ExecuteCommand{bytes, p1_->id(), decision({to(p2_->id()), to(p3_->id())})});
  run();
  EXPECT_THAT(sent(*p2_), ElementsAre(packet));
  EXPECT_THAT(sent(*p3_), ElementsAre(packet));
  EXPECT_EQ(worker_.counters().balance.originated.value(), 2U);
  EXPECT_THAT(sink_.events, ElementsAre("credit 1 " + std::to_string(bytes.size())));
  EXPECT_TRUE(is_balanced());
}

TEST_F(WorkerCommandTest, APacketOutThatIsNoFrameIsDropped) {
  worker_.send(ExecuteCommand{{1, 2, 3}, p1_->id(), decision({to(p2_->id())})});
  worker_.send(ExecuteCommand{Bytes(max_frame_size + 1), p1_->id(), decision({to(p2_->id())})});
  run();
  EXPECT_EQ(drops(DropReason::truncated_frame), 1U);
  EXPECT_EQ(drops(DropReason::oversized_frame), 1U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(WorkerCommandTest, AFullMegaflowTableStillForwards) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}, {FieldId::udp_src}); };
  Worker small(0, {.megaflow_limit = 64}, clock_, sink_, registry_, kernel_);
  MemoryPort& port = *p1_;
  worker_.detach(*port.rx_queues()[0]);
  small.attach(port.rx_queues()[0]);
  for (uint16_t n = 1; n <= 200; ++n) {
    inject(port, frame().ipv4("10.0.0.1", "10.0.0.2").udp(n, 2));
  }
  while (small.run_once()) {
  }
  EXPECT_THAT(sent(*p2_), SizeIs(200));
  EXPECT_LE(small.status().megaflow_count, 64U);
  small.detach(*port.rx_queues()[0]);
}

TEST_F(WorkerCommandTest, MemoryTunnelsCarryMetadata) {
  PortSpec spec{.type = PortType::memory, .is_memory_tunnel = true};
  spec.tunnel.remote = IpAddress(*Ipv4Address::parse("192.0.2.9"));
  MemoryPort& tunnel = add_port(spec);
  sink_.decide = [&](const FlowKey& key) {
    EXPECT_EQ(get(key, FieldId::tun_id).lo, 5001U);
    SetTunnel set;
    set.tunnel.begin();
    set.tunnel.id = 7;
    return decision({set, to(tunnel.id())}, {FieldId::tun_id});
  };
  MemoryFrame received{packet.bytes(), {}, {}};
  received.tunnel.id = 5001;
  tunnel.inject(received);
  run();
  const auto frames = tunnel.take_sent();
  ASSERT_THAT(frames, SizeIs(1));
  EXPECT_EQ(frames[0].tunnel.id, 7U);
  EXPECT_EQ(frames[0].tunnel.destination(), IpAddress(*Ipv4Address::parse("192.0.2.9")));
}

class LongFloodTest : public WorkerTest {
 protected:
  LongFloodTest() {
    Clone flood;
    flood.actions.resize(1000, to(p3_->id()));
    const auto shared = std::make_shared<const Clone>(std::move(flood));
    sink_.decide = [this, shared](const FlowKey& key) {
      return get(key, FieldId::in_port).lo == number(p1_->id()) ? decision({shared}) : decision({to(p1_->id())});
    };
  }
};

TEST_F(LongFloodTest, OthersPacketsGoInBetween) {
  inject(*p1_, packet);
  worker_.run_once();
  const size_t copies = sent(*p3_).size();
  EXPECT_LT(copies, 1000U);
  inject(*p2_, packet);
  worker_.run_once();
  EXPECT_THAT(sent(*p1_), ElementsAre(packet));
  const size_t more = sent(*p3_).size();
  EXPECT_LT(copies + more, 1000U);
  run();
  EXPECT_EQ(copies + more + sent(*p3_).size(), 1000U);
  EXPECT_TRUE(is_balanced());
}

// Whoever waits for the worker waits for what it has in hand.
TEST_F(LongFloodTest, IsThroughBeforeACommandThatWaits) {
  inject(*p1_, packet);
  worker_.run_once();
  bool was_through = false;
  worker_.send([&](Worker&) { was_through = sent(*p3_).size() == 1000U; });
  worker_.run_once();
  EXPECT_TRUE(was_through);
}

TEST_F(LongFloodTest, TooManyThatWaitAreCounted) {
  for (int i = 0; i < 20; ++i) {
    inject(*p1_, packet);
  }
  run();
  const size_t copies = sent(*p3_).size();
  EXPECT_EQ(copies % 1000, 0U);
  EXPECT_EQ(copies / 1000 + drops(DropReason::tx_queue_full), 20U);
  EXPECT_GT(drops(DropReason::tx_queue_full), 0U);
  EXPECT_TRUE(is_balanced());
}

// Its descriptor never becomes readable.
class QueueThatIsLookedAt final : public RxQueue {
 public:
  QueueThatIsLookedAt(PortId port, const Frame& frame) : port_(port), frame_(frame) {}
  int fd() const override { return silent_.get(); }
  std::optional<bool> peek() const override { return waiting != 0; }
  bool receive(PacketBatch& batch, RxContext& context) override {
    for (; waiting != 0 && !batch.is_full(); --waiting) {
      PacketPtr packet = context.pool().copy_of(frame_.bytes());
      packet->in_port = port_;
      batch.add(std::move(packet));
    }
    return waiting != 0;
  }

  size_t waiting = 0;

 private:
  const Fd silent_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  const PortId port_;
  const Frame frame_;
};

TEST_F(WorkerCommandTest, AQueueThatCanBeLookedAtIsReadWithoutThePoller) {
  sink_.decide = [&](const FlowKey&) { return decision({to(p2_->id())}); };
  const auto queue = std::make_shared<QueueThatIsLookedAt>(p1_->id(), packet);
  worker_.attach(queue);
  run();  // a queue that has just come is asked in any case
  queue->waiting = 70;
  run();
  EXPECT_THAT(sent(*p2_), SizeIs(70));
  EXPECT_EQ(queue->waiting, 0U);
  worker_.detach(*queue);
}

}  // namespace
}  // namespace weft::datapath
