// Bands, counts, and what a frame costs.
#include "datapath/meter/token_meter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datapath/offload/ingress.h"
#include "lib/base/rcu.h"
#include "lib/flow/extract.h"
#include "tests/support/frame.h"

namespace weft::datapath {
namespace {

using namespace std::chrono_literals;
using Kind = MeterBandSpec::Kind;
using testing::ElementsAre;

class TokenMeterTest : public testing::Test {
 protected:
  PacketPtr packet(const Frame& frame) {
    PacketPtr made = make_packet(pool_, frame);
    FlowKey key;
    EXPECT_FALSE(extract(*made, key));
    EXPECT_FALSE(check_offload(*made));
    return made;
  }
  // How many of `count` equal frames pass at once.
  int passing(TokenMeter& meter, int count, const Frame& frame) {
    int passed = 0;
    for (int i = 0; i < count; ++i) {
      passed += meter.charge(*packet(frame)).is_drop ? 0 : 1;
    }
    return passed;
  }

  const rcu::ThreadScope scope_;
  PacketPool pool_;
  ManualClock clock_;
};

Frame of_size(size_t size) { return frame().payload_size(size - 14); }

TEST_F(TokenMeterTest, PacketsPerSecond) {
  TokenMeter meter({.counts_packets = true, .bands = {{.rate = 10}}}, clock_);
  EXPECT_EQ(passing(meter, 15, of_size(1000)), 10) << "those of one second come at once";
  clock_.advance(500ms);
  EXPECT_EQ(passing(meter, 15, of_size(64)), 5);
  EXPECT_EQ(meter.counters(), (MeterCounters{30, 15 * 1000 + 15 * 64, {{15, 5 * 1000 + 10 * 64}}}));
}

TEST_F(TokenMeterTest, BitsPerSecond) {
  // 80 kbit/s are 10 frames of 1,000 bytes.
  TokenMeter meter({.bands = {{.rate = 80}}}, clock_);
  EXPECT_EQ(passing(meter, 15, of_size(1000)), 10);
  clock_.advance(100ms);
  EXPECT_EQ(passing(meter, 3, of_size(1000)), 1);
  EXPECT_EQ(passing(meter, 3, of_size(100)), 0);
}

TEST_F(TokenMeterTest, BurstIsWhatMayComeAtOnce) {
  TokenMeter meter({.counts_packets = true, .bands = {{.rate = 1000, .burst = 3}}}, clock_);
  EXPECT_EQ(passing(meter, 10, of_size(64)), 3);
  clock_.advance(1s);
  EXPECT_EQ(passing(meter, 10, of_size(64)), 3);
}

// Of two bands that are exceeded the higher one speaks, whatever their order.
TEST_F(TokenMeterTest, BandOfTheHighestRateIsApplied) {
  const MeterBandSpec remark{.kind = Kind::dscp_remark, .rate = 2, .precedence = 1};
  const MeterBandSpec drop{.kind = Kind::drop, .rate = 4};
  for (const auto& bands : {std::vector{remark, drop}, std::vector{drop, remark}}) {
    TokenMeter meter({.counts_packets = true, .bands = bands}, clock_);
    std::vector<int> seen;
    for (int i = 0; i < 6; ++i) {
      const MeterVerdict verdict = meter.charge(*packet(of_size(64)));
      seen.push_back(verdict.is_drop ? -1 : verdict.precedence);
    }
    EXPECT_THAT(seen, ElementsAre(0, 0, 1, 1, -1, -1));
    const bool is_first = bands[0].kind == Kind::dscp_remark;
    EXPECT_EQ(meter.counters().bands[is_first ? 0 : 1].packet_count, 2U);
    EXPECT_EQ(meter.counters().bands[is_first ? 1 : 0].packet_count, 2U);
  }
}

TEST_F(TokenMeterTest, WithoutBandsItCounts) {
  TokenMeter meter({}, clock_);
  EXPECT_EQ(passing(meter, 3, of_size(100)), 3);
  EXPECT_EQ(meter.counters(), (MeterCounters{3, 300, {}}));
}

// Six segments of 1,000 bytes each with 54 bytes of headers.
TEST_F(TokenMeterTest, GsoFrameCostsItsSegmentsAndCountsOnce) {
  const Frame large = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(6000).gso(1000);
  TokenMeter by_packets({.counts_packets = true, .bands = {{.rate = 10}}}, clock_);
  EXPECT_EQ(passing(by_packets, 2, large), 2) << "the second one takes two tokens on credit";
  EXPECT_EQ(passing(by_packets, 1, of_size(64)), 0);
  clock_.advance(200ms);
  EXPECT_EQ(passing(by_packets, 1, of_size(64)), 0);
  clock_.advance(100ms);
  EXPECT_EQ(passing(by_packets, 1, of_size(64)), 1);
  EXPECT_EQ(by_packets.counters().packet_count, 5U);

  // 6 * 1,054 bytes are 50.592 kbit.
  TokenMeter by_bits({.bands = {{.rate = 51}}}, clock_);
  EXPECT_EQ(passing(by_bits, 1, large), 1);
  EXPECT_EQ(passing(by_bits, 1, of_size(60)), 0);
}

TEST_F(TokenMeterTest, GsoFramePassesAMeterOfASmallBurst) {
  const Frame large = frame().ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).payload_size(60000).gso(1448);
  TokenMeter meter({.bands = {{.rate = 10000, .burst = 100}}}, clock_);
  EXPECT_EQ(passing(meter, 2, large), 1);
  clock_.advance(49ms);  // 62 KB at 10 Mbit/s, less the burst
  EXPECT_EQ(passing(meter, 1, large), 1);
}

TEST_F(TokenMeterTest, NewBandsBeginAnewAndTheMeterGoesOn) {
  TokenMeter meter({.counts_packets = true, .bands = {{.rate = 1}}}, clock_);
  EXPECT_EQ(passing(meter, 3, of_size(64)), 1);
  meter.configure({.counts_packets = true, .bands = {{.rate = 2}, {.rate = 3}}});
  EXPECT_EQ(meter.counters(), (MeterCounters{3, 192, {{}, {}}}));
  EXPECT_EQ(passing(meter, 3, of_size(64)), 2);
}

}  // namespace
}  // namespace weft::datapath
