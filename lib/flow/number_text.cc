#include "lib/flow/number_text.h"

#include <algorithm>

#include "lib/base/text.h"

namespace weft {
namespace {

using Wide = unsigned __int128;

std::string digits_of(Wide value) {
  std::string digits;
  for (; value != 0; value >>= 4) {
    digits += "0123456789abcdef"[static_cast<unsigned>(value) & 0xf];
  }
  std::ranges::reverse(digits);
  return digits;
}

}  // namespace

std::string format_hex(FieldValue value) {
  return value.is_zero() ? "0" : "0x" + digits_of(Wide{value.hi} << 64 | value.lo);
}

std::string format_padded_hex(uint64_t value, unsigned digits) {
  std::string text = digits_of(value);
  if (text.size() < digits) {
    text.insert(0, digits - text.size(), '0');
  }
  return "0x" + text;
}

std::optional<FieldValue> parse_wide_unsigned(std::string_view word) {
  const bool is_hex = word.starts_with("0x") || word.starts_with("0X");
  const unsigned base = is_hex ? 16 : 10;
  word.remove_prefix(is_hex ? 2 : 0);
  if (word.empty()) {
    return std::nullopt;
  }
  Wide value = 0;
  for (const char c : word) {
    const auto digit = hex_digit(c);
    if (!digit || *digit >= base || value > (~Wide{0} - *digit) / base) {
      return std::nullopt;
    }
    value = value * base + *digit;
  }
  return FieldValue{static_cast<uint64_t>(value >> 64), static_cast<uint64_t>(value)};
}

}  // namespace weft
