#include "datapath/worker/transmit.h"

#include <gmock/gmock.h>

#include "datapath/port/tx_backlog.h"
#include "lib/flow/extract.h"
#include "tests/datapath/worker/worker_support.h"
#include "tests/reference/segment.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

// A port of stated abilities, which can be stopped.
class PickyPort final : public Port {
 public:
  PickyPort(PortId id, PortCapabilities capabilities)
      : Port({.type = PortType::memory}, {.id = id}), capabilities_(capabilities) {}

  std::vector<std::shared_ptr<RxQueue>> rx_queues() override { return {}; }
  PortCapabilities capabilities() const override { return capabilities_; }
  PortStatus status() const override { return {}; }

  void transmit(PacketBatch&& batch, TxContext& context) override {
    ++calls;
    batch.drain([&](PacketPtr packet) {
      if (is_blocked) {
        if (!backlog_.try_push(packet)) {
          context.drop(*this, DropReason::tx_queue_full);
        }
        return;
      }
      send(*packet, context);
    });
  }
  bool flush(TxContext& context) override {
    while (!is_blocked && !backlog_.is_empty()) {
      send(*backlog_.pop(), context);
    }
    return !backlog_.is_empty();
  }
  bool has_backlog(unsigned) const override { return !backlog_.is_empty(); }
  void discard_backlog(TxContext& context) override {
    while (!backlog_.is_empty()) {
      backlog_.pop();
      context.drop(*this, DropReason::port_gone);
    }
  }

  std::vector<Frame> sent;
  std::vector<Offload> offloads;
  unsigned calls = 0;
  bool is_blocked = false;

 private:
  void send(const Packet& packet, TxContext& context) {
    sent.emplace_back(packet.bytes());
    offloads.push_back(packet.offload);
    context.sent(*this, packet.size(), packet.gso_segments());
  }

  const PortCapabilities capabilities_;
  TxBacklog backlog_{2};
};

class TransmitTest : public testing::Test {
 protected:
  ~TransmitTest() override {
    for (PortId id : ids_) {
      step_.forget_port(*registry_.remove(id));
    }
  }
  PickyPort& add_port(PortCapabilities capabilities) {
    const PortId id = *registry_.take_id();
    auto port = std::make_unique<PickyPort>(id, capabilities);
    PickyPort& made = *port;
    registry_.add(std::move(port));
    ids_.push_back(id);
    step_.set_ports(registry_.snapshot());
    return made;
  }
  void output(PickyPort& port, const Frame& frame) {
    PacketPtr packet = make_packet(pool_, frame);
    FlowKey key;
    EXPECT_FALSE(extract(*packet, key));
    balance_.received.add();
    step_.output(port.id(), std::move(packet));
  }
  bool is_balanced() const {
    return balance_.received.value() + balance_.originated.value() ==
           balance_.sent.value() + balance_.dropped.total() + balance_.absorbed.value();
  }

  rcu::ThreadScope rcu_;
  PacketPool pool_;
  PacketBalance balance_;
  ScriptedSink sink_;
  PortRegistry registry_;
  std::vector<PortId> ids_;
  TransmitStep step_{0, pool_, balance_, sink_};
};

reference::TcpStream stream(size_t size) {
  return {.headers = [](size_t n) { return frame().ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(n)); },
          .payload = Bytes(size, 'x')};
}
const Frame tcp = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload("abc");

TEST_F(TransmitTest, FramesForOnePortLeaveTogether) {
  PickyPort& port = add_port(PortCapabilities::everything());
  for (int i = 0; i < 40; ++i) {
    output(port, tcp);
  }
  EXPECT_EQ(port.calls, 1U);
  step_.flush();
  EXPECT_EQ(port.calls, 2U);
  EXPECT_EQ(port.sent.size(), 40U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(TransmitTest, APortThatCanGetsThePromise) {
  PickyPort& port = add_port(PortCapabilities::everything());
  output(port, stream(3000).whole());
  output(port, tcp.partial_checksum());
  step_.flush();
  EXPECT_THAT(port.sent, ElementsAre(stream(3000).whole(), tcp.partial_checksum()));
  EXPECT_TRUE(port.offloads[0].is_gso());
  EXPECT_TRUE(port.offloads[1].is_partial());
}

TEST_F(TransmitTest, APortThatCannotGetsFinishedFrames) {
  PickyPort& port = add_port(PortCapabilities::none());
  output(port, stream(3000).whole());
  output(port, tcp.partial_checksum());
  step_.flush();
  auto expected = stream(3000).segments();
  expected.push_back(tcp);
  EXPECT_THAT(port.sent, ElementsAreArray(expected));
  EXPECT_EQ(balance_.originated.value(), 2U);
  EXPECT_TRUE(is_balanced());
}

// A packet socket takes a TCP frame to cut, but not one inside a guest's own tunnel, nor under labels.
TEST_F(TransmitTest, DepthAndLabelsDecideToo) {
  PortCapabilities plain = PortCapabilities::everything();
  plain.gso_depth = 0;
  plain.gso_under_mpls = false;
  PickyPort& port = add_port(plain);
  PacketPtr nested = make_packet(
      pool_, frame().ipv4("10.0.0.1", "10.0.0.2").udp(1, 4789).zero_checksum().vxlan(5, stream(3000).whole()));
  nested->offload.outer_count = 1;
  balance_.received.add();
  step_.output(port.id(), std::move(nested));
  step_.flush();
  EXPECT_EQ(port.sent.size(), 3U);

  reference::TcpStream labelled = stream(2000);
  labelled.headers = [](size_t n) {
    return frame().mpls(5).ipv4("10.0.0.1", "10.0.0.2").ip_id(static_cast<uint16_t>(n));
  };
  output(port, labelled.whole());
  step_.flush();
  EXPECT_EQ(port.sent.size(), 5U);
  EXPECT_TRUE(is_balanced());
}

TEST_F(TransmitTest, WhatCannotBeCutOrSentIsCounted) {
  PickyPort& port = add_port(PortCapabilities::none());
  PacketPtr lying = make_packet(pool_, stream(3000).whole());
  lying->offload.csum_start = 40;
  balance_.received.add();
  step_.output(port.id(), std::move(lying));
  EXPECT_EQ(balance_.dropped.value(DropReason::gso_unsupported), 1U);

  PortCapabilities small = PortCapabilities::everything();
  small.max_frame_size = 1000;
  output(add_port(small), stream(3000).whole());
  EXPECT_EQ(balance_.dropped.value(DropReason::oversized_frame), 1U);
  EXPECT_TRUE(is_balanced());
}

// What would block waits, in order, and is tried again; beyond the bound it drops.
TEST_F(TransmitTest, ABlockedPortKeepsAFewFrames) {
  PickyPort& port = add_port(PortCapabilities::everything());
  const auto numbered = [](uint16_t n) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(n, 1); };
  port.is_blocked = true;
  for (uint16_t n = 1; n <= 3; ++n) {
    output(port, numbered(n));
    step_.flush();
  }
  EXPECT_EQ(balance_.dropped.value(DropReason::tx_queue_full), 1U);
  EXPECT_TRUE(step_.retry_backlogs());
  EXPECT_TRUE(step_.has_backlog());
  port.is_blocked = false;
  step_.retry_backlogs();
  EXPECT_FALSE(step_.has_backlog());
  EXPECT_THAT(port.sent, ElementsAre(numbered(1), numbered(2)));
  EXPECT_TRUE(is_balanced());
}

TEST_F(TransmitTest, WhatWaitsForAPortThatGoesIsDropped) {
  PickyPort& port = add_port(PortCapabilities::everything());
  port.is_blocked = true;
  output(port, tcp);
  step_.flush();
  step_.forget_port(port);
  EXPECT_EQ(balance_.dropped.value(DropReason::port_gone), 1U);
  EXPECT_FALSE(step_.has_backlog());
  EXPECT_TRUE(is_balanced());
}

// More ports than lanes: a flood to hundreds of ports loses nothing.
TEST_F(TransmitTest, PortsShareLanes) {
  std::vector<PickyPort*> ports;
  for (int i = 0; i < 150; ++i) {
    ports.push_back(&add_port(PortCapabilities::everything()));
  }
  for (int round = 0; round < 3; ++round) {
    for (PickyPort* port : ports) {
      output(*port, tcp);
    }
  }
  step_.flush();
  for (const PickyPort* port : ports) {
    EXPECT_EQ(port->sent.size(), 3U);
  }
  EXPECT_TRUE(is_balanced());
}

}  // namespace
}  // namespace weft::datapath
