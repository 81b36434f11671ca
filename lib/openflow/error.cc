#include "lib/openflow/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include <fmt/format.h>

namespace weft::openflow {
namespace {

struct NamedError {
  uint16_t type;
  uint16_t code;
  std::string_view name;
};

constexpr NamedError named_errors[] = {
#define WEFT_OPENFLOW_ERROR(name, type, code) {type, code, #name},
    WEFT_OPENFLOW_ERRORS(WEFT_OPENFLOW_ERROR)
#undef WEFT_OPENFLOW_ERROR
};

constexpr std::array<std::string_view, 18> type_names = {
    "OFPET_HELLO_FAILED",
    "OFPET_BAD_REQUEST",
    "OFPET_BAD_ACTION",
    "OFPET_BAD_INSTRUCTION",
    "OFPET_BAD_MATCH",
    "OFPET_FLOW_MOD_FAILED",
    "OFPET_GROUP_MOD_FAILED",
    "OFPET_PORT_MOD_FAILED",
    "OFPET_TABLE_MOD_FAILED",
    "OFPET_QUEUE_OP_FAILED",
    "OFPET_SWITCH_CONFIG_FAILED",
    "OFPET_ROLE_REQUEST_FAILED",
    "OFPET_METER_MOD_FAILED",
    "OFPET_TABLE_FEATURES_FAILED",
    "OFPET_BAD_PROPERTY",
    "OFPET_ASYNC_CONFIG_FAILED",
    "OFPET_FLOW_MONITOR_FAILED",
    "OFPET_BUNDLE_FAILED",
};

}  // namespace

std::string_view OpenFlowError::type_name() const {
  if (type == error_type_experimenter) {
    return "OFPET_EXPERIMENTER";
  }
  return type < type_names.size() ? type_names[type] : "OFPET_?";
}

std::string OpenFlowError::name() const {
  if (type == error_type_experimenter) {
    return fmt::format("OFPET_EXPERIMENTER experimenter {:#010x} type {}", experimenter, code);
  }
  const auto* found = std::find_if(std::begin(named_errors), std::end(named_errors), [this](const NamedError& error) {
    return error.type == type && error.code == code;
  });
  if (found == std::end(named_errors)) {
    return fmt::format("{} code {}", type_name(), code);
  }
  std::string upper(found->name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return upper;
}

std::string to_string(const OpenFlowError& error) {
  return error.detail.empty() ? error.name() : error.name() + ": " + error.detail;
}

}  // namespace weft::openflow
