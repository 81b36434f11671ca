// OXM and NXM: fields on the wire (OpenFlow 1.3.5 section 7.2.3.2, 1.5.1 section 7.2.3.2).
//
// Driven by the field registry: every class that a field has a number in is accepted; what is written is the form
// that the version's tools know best (preferred_oxm). Values are FieldValue as in the key; port numbers are
// converted between the 16 bits inside and the 32 on the wire.
//
// Threads: pure functions. Private to the codecs, except that the text printer names fields by preferred_oxm.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/flow/match.h"
#include "lib/openflow/error.h"
#include "lib/openflow/version.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

// The largest Geneve option (RFC 8926 section 3.5). Its field is written with as many bytes as it has here.
inline constexpr unsigned max_tunnel_option_size = 124;

// What can be wrong with one OXM; a match, a set-field and an extension action have different codes for it.
enum class OxmFault : uint8_t { cut_short, unknown_field, bad_length, bad_value, bad_mask, value_outside_mask };

struct OxmEntry {
  const Field* field = nullptr;
  bool has_mask = false;
  FieldValue value;
  FieldValue mask;  // all_bits(field) without has_mask
};

// `takes_any_mask`: for a set-field, whose mask says which bits to write, also of a field that a match takes only whole.
Result<OxmEntry, OxmFault> read_oxm(WireReader& in, bool takes_any_mask = false);

const OxmId& preferred_oxm(const Field& field, Version version);
bool has_oxm(const Field& field);

// Header and payload; the mask is written unless it is all_bits().
void write_oxm(WireWriter& out, const Field& field, FieldValue value, FieldValue mask, Version version);

// Just the header, as reg_move and reg_load name fields: 4 bytes, 8 for an experimenter's.
Result<const Field*, OxmFault> read_oxm_header(WireReader& in);
void write_oxm_header(WireWriter& out, const OxmId& id, bool has_mask = false);

// The fields of a match without the ofp_match header. Reading adds to `match`.
Result<void, OpenFlowError> read_oxm_list(std::span<const uint8_t> bytes, Match& match);
void write_oxm_list(WireWriter& out, const Match& match, Version version);

// struct ofp_match with its padding. `match` is empty before; what it is after an error says nothing.
Result<void, OpenFlowError> read_match(WireReader& in, Match& match);
void write_match(WireWriter& out, const Match& match, Version version);

}  // namespace weft::openflow
