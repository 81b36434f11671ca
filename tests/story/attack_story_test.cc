// A tuple space explosion: three rules that let packets through, by address and two ports, and a last one that drops the
// rest. Which bits tell a dropped packet from the three depends on the packet, and 16 * 32 * 16 masks can be reached
// (Csikor et al., CoNEXT 2019).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

// Every translation takes 20 microseconds of the test's clock.
class SlowSink final : public datapath::UpcallSink {
 public:
  explicit SlowSink(datapath::UpcallSink& inner) : inner_(inner) {}
  datapath::Decision translate(const FlowKey& key, const Packet& packet) override {
    if (clock != nullptr) {
      clock->advance(20us);
    }
    return inner_.translate(key, packet);
  }
  datapath::Decision translate_released(const FlowKey& key, const Packet& packet) override {
    return inner_.translate_released(key, packet);
  }
  bool is_current(const datapath::Decision& decision) const override { return inner_.is_current(decision); }
  void credit(const datapath::Decision& decision, uint64_t packet_count, uint64_t byte_count) override {
    inner_.credit(decision, packet_count, byte_count);
  }
  bool punt(const datapath::PuntContext& context, const Packet& packet) override {
    return inner_.punt(context, packet);
  }

  ManualClock* clock = nullptr;

 private:
  datapath::UpcallSink& inner_;
};

class ExplosionStory : public testing::Test {
 protected:
  ExplosionStory() {
    sink_->clock = &sw_.clock();
    sw_.add_tunnel("vx0");
    sw_.add_flow("priority=300,udp,tp_dst=80,actions=output:p2");
    sw_.add_flow("priority=200,udp,nw_src=10.0.0.1,actions=output:p2");
    sw_.add_flow("priority=100,udp,tp_src=12345,actions=output:p2");
    sw_.add_flow("priority=1,actions=drop");
  }

  TestSwitchOptions options() {
    TestSwitchOptions options;
    options.wrap_sink = [this](datapath::UpcallSink& inner) -> datapath::UpcallSink& {
      sink_ = std::make_unique<SlowSink>(inner);
      return *sink_;
    };
    return options;
  }

  // Differs from each of the three rules first in a bit of its own; what follows that bit is random.
  Frame attack_packet() {
    const auto differs = [this](uint32_t value, unsigned width, unsigned bit) {
      const uint32_t flipped = uint32_t{1} << (width - 1 - bit);
      return (value ^ flipped) ^ (static_cast<uint32_t>(random_()) & (flipped - 1));
    };
    const auto n = static_cast<unsigned>(random_());
    return frame()
        .ipv4(Ipv4Address::from_host(differs(0x0a000001, 32, n % 32)), "198.51.100.1")
        .udp(static_cast<uint16_t>(differs(12345, 16, n / 32 % 16)),
             static_cast<uint16_t>(differs(80, 16, n / 512 % 16)));
  }
  static Frame legitimate(uint16_t flow) {
    return frame().ipv4(Ipv4Address::from_host(0x0a000100U + flow), "198.51.100.2").udp(2000, 80);
  }
  static Frame new_flow(uint16_t flow) {
    return frame().ipv4("10.0.0.1", "198.51.100.3").udp(static_cast<uint16_t>(20000 + flow), 53);
  }

  void inject(std::string_view port, const Frame& frame, uint64_t vni = 0) {
    datapath::MemoryFrame memory{frame.bytes(), frame.offload(), {}};
    if (vni != 0) {
      memory.tunnel.begin();
      memory.tunnel.id = vni;
      memory.tunnel.set_source(*IpAddress::parse("192.0.2.2"));
      memory.tunnel.set_destination(*IpAddress::parse("192.0.2.1"));
    }
    sw_.datapath().inject(sw_.bridge().port(port)->port_id, std::move(memory));
  }

  // So many batches, half of them of 16 known flows and half of the attack, and a new flow now and then.
  struct Result {
    size_t known = 0, known_sent = 0, fresh = 0, fresh_sent = 0;
  };
  Result attack(std::string_view port, uint64_t vni, std::string_view other, uint64_t other_vni) {
    Result result;
    for (int round = 0; round < 3; ++round) {
      for (uint16_t flow = 0; flow < 16; ++flow) {
        inject(port, legitimate(flow), vni);
      }
      sw_.settle();
    }
    sw_.sent("p2");
    for (uint16_t burst = 0; burst < 400; ++burst) {
      for (uint16_t i = 0; i < 16 * 16; ++i) {
        inject(port, legitimate(i % 16), vni);
        inject(port, attack_packet(), vni);
        ++result.known;
      }
      inject(other, new_flow(burst), other_vni);
      ++result.fresh;
      sw_.clock().advance(50us);
      sw_.settle();
      for (const Frame& frame : sw_.sent("p2")) {
        const bool is_known = frame.bytes()[36] == 0 && frame.bytes()[37] == 80;
        ++(is_known ? result.known_sent : result.fresh_sent);
      }
    }
    return result;
  }

  void expect_others_untouched(const Result& result) {
    EXPECT_EQ(result.known_sent, result.known) << "flows that were known before";
    EXPECT_EQ(result.fresh_sent, result.fresh) << "new flows of others";
    EXPECT_GT(sw_.drops(DropReason::miss_budget), 10000u);
    for (const datapath::DomainStatus& domain : sw_.datapath().domain_status()) {
      EXPECT_LE(domain.mask_count, 64u);
    }
    const auto balance = sw_.datapath().balance();
    EXPECT_EQ(balance.received + balance.originated, balance.sent + balance.dropped + balance.absorbed);
  }

  std::unique_ptr<SlowSink> sink_;
  std::mt19937 random_{11};
  TestSwitch sw_{options(), {"p1", "p2", "p3"}};
};

TEST_F(ExplosionStory, AGuestHurtsNoKnownFlowAndNoOtherGuest) { expect_others_untouched(attack("p1", 0, "p3", 0)); }

TEST_F(ExplosionStory, ASegmentHurtsNoKnownFlowAndNoOtherSegment) {
  expect_others_untouched(attack("vx0", 5001, "vx0", 5002));
}

// However its mask was rounded, a megaflow is proved again like any other when the tables change.
TEST_F(ExplosionStory, RoundedMegaflowsFollowChanges) {
  for (int i = 0; i < 3000; ++i) {
    inject("p1", attack_packet());
    sw_.settle();
  }
  uint64_t rounded = 0;
  for (const datapath::DomainStatus& domain : sw_.datapath().domain_status()) {
    rounded += domain.rounded;
  }
  ASSERT_GT(rounded, 100u);
  const std::string before = sw_.megaflows();
  ASSERT_NE(before.find("actions=drop"), std::string::npos);

  sw_.add_flow("priority=400,actions=output:p3");
  const std::string after = sw_.megaflows();
  EXPECT_EQ(after.find("actions=drop"), std::string::npos);
  EXPECT_NE(after.find("actions=output:p3"), std::string::npos);
  for (int i = 0; i < 100; ++i) {
    inject("p1", attack_packet());
    sw_.settle();
  }
  EXPECT_THAT(sw_.sent("p3"), SizeIs(100));
}

}  // namespace
}  // namespace weft
