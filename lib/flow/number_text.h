// Numbers of up to 128 bits as text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/flow/field.h"

namespace weft {

// "0" for zero, else "0x" and digits without leading zeros.
std::string format_hex(FieldValue value);
inline std::string format_hex(uint64_t value) { return format_hex(FieldValue{0, value}); }

// "0x" and at least `digits` digits, for zero too.
std::string format_padded_hex(uint64_t value, unsigned digits);

// Decimal, or hexadecimal after 0x. Nothing when it is no number or does not fit.
std::optional<FieldValue> parse_wide_unsigned(std::string_view word);

}  // namespace weft
