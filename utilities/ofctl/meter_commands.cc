// Meters: add, change, delete, dump.
#include <fmt/format.h>

#include "lib/openflow/text/meter_text.h"
#include "utilities/ofctl/flow_batch.h"
#include "utilities/ofctl/json_output.h"

namespace weft::ofctl {
namespace {

using openflow::MeterModCommand;

Outcome change_meter(Invocation& call, MeterModCommand command) {
  const std::string text = call.argument(0);
  const auto mod = openflow::parse_meter(text, command);
  if (!mod) {
    return Unexpected{bad_text(text, mod.error())};
  }
  FlowBatch batch(call);
  const auto added = batch.add(*mod, text);
  return added ? batch.commit() : added;
}

// "meter=N", or nothing for all.
Result<uint32_t, Failure> meter_argument(Invocation& call) {
  const std::string text = call.argument(0);
  const auto mod = openflow::parse_meter(text, MeterModCommand::remove);
  if (!mod) {
    return Unexpected{bad_text(text, mod.error())};
  }
  return mod->meter;
}

template <class Entry, class Request, class Format>
Outcome dump(Invocation& call, Format&& format) {
  const auto meter = meter_argument(call);
  if (!meter) {
    return Unexpected{meter.error()};
  }
  const auto entries = call.connection->ask_list<Entry>(Request{*meter});
  if (!entries) {
    return Unexpected{entries.error()};
  }
  if (call.options.format == OutputFormat::json) {
    print_json(*entries);
    return {};
  }
  print_title<Entry>(call);
  for (const Entry& entry : *entries) {
    fmt::print("{}\n", format(entry));
  }
  return {};
}

}  // namespace

Outcome add_meter(Invocation& call) { return change_meter(call, MeterModCommand::add); }
Outcome mod_meter(Invocation& call) { return change_meter(call, MeterModCommand::modify); }
Outcome del_meters(Invocation& call) { return change_meter(call, MeterModCommand::remove); }

Outcome dump_meters(Invocation& call) {
  return dump<openflow::MeterConfig, openflow::MeterConfigRequest>(call, openflow::format_meter);
}

Outcome meter_stats(Invocation& call) {
  return dump<openflow::MeterStats, openflow::MeterStatsRequest>(call, openflow::format_meter_stats);
}

Outcome meter_features(Invocation& call) {
  const auto features = call.connection->ask<openflow::MeterFeaturesReply>(openflow::MeterFeaturesRequest{});
  if (!features) {
    return Unexpected{features.error()};
  }
  fmt::print("{}", format_meter_features(*features));
  return {};
}

}  // namespace weft::ofctl
