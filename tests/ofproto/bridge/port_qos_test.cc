// What is told of a queue: its limits in parts of the port's speed.
#include "ofproto/bridge/port_qos.h"

#include <gtest/gtest.h>

namespace weft::ofproto {
namespace {

constexpr uint64_t gigabit = 1'000'000'000;

std::optional<uint16_t> told(uint64_t rate, uint64_t speed_bps) {
  const PortQueue queue{
      .queue = nullptr, .spec = {.limit = datapath::RateLimit{rate, 1}, .guarantee = {}}, .created = {}};
  return desc_of(OfPort{1}, 3, queue, speed_bps).max_rate;
}

TEST(PortQos, ALimitIsToldInParts) {
  EXPECT_EQ(told(gigabit / 2, gigabit), 500);
  EXPECT_EQ(told(10'000'000, 10 * gigabit), 1);
  EXPECT_EQ(told(gigabit / 3, gigabit), 333);
}

TEST(PortQos, WhatCannotBeToldExactlyIsToldAsTheNearest) {
  EXPECT_EQ(told(1, 10 * gigabit), 1) << "0 would say that nothing may pass";
  EXPECT_EQ(told(2 * gigabit, gigabit), 1000) << "more is no limit";
}

TEST(PortQos, AGuaranteeIsToldLikeALimit) {
  const PortQueue queue{
      .queue = nullptr, .spec = {.limit = {}, .guarantee = datapath::RateLimit{gigabit / 4, 1}}, .created = {}};
  EXPECT_EQ(desc_of(OfPort{1}, 3, queue, gigabit),
            (openflow::QueueDesc{.port = OfPort{1}, .queue_id = 3, .min_rate = uint16_t{250}, .max_rate = {}}));
}

TEST(PortQos, WithoutASpeedOrALimitNothingIsTold) {
  EXPECT_EQ(told(1000, 0), std::nullopt);
  const PortQueue unlimited{};
  EXPECT_EQ(desc_of(OfPort{1}, 3, unlimited, gigabit).max_rate, std::nullopt);
}

}  // namespace
}  // namespace weft::ofproto
