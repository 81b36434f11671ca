// Why a request was refused: the error type and code of the specification, ready for the wire.
//
// WEFT_OPENFLOW_ERRORS is the one list of them: an enumerator (the specification's name in lower case), the type
// and the code, for OpenFlow 1.3.5 section 7.4.4, 1.4.1 section 7.4.4 and 1.5.1 section 7.5.4. The numbers agree
// between those versions; how 1.3 says what only later versions have is wire_error.h, 1.0's are translated by its codec.
//
// Threads: values. `detail` is for logs and for our own tools' messages; it does not travel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "lib/base/result.h"

// clang-format off
#define WEFT_OPENFLOW_ERRORS(X) \
  X(ofphfc_incompatible, 0, 0) \
  X(ofphfc_eperm, 0, 1) \
  X(ofpbrc_bad_version, 1, 0) \
  X(ofpbrc_bad_type, 1, 1) \
  X(ofpbrc_bad_multipart, 1, 2) \
  X(ofpbrc_bad_experimenter, 1, 3) \
  X(ofpbrc_bad_exp_type, 1, 4) \
  X(ofpbrc_eperm, 1, 5) \
  X(ofpbrc_bad_len, 1, 6) \
  X(ofpbrc_buffer_empty, 1, 7) \
  X(ofpbrc_buffer_unknown, 1, 8) \
  X(ofpbrc_bad_table_id, 1, 9) \
  X(ofpbrc_is_secondary, 1, 10) \
  X(ofpbrc_bad_port, 1, 11) \
  X(ofpbrc_bad_packet, 1, 12) \
  X(ofpbrc_multipart_buffer_overflow, 1, 13) \
  X(ofpbrc_multipart_request_timeout, 1, 14) \
  X(ofpbrc_multipart_reply_timeout, 1, 15) \
  X(ofpbrc_multipart_bad_sched, 1, 16) \
  X(ofpbrc_pipeline_fields_only, 1, 17) \
  X(ofpbrc_unknown, 1, 18) \
  X(ofpbac_bad_type, 2, 0) \
  X(ofpbac_bad_len, 2, 1) \
  X(ofpbac_bad_experimenter, 2, 2) \
  X(ofpbac_bad_exp_type, 2, 3) \
  X(ofpbac_bad_out_port, 2, 4) \
  X(ofpbac_bad_argument, 2, 5) \
  X(ofpbac_eperm, 2, 6) \
  X(ofpbac_too_many, 2, 7) \
  X(ofpbac_bad_queue, 2, 8) \
  X(ofpbac_bad_out_group, 2, 9) \
  X(ofpbac_match_inconsistent, 2, 10) \
  X(ofpbac_unsupported_order, 2, 11) \
  X(ofpbac_bad_tag, 2, 12) \
  X(ofpbac_bad_set_type, 2, 13) \
  X(ofpbac_bad_set_len, 2, 14) \
  X(ofpbac_bad_set_argument, 2, 15) \
  X(ofpbac_bad_set_mask, 2, 16) \
  X(ofpbac_bad_meter, 2, 17) \
  X(ofpbic_unknown_inst, 3, 0) \
  X(ofpbic_unsup_inst, 3, 1) \
  X(ofpbic_bad_table_id, 3, 2) \
  X(ofpbic_unsup_metadata, 3, 3) \
  X(ofpbic_unsup_metadata_mask, 3, 4) \
  X(ofpbic_bad_experimenter, 3, 5) \
  X(ofpbic_bad_exp_type, 3, 6) \
  X(ofpbic_bad_len, 3, 7) \
  X(ofpbic_eperm, 3, 8) \
  X(ofpbic_dup_inst, 3, 9) \
  X(ofpbmc_bad_type, 4, 0) \
  X(ofpbmc_bad_len, 4, 1) \
  X(ofpbmc_bad_tag, 4, 2) \
  X(ofpbmc_bad_dl_addr_mask, 4, 3) \
  X(ofpbmc_bad_nw_addr_mask, 4, 4) \
  X(ofpbmc_bad_wildcards, 4, 5) \
  X(ofpbmc_bad_field, 4, 6) \
  X(ofpbmc_bad_value, 4, 7) \
  X(ofpbmc_bad_mask, 4, 8) \
  X(ofpbmc_bad_prereq, 4, 9) \
  X(ofpbmc_dup_field, 4, 10) \
  X(ofpbmc_eperm, 4, 11) \
  X(ofpfmfc_unknown, 5, 0) \
  X(ofpfmfc_table_full, 5, 1) \
  X(ofpfmfc_bad_table_id, 5, 2) \
  X(ofpfmfc_overlap, 5, 3) \
  X(ofpfmfc_eperm, 5, 4) \
  X(ofpfmfc_bad_timeout, 5, 5) \
  X(ofpfmfc_bad_command, 5, 6) \
  X(ofpfmfc_bad_flags, 5, 7) \
  X(ofpfmfc_cant_sync, 5, 8) \
  X(ofpfmfc_bad_priority, 5, 9) \
  X(ofpfmfc_is_sync, 5, 10) \
  X(ofpgmfc_group_exists, 6, 0) \
  X(ofpgmfc_invalid_group, 6, 1) \
  X(ofpgmfc_weight_unsupported, 6, 2) \
  X(ofpgmfc_out_of_groups, 6, 3) \
  X(ofpgmfc_out_of_buckets, 6, 4) \
  X(ofpgmfc_chaining_unsupported, 6, 5) \
  X(ofpgmfc_watch_unsupported, 6, 6) \
  X(ofpgmfc_loop, 6, 7) \
  X(ofpgmfc_unknown_group, 6, 8) \
  X(ofpgmfc_chained_group, 6, 9) \
  X(ofpgmfc_bad_type, 6, 10) \
  X(ofpgmfc_bad_command, 6, 11) \
  X(ofpgmfc_bad_bucket, 6, 12) \
  X(ofpgmfc_bad_watch, 6, 13) \
  X(ofpgmfc_eperm, 6, 14) \
  X(ofpgmfc_unknown_bucket, 6, 15) \
  X(ofpgmfc_bucket_exists, 6, 16) \
  X(ofppmfc_bad_port, 7, 0) \
  X(ofppmfc_bad_hw_addr, 7, 1) \
  X(ofppmfc_bad_config, 7, 2) \
  X(ofppmfc_bad_advertise, 7, 3) \
  X(ofppmfc_eperm, 7, 4) \
  X(ofptmfc_bad_table, 8, 0) \
  X(ofptmfc_bad_config, 8, 1) \
  X(ofptmfc_eperm, 8, 2) \
  X(ofpqofc_bad_port, 9, 0) \
  X(ofpqofc_bad_queue, 9, 1) \
  X(ofpqofc_eperm, 9, 2) \
  X(ofpscfc_bad_flags, 10, 0) \
  X(ofpscfc_bad_len, 10, 1) \
  X(ofpscfc_eperm, 10, 2) \
  X(ofprrfc_stale, 11, 0) \
  X(ofprrfc_unsup, 11, 1) \
  X(ofprrfc_bad_role, 11, 2) \
  X(ofprrfc_id_unsup, 11, 3) \
  X(ofprrfc_id_in_use, 11, 4) \
  X(ofpmmfc_unknown, 12, 0) \
  X(ofpmmfc_meter_exists, 12, 1) \
  X(ofpmmfc_invalid_meter, 12, 2) \
  X(ofpmmfc_unknown_meter, 12, 3) \
  X(ofpmmfc_bad_command, 12, 4) \
  X(ofpmmfc_bad_flags, 12, 5) \
  X(ofpmmfc_bad_rate, 12, 6) \
  X(ofpmmfc_bad_burst, 12, 7) \
  X(ofpmmfc_bad_band, 12, 8) \
  X(ofpmmfc_bad_band_value, 12, 9) \
  X(ofpmmfc_out_of_meters, 12, 10) \
  X(ofpmmfc_out_of_bands, 12, 11) \
  X(ofptffc_bad_table, 13, 0) \
  X(ofptffc_bad_metadata, 13, 1) \
  X(ofptffc_bad_type, 13, 2) \
  X(ofptffc_bad_len, 13, 3) \
  X(ofptffc_bad_argument, 13, 4) \
  X(ofptffc_eperm, 13, 5) \
  X(ofptffc_bad_capa, 13, 6) \
  X(ofptffc_bad_max_ent, 13, 7) \
  X(ofptffc_bad_features, 13, 8) \
  X(ofptffc_bad_command, 13, 9) \
  X(ofptffc_too_many, 13, 10) \
  X(ofpbpc_bad_type, 14, 0) \
  X(ofpbpc_bad_len, 14, 1) \
  X(ofpbpc_bad_value, 14, 2) \
  X(ofpbpc_too_many, 14, 3) \
  X(ofpbpc_dup_type, 14, 4) \
  X(ofpbpc_bad_experimenter, 14, 5) \
  X(ofpbpc_bad_exp_type, 14, 6) \
  X(ofpbpc_bad_exp_value, 14, 7) \
  X(ofpbpc_eperm, 14, 8) \
  X(ofpacfc_invalid, 15, 0) \
  X(ofpacfc_unsupported, 15, 1) \
  X(ofpacfc_eperm, 15, 2) \
  X(ofpmofc_unknown, 16, 0) \
  X(ofpmofc_monitor_exists, 16, 1) \
  X(ofpmofc_invalid_monitor, 16, 2) \
  X(ofpmofc_unknown_monitor, 16, 3) \
  X(ofpmofc_bad_command, 16, 4) \
  X(ofpmofc_bad_flags, 16, 5) \
  X(ofpmofc_bad_table_id, 16, 6) \
  X(ofpmofc_bad_out, 16, 7) \
  X(ofpbfc_unknown, 17, 0) \
  X(ofpbfc_eperm, 17, 1) \
  X(ofpbfc_bad_id, 17, 2) \
  X(ofpbfc_bundle_exist, 17, 3) \
  X(ofpbfc_bundle_closed, 17, 4) \
  X(ofpbfc_out_of_bundles, 17, 5) \
  X(ofpbfc_bad_type, 17, 6) \
  X(ofpbfc_bad_flags, 17, 7) \
  X(ofpbfc_msg_bad_len, 17, 8) \
  X(ofpbfc_msg_bad_xid, 17, 9) \
  X(ofpbfc_msg_unsup, 17, 10) \
  X(ofpbfc_msg_conflict, 17, 11) \
  X(ofpbfc_msg_too_many, 17, 12) \
  X(ofpbfc_msg_failed, 17, 13) \
  X(ofpbfc_timeout, 17, 14) \
  X(ofpbfc_bundle_in_progress, 17, 15) \
  X(ofpbfc_sched_not_supported, 17, 16) \
  X(ofpbfc_sched_future, 17, 17) \
  X(ofpbfc_sched_past, 17, 18)

// clang-format on

namespace weft::openflow {

// type << 16 | code
enum class ErrorCode : uint32_t {
#define WEFT_OPENFLOW_ERROR(name, type, code) name = (type) << 16 | (code),
  WEFT_OPENFLOW_ERRORS(WEFT_OPENFLOW_ERROR)
#undef WEFT_OPENFLOW_ERROR
};

inline constexpr uint16_t error_type_experimenter = 0xffff;  // OFPET_EXPERIMENTER

struct OpenFlowError {
  uint16_t type = 0;
  uint16_t code = 0;          // for OFPET_EXPERIMENTER the exp_type
  uint32_t experimenter = 0;  // 0 unless type is OFPET_EXPERIMENTER
  std::string detail;

  OpenFlowError() = default;
  OpenFlowError(ErrorCode named, std::string why = {})  // NOLINT: `return Unexpected{ErrorCode::...}` reads well
      : type(static_cast<uint16_t>(static_cast<uint32_t>(named) >> 16)),
        code(static_cast<uint16_t>(static_cast<uint32_t>(named))),
        detail(std::move(why)) {}
  OpenFlowError(uint16_t error_type, uint16_t error_code, uint32_t exp = 0)
      : type(error_type), code(error_code), experimenter(exp) {}

  bool is(ErrorCode named) const {
    return experimenter == 0 && static_cast<uint32_t>(named) == (static_cast<uint32_t>(type) << 16 | code);
  }
  std::string_view type_name() const;  // "OFPET_BAD_MATCH"; "OFPET_?" when unknown
  std::string name() const;            // "OFPBMC_BAD_PREREQ"; "type 4 code 99" when unknown

  // The same refusal; `detail` is commentary.
  friend constexpr bool operator==(const OpenFlowError& a, const OpenFlowError& b) {
    return a.type == b.type && a.code == b.code && a.experimenter == b.experimenter;
  }
};

// For `return refuse(ErrorCode::..., "why")`.
inline Unexpected<OpenFlowError> refuse(ErrorCode code, std::string why) {
  return Unexpected{OpenFlowError(code, std::move(why))};
}

std::string to_string(const OpenFlowError& error);  // name, and detail after a colon when there is one

// Experimenters (vendors, in 1.0) whose extensions we know.
inline constexpr uint32_t nicira_vendor_id = 0x00002320;
inline constexpr uint32_t onf_experimenter_id = 0x4f4e4600;

}  // namespace weft::openflow
