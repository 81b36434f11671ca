// Meters as text, in Open vSwitch's syntax:
//
//     meter=1,kbps,burst,stats,band=type=drop,rate=1000,burst_size=100
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/openflow/meter_message.h"

namespace weft::openflow {

// For remove: "meter=N", "meter=all" or nothing (all).
Result<MeterMod, TextError> parse_meter(std::string_view text, MeterModCommand command);

std::string_view to_string(MeterBandType type);
std::vector<std::string_view> flags_of(const MeterConfig& meter);  // "kbps", "burst" ...

std::string format_meter(const MeterConfig& meter);
std::string format_meter_mod(const MeterMod& mod);
std::string format_meter_stats(const MeterStats& stats);
std::string format_meter_features(const MeterFeaturesReply& features);

}  // namespace weft::openflow
