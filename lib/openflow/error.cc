#include "lib/openflow/error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "lib/openflow/nicira_error.h"

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

// As Open vSwitch calls them.
constexpr std::pair<NiciraError, std::string_view> nicira_names[] = {
    {NiciraError::nxm_invalid, "NXBRC_NXM_INVALID"},
    {NiciraError::nxm_bad_type, "NXBRC_NXM_BAD_TYPE"},
    {NiciraError::must_be_zero, "NXBRC_MUST_BE_ZERO"},
    {NiciraError::bad_reason, "NXBRC_BAD_REASON"},
    {NiciraError::flow_monitor_bad_event, "NXBRC_FM_BAD_EVENT"},
    {NiciraError::unencodable_error, "NXBRC_UNENCODABLE_ERROR"},
    {NiciraError::action_must_be_zero, "NXBAC_MUST_BE_ZERO"},
    {NiciraError::bad_conjunction, "NXBAC_BAD_CONJUNCTION"},
    {NiciraError::tlv_bad_command, "NXTTMFC_BAD_COMMAND"},
    {NiciraError::tlv_bad_length, "NXTTMFC_BAD_OPT_LEN"},
    {NiciraError::tlv_bad_index, "NXTTMFC_BAD_FIELD_IDX"},
    {NiciraError::tlv_table_full, "NXTTMFC_TABLE_FULL"},
    {NiciraError::tlv_already_mapped, "NXTTMFC_ALREADY_MAPPED"},
    {NiciraError::tlv_duplicate, "NXTTMFC_DUP_ENTRY"},
    {NiciraError::resume_unsupported, "NXR_NOT_SUPPORTED"},
    {NiciraError::resume_stale, "NXR_STALE"},
    {NiciraError::tlv_field_unmapped, "NXFMFC_INVALID_TLV_FIELD"},
    {NiciraError::tlv_invalid_delete, "NXTTMFC_INVALID_TLV_DEL"},
    {NiciraError::ct_action_unsupported, "NXBAC_CT_DATAPATH_SUPPORT"},
    {NiciraError::ct_match_unsupported, "NXBMC_CT_DATAPATH_SUPPORT"},
};

std::string experimenter_name(const OpenFlowError& error) {
  for (const auto& [code, name] : nicira_names) {
    if (error == nicira_error(code)) {
      return std::string(name);
    }
  }
  return fmt::format("OFPET_EXPERIMENTER experimenter {:#010x} type {}", error.experimenter, error.code);
}

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
    return experimenter_name(*this);
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
