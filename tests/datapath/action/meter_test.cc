// What a meter says, done to a packet.
#include "datapath/action/meter.h"

#include <gmock/gmock.h>

#include "tests/datapath/action/action_support.h"

namespace weft::datapath {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Says the same of every packet.
class Opinion final : public Meter {
 public:
  explicit Opinion(MeterVerdict verdict) : verdict_(verdict) {}
  void configure(const MeterSpec&) override {}
  MeterCounters counters() const override { return {.packet_count = count, .byte_count = 0, .bands = {}}; }
  MeterVerdict charge(const Packet&) override { return ++count, verdict_; }

  uint64_t count = 0;

 private:
  const MeterVerdict verdict_;
};

ApplyMeter meter_that(MeterVerdict verdict) { return {std::make_shared<Opinion>(verdict), 1}; }
ApplyMeter remarks_by(uint8_t precedence) { return meter_that({false, precedence}); }

const Output out{PortId{1}};

Frame v4(unsigned dscp) {
  return frame().ipv4("10.0.0.1", "10.0.0.2").tos(static_cast<uint8_t>(dscp << 2 | 1)).udp(1, 2).payload("x");
}
Frame v6(unsigned dscp) {
  return frame().ipv6("fd00::1", "fd00::2").tos(static_cast<uint8_t>(dscp << 2 | 2)).udp(1, 2).payload("x");
}

using MeterActionTest = ActionTest;

TEST_F(MeterActionTest, DropEndsTheListUnderItsOwnReason) {
  run({out, meter_that({true, 0}), Output{PortId{2}}}, v4(0));
  EXPECT_EQ(exits_.sent.size(), 1U);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::meter_exceeded));
}

TEST_F(MeterActionTest, DropInACloneIsTheClonesAlone) {
  const auto clone = std::make_shared<Clone>();
  clone->actions = {meter_that({true, 0}), out};
  run({std::shared_ptr<const Clone>(clone), Output{PortId{2}}}, v4(0));
  EXPECT_EQ(exits_.sent.size(), 1U);
  EXPECT_EQ(exits_.sent[0].port, PortId{2});
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::meter_exceeded));
}

TEST_F(MeterActionTest, ADropIsCountedUnderTheActionsReason) {
  ApplyMeter limit = meter_that({true, 0});
  limit.reason = DropReason::storm_limit;
  run({limit, out}, v4(0));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::storm_limit));
}

// A packet that is dropped behind the meter is metered all the same.
TEST_F(MeterActionTest, LastMeterIsCharged) {
  const auto opinion = std::make_shared<Opinion>(MeterVerdict{});
  run({ApplyMeter{opinion, 1}, Drop{DropReason::action_drop}}, v4(0));
  EXPECT_EQ(opinion->count, 1U);
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::action_drop));
}

TEST_F(MeterActionTest, RemarkRaisesTheDropPrecedenceOfAssuredForwarding) {
  // AF11 10, AF12 12, AF13 14; AF41 34, AF43 38.
  EXPECT_EQ(after(remarks_by(1), v4(10)), v4(12));
  EXPECT_EQ(after(remarks_by(2), v4(10)), v4(14));
  EXPECT_EQ(after(remarks_by(3), v4(10)), v4(14));
  EXPECT_EQ(after(remarks_by(1), v4(14)), v4(14));
  EXPECT_EQ(after(remarks_by(2), v6(34)), v6(38));
}

TEST_F(MeterActionTest, OtherCodePointsHaveNoPrecedence) {
  for (const unsigned dscp : {0U, 8U, 16U, 46U, 48U, 11U, 42U}) {
    EXPECT_EQ(after(remarks_by(1), v4(dscp)), v4(dscp));
  }
  const Frame arp = frame().arp_request("10.0.0.1", "10.0.0.2");
  EXPECT_EQ(after(remarks_by(1), arp), arp);
}

TEST_F(MeterActionTest, PacketInOverItsMeterIsNotToldAndThePacketGoesOn) {
  const auto context = std::make_shared<NamedContext>("c");
  run({Controller{context, std::make_shared<Opinion>(MeterVerdict{true, 0})}, out}, v4(0));
  EXPECT_THAT(exits_.punted, IsEmpty());
  EXPECT_EQ(exits_.sent.size(), 1U);
  EXPECT_THAT(exits_.drops, IsEmpty());
  run({Controller{context, std::make_shared<Opinion>(MeterVerdict{true, 0})}}, v4(0));
  EXPECT_THAT(exits_.drops, ElementsAre(DropReason::meter_exceeded));
  run({Controller{context, std::make_shared<Opinion>(MeterVerdict{})}}, v4(0));
  EXPECT_EQ(exits_.punted.size(), 1U);
}

}  // namespace
}  // namespace weft::datapath
