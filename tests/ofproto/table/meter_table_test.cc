// Meter-mod: what is refused, and with which code; who uses a meter.
#include "ofproto/table/meter_table.h"

#include "tests/ofproto/table/table_support.h"

namespace weft::ofproto {
namespace {

using openflow::MeterBandType;
using openflow::MeterMod;
using openflow::MeterModCommand;
namespace meter_flag = openflow::meter_flag;
namespace meter_id = openflow::meter_id;

class NoMeter final : public datapath::Meter {
 public:
  void configure(const datapath::MeterSpec& to) override { spec = to; }
  datapath::MeterCounters counters() const override {
    return {.packet_count = 3, .byte_count = 300, .bands = {{1, 100}}};
  }
  datapath::MeterVerdict charge(const Packet&) override { return {}; }

  datapath::MeterSpec spec;
};

MeterMod meter(MeterModCommand command, uint32_t id, uint16_t flags = meter_flag::kbps) {
  return {command, flags, id, {{.rate = 100, .burst_size = 7}}};
}

class MeterTableTest : public testing::Test {
 protected:
  void apply(const MeterMod& mod) {
    ASSERT_TRUE(table_.check(mod));
    table_.add_or_modify(mod, clock_.now(), [this](const datapath::MeterSpec& spec) {
      made_ = std::make_shared<NoMeter>();
      made_->spec = spec;
      return made_;
    });
  }
  ErrorCode refusal(const MeterMod& mod) {
    const auto checked = table_.check(mod);
    EXPECT_FALSE(checked);
    for (const ErrorCode code : codes) {
      if (!checked && checked.error() == openflow::OpenFlowError(code)) {
        return code;
      }
    }
    return ErrorCode::ofpmmfc_unknown;
  }
  static constexpr ErrorCode codes[] = {
      ErrorCode::ofpmmfc_meter_exists,   ErrorCode::ofpmmfc_invalid_meter, ErrorCode::ofpmmfc_unknown_meter,
      ErrorCode::ofpmmfc_bad_flags,      ErrorCode::ofpmmfc_bad_rate,      ErrorCode::ofpmmfc_bad_band,
      ErrorCode::ofpmmfc_bad_band_value, ErrorCode::ofpmmfc_out_of_bands,  ErrorCode::ofpmmfc_bad_command};

  const rcu::ThreadScope scope_;
  ManualClock clock_;
  MeterTable table_;
  std::shared_ptr<NoMeter> made_;
};

TEST_F(MeterTableTest, NumbersThatMetersMayHave) {
  for (const uint32_t id : {1U, meter_id::max, meter_id::controller, meter_id::slow_path}) {
    apply(meter(MeterModCommand::add, id));
    EXPECT_NE(table_.find(id), nullptr);
  }
  for (const uint32_t id : {0U, meter_id::max + 1, meter_id::all}) {
    EXPECT_EQ(refusal(meter(MeterModCommand::add, id)), ErrorCode::ofpmmfc_invalid_meter) << id;
    EXPECT_EQ(refusal(meter(MeterModCommand::modify, id)), ErrorCode::ofpmmfc_invalid_meter) << id;
  }
  EXPECT_EQ(refusal(meter(MeterModCommand::remove, 0)), ErrorCode::ofpmmfc_invalid_meter);
  EXPECT_TRUE(table_.check(meter(MeterModCommand::remove, meter_id::all)));
  EXPECT_TRUE(table_.check(meter(MeterModCommand::remove, 99))) << "what is not there need not be deleted";
}

TEST_F(MeterTableTest, AddAndModifyKnowWhatIsThere) {
  EXPECT_EQ(refusal(meter(MeterModCommand::modify, 1)), ErrorCode::ofpmmfc_unknown_meter);
  apply(meter(MeterModCommand::add, 1));
  EXPECT_EQ(refusal(meter(MeterModCommand::add, 1)), ErrorCode::ofpmmfc_meter_exists);
  EXPECT_TRUE(table_.check(meter(MeterModCommand::modify, 1)));
}

TEST_F(MeterTableTest, WhatAMeterCannotBe) {
  MeterMod mod = meter(MeterModCommand::add, 1, meter_flag::kbps | meter_flag::pktps);
  EXPECT_EQ(refusal(mod), ErrorCode::ofpmmfc_bad_flags);
  mod = meter(MeterModCommand::add, 1);
  mod.bands[0].rate = 0;
  EXPECT_EQ(refusal(mod), ErrorCode::ofpmmfc_bad_rate);
  mod.bands[0] = {.type = MeterBandType{9}, .rate = 1};
  EXPECT_EQ(refusal(mod), ErrorCode::ofpmmfc_bad_band);
  mod.bands[0] = {.type = MeterBandType::dscp_remark, .rate = 1, .precedence_level = 4};
  EXPECT_EQ(refusal(mod), ErrorCode::ofpmmfc_bad_band_value);
  mod.bands.assign(max_meter_bands, {.rate = 1});
  EXPECT_TRUE(table_.check(mod));
  mod.bands.push_back({.rate = 1});
  EXPECT_EQ(refusal(mod), ErrorCode::ofpmmfc_out_of_bands);
  mod = meter(MeterModCommand{9}, 1);
  EXPECT_EQ(refusal(mod), ErrorCode::ofpmmfc_bad_command);
}

TEST_F(MeterTableTest, BurstSizeCountsUnderItsFlag) {
  apply(meter(MeterModCommand::add, 1));
  EXPECT_EQ(made_->spec, (datapath::MeterSpec{false, {{.rate = 100}}}));
  apply(meter(MeterModCommand::modify, 1, meter_flag::pktps | meter_flag::burst));
  EXPECT_EQ(made_->spec, (datapath::MeterSpec{true, {{.rate = 100, .burst = 7}}})) << "the same meter, told anew";
}

TEST_F(MeterTableTest, StatisticsAreTheDatapathsWithTheTableS) {
  apply(meter(MeterModCommand::add, 1));
  const auto stats = table_.stats(1, clock_.now() + std::chrono::milliseconds(1500));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->packet_count, 3U);
  EXPECT_EQ(stats->byte_count, 300U);
  EXPECT_EQ(stats->bands, (std::vector<openflow::MeterBandCounters>{{1, 100}}));
  EXPECT_EQ(stats->duration.seconds, 1U);
  EXPECT_FALSE(table_.stats(2, clock_.now()));
}

TEST_F(MeterTableTest, RemovedMeterIsNotFound) {
  apply(meter(MeterModCommand::add, 1));
  EXPECT_TRUE(table_.remove(1));
  EXPECT_EQ(table_.find(1), nullptr);
  EXPECT_FALSE(table_.remove(1));
}

TEST(MeterFeatures, AreThoseThatUsersKnow) {
  const auto features = MeterTable::features();
  EXPECT_EQ(features.max_meters, 0x40000U);
  EXPECT_EQ(features.band_types, 0x6U);
  EXPECT_EQ(features.capabilities, 0xfU);
  EXPECT_EQ(features.max_bands, 8U);
  EXPECT_EQ(features.features, 0U) << "with them the reply of 1.5 is one that Open vSwitch's tools refuse";
}

}  // namespace
}  // namespace weft::ofproto
