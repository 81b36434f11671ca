// Nothing gets lost uncounted: received + originated = sent + dropped + absorbed, whatever comes in and is done.
#include <gmock/gmock.h>

#include <random>

#include "tests/datapath/worker/worker_support.h"

namespace weft::datapath {
namespace {

// Lets every other packet leave.
class EverySecond final : public Queue {
 public:
  void configure(const QueueSpec&) override {}
  QueueCounters counters() const override { return {}; }
  bool admit(const Packet&) override { return (count_++ & 1) == 0; }
  void charge(const Packet&) override {}

 private:
  uint64_t count_ = 0;
};

class BalanceTest : public WorkerTest {
 protected:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool chance(unsigned percent) { return pick(100) < percent; }

  Frame random_frame() {
    const Frame ip = chance(50) ? frame().ipv4("10.0.0.1", "10.0.0.2") : frame().vlan(5).ipv6("fd00::1", "fd00::2");
    const auto port = static_cast<uint16_t>(pick(50));
    switch (pick(5)) {
      case 0:
        return ip.tcp(port, 80).payload_size(pick(9000)).gso(static_cast<uint16_t>(1 + pick(1400)));
      case 1:
        return ip.udp(port, 53).payload_size(pick(1400)).partial_checksum();
      case 2:
        return ip.sctp(port, 9).payload_size(pick(100));
      case 3:
        return frame().mpls(pick(9)).mpls(3).payload_size(pick(100));
      default:
        return frame().vlan(static_cast<uint16_t>(pick(4000))).arp_request("10.0.0.1", "10.0.0.2");
    }
  }

  MemoryFrame random_input() {
    const Frame frame = random_frame();
    MemoryFrame input{frame.bytes(), frame.offload(), {}};
    if (chance(20)) {
      input.bytes.resize(pick(static_cast<unsigned>(input.bytes.size())));
    }
    if (chance(20)) {
      input.offload.csum_start = static_cast<uint16_t>(random_());
    }
    if (chance(10)) {
      input.offload.gso_size = 0;
    }
    for (unsigned flips = chance(20) ? pick(5) : 0; flips > 0 && !input.bytes.empty(); --flips) {
      input.bytes[pick(static_cast<unsigned>(input.bytes.size()))] = static_cast<uint8_t>(random_());
    }
    return input;
  }

  Action random_action(unsigned depth) {
    struct Context : PuntContext {
      std::string describe() const override { return ""; }
    };
    switch (pick(13)) {
      case 0:
        return OutputSet{{p1_->id(), p2_->id(), PortId{77}}};
      case 1:
        return Controller{std::make_shared<Context>()};
      case 2:
        return PushVlan{0x8100, static_cast<uint16_t>(pick(4096))};
      case 3:
        return PopVlan{};
      case 4:
        return PushMpls{0x8847, pick(1U << 31)};
      case 5:
        return PopMpls{0x0800};
      case 6:
        return DecTtl{};
      case 7:
        return Drop{DropReason::action_drop};
      case 8:
        return SetTunnel{};
      case 9:
        if (depth < 3) {
          return std::make_shared<const Clone>(Clone{random_actions(depth + 1)});
        }
        [[fallthrough]];
      case 10: {
        const Field& f = all_fields()[pick(field_count)];
        return SetField{f.id, {0, random_()}, all_bits(f)};
      }
      case 11:
        return Output{PortId{1 + pick(4)}, queue_, 1};
      default:
        return Output{PortId{1 + pick(4)}};
    }
  }
  ActionList random_actions(unsigned depth) {
    ActionList actions;
    for (unsigned n = pick(6); n > 0; --n) {
      actions.push_back(random_action(depth));
    }
    return actions;
  }

  const std::shared_ptr<Queue> queue_ = std::make_shared<EverySecond>();
  std::mt19937 random_{20264};
};

TEST_F(BalanceTest, HoldsForRandomFramesAndActions) {
  sink_.decide = [&](const FlowKey&) {
    Decision made = decision(random_actions(0), {FieldId::udp_src, FieldId::eth_type, FieldId::ip_proto});
    made.is_cacheable = chance(80);
    sink_.stale_count = chance(10) ? pick(4) : 0;
    return made;
  };
  MemoryPort* const ports[] = {p1_, p2_, p3_};
  uint64_t injected = 0;
  for (int round = 0; round < 400; ++round) {
    for (unsigned n = pick(70); n > 0; --n, ++injected) {
      ports[pick(3)]->inject(random_input());
    }
    if (chance(20)) {
      worker_.send(ExecuteCommand{random_frame().bytes(), p1_->id(), decision(random_actions(0))});
    }
    for (Megaflow* megaflow : megaflows()) {
      if (chance(30)) {
        worker_.send(MegaflowCommand{megaflow, nullptr});
      }
    }
    run();
    ASSERT_TRUE(is_balanced()) << "round " << round;
    rcu::quiescent();
    for (MemoryPort* port : ports) {
      port->take_sent();
    }
  }
  EXPECT_EQ(worker_.counters().balance.received.value(), injected);
  EXPECT_GT(worker_.counters().balance.sent.value(), injected / 4);
  EXPECT_GT(worker_.counters().balance.absorbed.value(), 100U);
}

}  // namespace
}  // namespace weft::datapath
