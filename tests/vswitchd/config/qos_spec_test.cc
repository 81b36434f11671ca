#include "vswitchd/config/qos_spec.h"

#include <gtest/gtest.h>

#include "tests/lib/management/database_support.h"

namespace weft::config {
namespace {

using datapath::RateLimit;
using management::Columns;
using management::Datum;
using management::insert;
using management::update;
using management::Uuid;

Datum settings(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  Datum map;
  for (const auto& [key, value] : pairs) {
    map.put(std::string(key), std::string(value));
  }
  return map;
}

// What p1 with this QoS, whose queue 1 has these settings, sends by.
std::optional<ofproto::QosConfig> qos_of(const char* type, const Datum& of_qos, const Datum& of_queue) {
  management::OneBridge a;
  const Uuid qos = Uuid::random();
  const Uuid queue = Uuid::random();
  Datum queues;
  queues.put(int64_t{1}, queue);
  const auto done = a.database.apply(
      {insert("Queue", queue, {{"other_config", of_queue}}),
       insert("QoS", qos, {{"type", management::text(type)}, {"other_config", of_qos}, {"queues", queues}}),
       update("Port", a.port, {{"qos", Datum::of(qos)}})},
      management::Writer::daemon);
  EXPECT_TRUE(done);
  return to_qos(a.database, *a.database.find("Port", a.port));
}

TEST(QosSpec, APortWithoutQosHasNone) {
  const management::OneBridge a;
  EXPECT_EQ(to_qos(a.database, *a.database.find("Port", a.port)), std::nullopt);
  EXPECT_EQ(qos_of("", {}, {}), std::nullopt) << "as in Open vSwitch, a QoS without a type does nothing";
}

TEST(QosSpec, RatesAndBursts) {
  for (const auto* type : {"linux-htb", "egress-policer"}) {
    EXPECT_EQ(qos_of(type, settings({{"max-rate", "20000000"}, {"burst", "5"}}), settings({{"max-rate", "1000"}})),
              (ofproto::QosConfig{.limit = RateLimit{20'000'000, 5}, .queues = {{1, {RateLimit{1000, 250}}}}}))
        << "a burst of a quarter of a second where none is named";
  }
  EXPECT_EQ(qos_of("linux-htb", {}, settings({{"burst", "7"}})),
            (ofproto::QosConfig{.limit = {}, .queues = {{1, {}}}}));
  EXPECT_EQ(qos_of("linux-htb", {}, settings({{"max-rate", "3"}}))->queues.at(1),
            (datapath::QueueSpec{RateLimit{3, 1}}));
}

TEST(QosSpec, Guarantees) {
  EXPECT_EQ(qos_of("linux-htb", settings({{"min-rate", "9"}}), settings({{"min-rate", "500"}, {"burst", "70"}})),
            (ofproto::QosConfig{.limit = {}, .queues = {{1, {.limit = {}, .guarantee = RateLimit{500, 70}}}}}))
      << "there is nothing that a port's own could be guaranteed against";
}

// Of a saved state, whose values nobody checks: no limit is better than no switch.
TEST(QosSpec, WhatIsNoNumberIsNoLimit) {
  EXPECT_EQ(qos_of("linux-htb", settings({{"max-rate", "fast"}}), settings({{"max-rate", "0"}})),
            (ofproto::QosConfig{.limit = {}, .queues = {{1, {}}}}));
}

}  // namespace
}  // namespace weft::config
