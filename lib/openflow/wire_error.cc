#include "lib/openflow/wire_error.h"

#include <algorithm>
#include <iterator>

namespace weft::openflow {
namespace {

constexpr uint32_t onf_experimenter = 0x4f4e4600;
constexpr uint16_t type_bundle_failed = 17;
constexpr uint16_t onf_bundle_failed = 2300;  // and the code
constexpr uint16_t last_bundle_code = 15;     // of the extension

struct OnfNumber {
  ErrorCode error;
  uint16_t number;
};
constexpr OnfNumber onf_numbers[] = {
    {ErrorCode::ofpbic_dup_inst, 2600},
    {ErrorCode::ofpbrc_multipart_request_timeout, 2640},
    {ErrorCode::ofpbrc_multipart_reply_timeout, 2641},
};

// Properties are known to 1.3 from the table features alone.
constexpr std::pair<ErrorCode, ErrorCode> property_errors[] = {
    {ErrorCode::ofpbpc_bad_type, ErrorCode::ofptffc_bad_type},
    {ErrorCode::ofpbpc_bad_len, ErrorCode::ofptffc_bad_len},
    {ErrorCode::ofpbpc_bad_value, ErrorCode::ofptffc_bad_argument},
};

OpenFlowError as_table_features_error(OpenFlowError error) {
  for (const auto& [later, in_13] : property_errors) {
    if (error.is(later)) {
      return in_13;
    }
  }
  return error;
}

OpenFlowError onf_error(uint16_t number) { return {error_type_experimenter, number, onf_experimenter}; }

}  // namespace

OpenFlowError to_wire(OpenFlowError error, Version version) {
  if (version != Version::v1_3 || error.experimenter != 0) {
    return error;
  }
  if (error.type == type_bundle_failed && error.code <= last_bundle_code) {
    return onf_error(onf_bundle_failed + error.code);
  }
  for (const auto& [named, number] : onf_numbers) {
    if (error.is(named)) {
      return onf_error(number);
    }
  }
  return as_table_features_error(std::move(error));
}

OpenFlowError from_wire(OpenFlowError error, Version version) {
  if (version != Version::v1_3) {
    return error;
  }
  if (error.type != error_type_experimenter || error.experimenter != onf_experimenter) {
    return as_table_features_error(std::move(error));
  }
  if (onf_bundle_failed <= error.code && error.code <= onf_bundle_failed + last_bundle_code) {
    return {type_bundle_failed, static_cast<uint16_t>(error.code - onf_bundle_failed)};
  }
  const auto* found = std::ranges::find(onf_numbers, error.code, [](const OnfNumber& one) { return one.number; });
  return found == std::end(onf_numbers) ? error : OpenFlowError(found->error);
}

}  // namespace weft::openflow
