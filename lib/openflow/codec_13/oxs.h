// OXS: statistics as a list of fields, since 1.5 (OpenFlow 1.5.1 section 7.2.5).
//
// Threads: values and pure functions. Private to the codec.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/openflow/codec_13/codec_13.h"

namespace weft::openflow::codec_13 {

// The fields of the basic class. What is not said is not there.
struct StatFields {
  std::optional<Duration> duration;
  std::optional<Duration> idle_time;
  std::optional<uint32_t> flow_count;
  std::optional<uint64_t> packet_count;
  std::optional<uint64_t> byte_count;
};

// struct ofp_stats with its padding. Fields that we do not know are passed over; what is wrong is left in `in`.
StatFields read_stat_fields(Reader& in);
void write_stat_fields(Writer& out, const StatFields& fields);

// The statistics of one rule; a rule without idle_age does not tell it.
template <class Stats>
void read_rule_stats(Reader& in, Stats& stats) {
  const StatFields fields = read_stat_fields(in);
  stats.duration = fields.duration.value_or(Duration{});
  stats.packet_count = fields.packet_count.value_or(0);
  stats.byte_count = fields.byte_count.value_or(0);
  if constexpr (requires { stats.idle_age; }) {
    stats.idle_age = fields.idle_time;
  }
}
template <class Stats>
void write_rule_stats(Writer& out, const Stats& stats) {
  StatFields fields{stats.duration, std::nullopt, std::nullopt, stats.packet_count, stats.byte_count};
  if constexpr (requires { stats.idle_age; }) {
    fields.idle_time = stats.idle_age;
  }
  write_stat_fields(out, fields);
}

}  // namespace weft::openflow::codec_13
