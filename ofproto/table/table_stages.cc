#include "ofproto/table/table_stages.h"

#include <algorithm>
#include <string>

#include "ofproto/table/action_uses.h"

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::OpenFlowError;

namespace {

bool writes_output(const openflow::Instructions& instructions) {
  return instructions.write && std::ranges::any_of(*instructions.write, chooses_output);
}

std::string name(unsigned table_id) { return "table " + std::to_string(table_id); }

}  // namespace

Refusal TableStages::check(uint8_t table_id, const openflow::Instructions& instructions) const {
  if (!first_egress_) {
    return std::nullopt;
  }
  if (!is_egress(table_id)) {
    return instructions.goto_table && is_egress(*instructions.goto_table)
               ? Refusal(OpenFlowError(ErrorCode::ofpbic_bad_table_id, name(table_id) + " is an ingress table, and " +
                                                                           name(*instructions.goto_table) +
                                                                           " an egress table"))
               : std::nullopt;
  }
  return writes_output(instructions) ? Refusal(OpenFlowError(ErrorCode::ofpbac_bad_type,
                                                             "where a packet goes is not for egress tables to write"))
                                     : std::nullopt;
}

Refusal TableStages::check_first_egress(uint8_t table_id) const {
  for (const auto& [way, count] : gotos_) {
    if (way.first < table_id && way.second >= table_id) {
      return OpenFlowError(ErrorCode::ofptffc_bad_features,
                           "a flow of " + name(way.first) + " goes on to " + name(way.second));
    }
  }
  const auto* writer =
      std::find_if(output_writers_.begin() + table_id, output_writers_.end(), [](int64_t count) { return count > 0; });
  if (writer != output_writers_.end()) {
    return OpenFlowError(
        ErrorCode::ofptffc_bad_features,
        "a flow of " + name(static_cast<unsigned>(writer - output_writers_.begin())) + " writes an output or group");
  }
  return std::nullopt;
}

void TableStages::count(const FlowRule& rule, int by) {
  const openflow::Instructions& instructions = rule.instructions();
  if (instructions.goto_table) {
    const auto way = gotos_.try_emplace({rule.table_id(), *instructions.goto_table}, 0).first;
    way->second += by;
    if (way->second == 0) {
      gotos_.erase(way);
    }
  }
  output_writers_[rule.table_id()] += writes_output(instructions) ? by : 0;
}

}  // namespace weft::ofproto
