// The barrier: when its reply comes, no packet meets the old state. With the switch's own threads running.
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_switch.h"

namespace weft {
namespace {

#if defined(WEFT_TSAN) || defined(__SANITIZE_ADDRESS__)
constexpr int rounds = 1000;
#else
constexpr int rounds = 10000;
#endif

constexpr const char* names[] = {"p2", "p3"};

Frame numbered(int n) { return frame().ipv4("10.0.0.1", "10.0.0.2").udp(4000, 53).payload(std::to_string(n)); }

TestSwitchOptions threads(unsigned worker_count) {
  TestSwitchOptions options;
  options.has_threads = true;
  options.worker_count = worker_count;
  return options;
}

// The frame that leaves by one of the two ports; which one.
size_t wait_for_output(TestSwitch& sw) {
  for (;;) {
    for (const size_t i : {0U, 1U}) {
      if (!sw.sent(names[i]).empty()) {
        return i;
      }
    }
    std::this_thread::yield();
  }
}

PortId id_of(TestSwitch& sw, const char* name) { return sw.bridge().port(name)->port_id; }

TEST(BarrierStory, NoPacketMeetsTheOldStateAfterTheBarrier) {
  TestSwitch sw(threads(1), {"p1", "p2", "p3"});
  const PortId p1 = id_of(sw, "p1");
  for (int i = 0; i < rounds; ++i) {
    const size_t wanted = static_cast<size_t>(i) % 2;
    sw.add_flow(std::string("in_port=p1,actions=output:") + names[wanted]);  // settles: a barrier
    sw.datapath().inject(p1, {numbered(i).bytes(), {}, {}});
    ASSERT_EQ(wait_for_output(sw), wanted) << "round " << i;
  }
  EXPECT_EQ(sw.packets(), static_cast<uint64_t>(rounds));
}

// Egress begins, and ends again.
TEST(BarrierStory, NoPacketMeetsTheOldFirstEgressTableAfterTheBarrier) {
  TestSwitch sw(threads(1), {"p1", "p2", "p3"});
  sw.add_flow("in_port=p1,actions=output:p2");
  sw.add_flow("table=10,actset_output=p2,actions=output:p3,clear_actions");
  for (int i = 0; i < rounds / 10; ++i) {
    const size_t wanted = static_cast<size_t>(i) % 2;
    sw.set_first_egress(wanted == 1 ? std::optional<uint8_t>(10) : std::nullopt);
    sw.datapath().inject(id_of(sw, "p1"), {numbered(i).bytes(), {}, {}});
    ASSERT_EQ(wait_for_output(sw), wanted) << "round " << i;
  }
}

// Flows change while another port's traffic keeps the worker busy and new megaflows coming.
TEST(BarrierStory, BarrierHoldsUnderTraffic) {
  TestSwitch sw(threads(2), {"p1", "p2", "p3", "noise", "sink"});
  sw.add_flow("in_port=noise,udp,tp_dst=0/1,actions=output:sink");
  sw.add_flow("in_port=noise,udp,tp_dst=1/1,actions=drop");
  const PortId p1 = id_of(sw, "p1");
  const PortId noise = id_of(sw, "noise");
  const PortId sink = id_of(sw, "sink");
  std::atomic<bool> is_over{false};
  std::thread traffic([&] {
    for (uint16_t port = 1; !is_over; ++port) {
      sw.datapath().inject(noise, {frame().ipv4("10.0.0.1", "10.0.0.2").udp(port, port).bytes(), {}, {}});
      sw.datapath().take_sent(sink);
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < rounds / 10; ++i) {
    const size_t wanted = static_cast<size_t>(i) % 2;
    sw.add_flow(std::string("in_port=p1,actions=output:") + names[wanted]);
    sw.datapath().inject(p1, {numbered(i).bytes(), {}, {}});
    EXPECT_EQ(wait_for_output(sw), wanted) << "round " << i;
  }
  is_over = true;
  traffic.join();
}

// Counters of a rule that goes while its packets are under way: what left is what was counted.
TEST(BarrierStory, FlowRemovedCountsWhatLeft) {
  TestSwitch sw(threads(2), {"p1", "p2"});
  const PortId p1 = id_of(sw, "p1");
  uint64_t sent = 0;
  for (int i = 0; i < rounds / 20; ++i) {
    sw.add_flow("in_port=p1,send_flow_rem,actions=output:p2");
    for (int n = 0; n < 20; ++n) {
      sw.datapath().inject(p1, {numbered(n).bytes(), {}, {}});
    }
    sw.del_flows("in_port=p1");
  }
  // What the worker had not read yet when its rule went was dropped as a miss.
  const uint64_t injected = static_cast<uint64_t>(rounds / 20) * 20;
  while (sw.datapath().balance().received < injected) {
    std::this_thread::yield();
  }
  sw.settle();
  sent = sw.sent("p2").size();
  uint64_t counted = 0;
  for (const openflow::FlowRemoved& removed : sw.heard().flows_removed) {
    counted += removed.packet_count;
  }
  EXPECT_EQ(counted, sent);
  EXPECT_EQ(sw.drops(DropReason::table_miss), injected - sent);
}

// An address is known when the answer to it comes, whichever worker that reaches.
TEST(BarrierStory, AddressLearnedByOneWorkerIsKnownToTheOther) {
  TestSwitch sw(threads(2), {"p1", "p2", "p3"});
  sw.add_flow("actions=NORMAL");
  for (int i = 0; i < rounds / 20; ++i) {
    const MacAddress a = MacAddress::from_uint64(0x020000000000U + static_cast<uint64_t>(i));
    sw.datapath().inject(id_of(sw, "p1"),
                         {frame().eth(a, "ff:ff:ff:ff:ff:ff").ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes(), {}, {}});
    while (sw.sent("p2").empty()) {
      std::this_thread::yield();
    }
    sw.datapath().inject(id_of(sw, "p2"),
                         {frame().eth("06:00:00:00:00:01", a).ipv4("10.0.0.2", "10.0.0.1").udp(2, 1).bytes(), {}, {}});
    while (sw.sent("p1").empty()) {
      std::this_thread::yield();
    }
  }
  sw.settle();
  EXPECT_EQ(sw.sent("p3").size(), static_cast<size_t>(rounds / 20));  // the broadcasts alone
}

}  // namespace
}  // namespace weft
