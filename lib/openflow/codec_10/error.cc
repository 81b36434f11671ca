// Errors: OpenFlow 1.0.0 section 5.4.4. Its numbers are fewer than those of later versions and partly others; what it
// does not have travels as one of Nicira's, wrapped: type 0xb0c2, code 0, then vendor, type and code, then the data.
#include <algorithm>
#include <iterator>
#include <optional>

#include "lib/openflow/codec_10/codec_10.h"
#include "lib/openflow/nicira_error.h"

namespace weft::openflow::codec_10 {
namespace {

constexpr uint16_t wrapped_type = 0xb0c2;  // NXET_VENDOR
constexpr uint16_t wrapped_code = 0;       // NXVC_VENDOR_ERROR
// Numbers of 1.0 that nobody knows are kept as they are, where later versions do not mean something else by them; those as
// an experimenter's that nobody is: this and the type.
constexpr uint32_t unknown_types = 0xff100000;

struct Number {
  uint16_t type;
  uint16_t code;
  friend bool operator==(const Number&, const Number&) = default;
};

struct Row {
  uint32_t experimenter;  // of the model's error: 0 or Nicira
  Number model;
  bool is_wrapped;
  Number wire;
};

constexpr Number split(ErrorCode code) {
  return {static_cast<uint16_t>(static_cast<uint32_t>(code) >> 16), static_cast<uint16_t>(code)};
}
constexpr Row own(ErrorCode code, uint16_t type10, uint16_t code10) {
  return {0, split(code), false, {type10, code10}};
}
constexpr Row wrapped(ErrorCode code, uint16_t type10, uint16_t code10) {
  return {0, split(code), true, {type10, code10}};
}
constexpr Row wrapped(NiciraError code, uint16_t type10, uint16_t code10) {
  return {nicira_vendor_id, {error_type_experimenter, static_cast<uint16_t>(code)}, true, {type10, code10}};
}

// Where two rows have one number on the wire, it is read as the first.
constexpr Row rows[] = {
    own(ErrorCode::ofphfc_incompatible, 0, 0),
    own(ErrorCode::ofphfc_eperm, 0, 1),
    own(ErrorCode::ofpbrc_bad_version, 1, 0),
    own(ErrorCode::ofpbrc_bad_type, 1, 1),
    own(ErrorCode::ofpbrc_bad_multipart, 1, 2),
    own(ErrorCode::ofpbrc_bad_experimenter, 1, 3),
    own(ErrorCode::ofpbrc_bad_exp_type, 1, 4),
    own(ErrorCode::ofpbrc_eperm, 1, 5),
    own(ErrorCode::ofpbrc_is_secondary, 1, 5),
    own(ErrorCode::ofpbrc_bad_len, 1, 6),
    own(ErrorCode::ofpbrc_buffer_empty, 1, 7),
    own(ErrorCode::ofpbrc_buffer_unknown, 1, 8),
    own(ErrorCode::ofpbac_bad_type, 2, 0),
    own(ErrorCode::ofpbac_bad_len, 2, 1),
    own(ErrorCode::ofpbac_bad_experimenter, 2, 2),
    own(ErrorCode::ofpbac_bad_exp_type, 2, 3),
    own(ErrorCode::ofpbac_bad_out_port, 2, 4),
    own(ErrorCode::ofpbac_bad_argument, 2, 5),
    own(ErrorCode::ofpbac_eperm, 2, 6),
    own(ErrorCode::ofpbac_too_many, 2, 7),
    own(ErrorCode::ofpbac_bad_queue, 2, 8),
    own(ErrorCode::ofpfmfc_table_full, 3, 0),
    own(ErrorCode::ofpfmfc_overlap, 3, 1),
    own(ErrorCode::ofpfmfc_eperm, 3, 2),
    own(ErrorCode::ofpfmfc_bad_timeout, 3, 3),  // OFPFMFC_BAD_EMERG_TIMEOUT
    own(ErrorCode::ofpfmfc_bad_command, 3, 4),
    own(ErrorCode::ofpbac_unsupported_order, 3, 5),  // OFPFMFC_UNSUPPORTED
    own(ErrorCode::ofppmfc_bad_port, 4, 0),
    own(ErrorCode::ofppmfc_bad_hw_addr, 4, 1),
    own(ErrorCode::ofpqofc_bad_port, 5, 0),
    own(ErrorCode::ofpqofc_bad_queue, 5, 1),
    own(ErrorCode::ofpqofc_eperm, 5, 2),

    wrapped(ErrorCode::ofpbmc_bad_field, 0, 263),
    wrapped(NiciraError::nxm_invalid, 1, 256),
    wrapped(ErrorCode::ofpbmc_bad_len, 1, 256),
    wrapped(ErrorCode::ofpbmc_bad_type, 1, 256),
    wrapped(NiciraError::nxm_bad_type, 1, 257),
    wrapped(ErrorCode::ofpbmc_bad_value, 1, 258),
    wrapped(ErrorCode::ofpbmc_bad_mask, 1, 259),
    wrapped(ErrorCode::ofpbmc_bad_prereq, 1, 260),
    wrapped(ErrorCode::ofpbmc_dup_field, 1, 261),
    wrapped(ErrorCode::ofpbmc_bad_wildcards, 1, 262),
    wrapped(NiciraError::ct_match_unsupported, 1, 264),
    wrapped(NiciraError::ct_action_unsupported, 1, 265),
    wrapped(ErrorCode::ofpbrc_bad_table_id, 1, 512),
    wrapped(ErrorCode::ofpfmfc_bad_table_id, 1, 512),
    wrapped(ErrorCode::ofprrfc_bad_role, 1, 513),
    wrapped(ErrorCode::ofpbrc_bad_port, 1, 514),
    wrapped(NiciraError::must_be_zero, 1, 515),
    wrapped(NiciraError::bad_reason, 1, 516),
    wrapped(ErrorCode::ofpmofc_monitor_exists, 1, 517),
    wrapped(ErrorCode::ofpmofc_bad_flags, 1, 518),
    wrapped(ErrorCode::ofpmofc_unknown_monitor, 1, 519),
    wrapped(NiciraError::flow_monitor_bad_event, 1, 520),
    wrapped(NiciraError::unencodable_error, 1, 521),
    wrapped(ErrorCode::ofpbac_match_inconsistent, 1, 522),
    wrapped(ErrorCode::ofpbac_bad_set_type, 1, 523),
    wrapped(ErrorCode::ofpbac_bad_set_len, 1, 524),
    wrapped(ErrorCode::ofpbac_bad_set_argument, 1, 525),
    wrapped(ErrorCode::ofpbac_bad_set_mask, 1, 525),
    wrapped(NiciraError::tlv_bad_command, 1, 527),
    wrapped(NiciraError::tlv_bad_length, 1, 528),
    wrapped(NiciraError::tlv_bad_index, 1, 529),
    wrapped(NiciraError::tlv_table_full, 1, 530),
    wrapped(NiciraError::tlv_already_mapped, 1, 531),
    wrapped(NiciraError::tlv_duplicate, 1, 532),
    wrapped(NiciraError::resume_unsupported, 1, 533),
    wrapped(NiciraError::resume_stale, 1, 534),
    wrapped(NiciraError::tlv_field_unmapped, 1, 536),
    wrapped(NiciraError::tlv_invalid_delete, 1, 537),
    wrapped(ErrorCode::ofpbac_bad_out_group, 2, 9),
    wrapped(NiciraError::action_must_be_zero, 2, 256),
    wrapped(ErrorCode::ofpbic_unsup_inst, 2, 257),
    wrapped(NiciraError::bad_conjunction, 2, 526),
    wrapped(ErrorCode::ofpfmfc_bad_flags, 3, 258),
    wrapped(ErrorCode::ofpgmfc_group_exists, 6, 0),
    wrapped(ErrorCode::ofpgmfc_invalid_group, 6, 1),
    wrapped(ErrorCode::ofpgmfc_weight_unsupported, 6, 2),
    wrapped(ErrorCode::ofpgmfc_out_of_groups, 6, 3),
    wrapped(ErrorCode::ofpgmfc_out_of_buckets, 6, 4),
    wrapped(ErrorCode::ofpgmfc_chaining_unsupported, 6, 5),
    wrapped(ErrorCode::ofpgmfc_watch_unsupported, 6, 6),
    wrapped(ErrorCode::ofpgmfc_loop, 6, 7),
    wrapped(ErrorCode::ofpgmfc_unknown_group, 6, 8),
    wrapped(ErrorCode::ofpgmfc_chained_group, 6, 9),
    wrapped(ErrorCode::ofpgmfc_bad_type, 6, 10),
    wrapped(ErrorCode::ofpgmfc_bad_command, 6, 11),
    wrapped(ErrorCode::ofpgmfc_bad_bucket, 6, 12),
    wrapped(ErrorCode::ofpgmfc_bad_watch, 6, 13),
    wrapped(ErrorCode::ofpgmfc_eperm, 6, 14),
    wrapped(ErrorCode::ofpgmfc_unknown_bucket, 6, 15),
    wrapped(ErrorCode::ofpgmfc_bucket_exists, 6, 16),
    wrapped(ErrorCode::ofpbpc_bad_type, 13, 2),
    wrapped(ErrorCode::ofpbpc_bad_len, 13, 3),
    wrapped(ErrorCode::ofpbpc_bad_value, 13, 4),
    wrapped(ErrorCode::ofpbpc_too_many, 14, 3),
    wrapped(ErrorCode::ofpbpc_dup_type, 14, 4),
    wrapped(ErrorCode::ofpbpc_bad_experimenter, 14, 5),
    wrapped(ErrorCode::ofpbpc_bad_exp_type, 14, 6),
    wrapped(ErrorCode::ofpbpc_bad_exp_value, 14, 7),
    wrapped(ErrorCode::ofpbpc_eperm, 14, 8),
};

constexpr Row unencodable = wrapped(NiciraError::unencodable_error, 1, 521);

const Row& row_for(const OpenFlowError& error) {
  const auto* found = std::find_if(std::begin(rows), std::end(rows), [&](const Row& row) {
    return row.experimenter == error.experimenter && row.model == Number{error.type, error.code};
  });
  return found == std::end(rows) ? unencodable : *found;
}

const Row* row_for(bool is_wrapped, Number wire) {
  const auto* found = std::find_if(std::begin(rows), std::end(rows),
                                   [&](const Row& row) { return row.is_wrapped == is_wrapped && row.wire == wire; });
  return found == std::end(rows) ? nullptr : found;
}

OpenFlowError error_of(const Row& row) { return {row.model.type, row.model.code, row.experimenter}; }

constexpr uint16_t last_common_type = 0xff;

OpenFlowError unknown(Number wire) {
  const bool is_free = wire.type > last_common_type && wire.type != error_type_experimenter;
  return is_free ? OpenFlowError{wire.type, wire.code}
                 : OpenFlowError{error_type_experimenter, wire.code, unknown_types | wire.type};
}

// What unknown() has made of it.
std::optional<Number> as_unknown(const OpenFlowError& error) {
  if (error.type == error_type_experimenter && (error.experimenter & 0xffff0000) == unknown_types) {
    return Number{static_cast<uint16_t>(error.experimenter), error.code};
  }
  const bool is_free = error.type > last_common_type && error.type != error_type_experimenter;
  return is_free ? std::optional(Number{error.type, error.code}) : std::nullopt;
}

}  // namespace

void write_error(WireWriter& out, const Error& message) {
  const OpenFlowError& error = message.error;
  if (const auto number = as_unknown(error)) {
    out.u16(number->type);
    out.u16(number->code);
    return out.bytes(message.data);
  }
  const Row& row = row_for(error);
  if (row.is_wrapped) {
    out.u16(wrapped_type);
    out.u16(wrapped_code);
    out.u32(nicira_vendor_id);
  }
  out.u16(row.wire.type);
  out.u16(row.wire.code);
  out.bytes(message.data);
}

DecodedMessage read_error(std::span<const uint8_t> body) {
  constexpr size_t wrapper_size = 8;
  WireReader in(body);
  Error message;
  Number wire{in.u16(), in.u16()};
  const Row* row = row_for(false, wire);
  if (wire == Number{wrapped_type, wrapped_code} && in.remaining() >= wrapper_size) {
    WireReader inner(in.rest());
    if (inner.u32() == nicira_vendor_id) {
      row = row_for(true, {inner.u16(), inner.u16()});
      in.pad(row != nullptr ? wrapper_size : 0);
    }
  }
  message.error = row != nullptr ? error_of(*row) : unknown(wire);
  const auto data = in.take_rest();
  message.data.assign(data.begin(), data.end());
  return finish(in, std::move(message));
}

}  // namespace weft::openflow::codec_10
