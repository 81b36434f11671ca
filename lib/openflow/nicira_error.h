// Errors that only Nicira's extensions have: OFPET_EXPERIMENTER with these numbers in 1.2 and later; 1.0 and 1.1 have
// others and wrap them (codec_10/error.cc).
//
// Threads: values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "lib/openflow/error.h"

namespace weft::openflow {

enum class NiciraError : uint16_t {
  nxm_invalid = 2,   // an nx_match that is not one
  nxm_bad_type = 3,  // or has a field that is not known
  must_be_zero = 4,  // padding that counts
  bad_reason = 5,    // of an asynchronous message
  flow_monitor_bad_event = 9,
  unencodable_error = 10,
  action_must_be_zero = 11,  // the same of an action
  bad_conjunction = 15,
  tlv_bad_command = 16,
  tlv_bad_length = 17,
  tlv_bad_index = 18,
  tlv_table_full = 19,
  tlv_already_mapped = 20,
  tlv_duplicate = 21,
  resume_unsupported = 34,
  resume_stale = 35,
  tlv_field_unmapped = 37,  // a match or an action names a tun_metadata that no option is mapped to
  tlv_invalid_delete = 38,
  ct_action_unsupported = 42,
  ct_match_unsupported = 43,
};

inline OpenFlowError nicira_error(NiciraError code, std::string detail = {}) {
  OpenFlowError error(error_type_experimenter, static_cast<uint16_t>(code), nicira_vendor_id);
  error.detail = std::move(detail);
  return error;
}

}  // namespace weft::openflow
