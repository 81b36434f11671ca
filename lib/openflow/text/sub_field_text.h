// Bits of a field in text: "NXM_NX_REG0[]", "reg1[4..7]", "NXM_OF_VLAN_TCI[12]". Pure functions.
#pragma once

#include <string>

#include "lib/flow/match.h"
#include "lib/openflow/action.h"
#include "lib/openflow/text/scanner.h"

namespace weft::openflow {

// `match` says what tp_src and the like mean.
Result<SubField, TextError> parse_sub_field(const TextSource& source, std::string_view word, const Match& match);
std::string format_sub_field(const SubField& sub_field);

// Any name a field is known by; the error proposes the nearest.
Result<const Field*, TextError> parse_field_name(const TextSource& source, std::string_view word, const Match& match);

}  // namespace weft::openflow
