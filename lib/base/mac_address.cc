#include "lib/base/mac_address.h"

#include <ostream>

#include "lib/base/text.h"

namespace weft {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  size_t at = 0;
  for (size_t i = 0; i < mac.bytes.size(); ++i) {
    if (i > 0) {
      if (at == text.size() || (text[at] != ':' && text[at] != '-')) {
        return std::nullopt;
      }
      ++at;
    }
    size_t digits = 0;
    unsigned value = 0;
    for (; digits < 2 && at < text.size(); ++digits, ++at) {
      const auto digit = hex_digit(text[at]);
      if (!digit) {
        break;
      }
      value = value << 4 | *digit;
    }
    if (digits == 0) {
      return std::nullopt;
    }
    mac.bytes[i] = static_cast<uint8_t>(value);
  }
  return at == text.size() ? std::optional(mac) : std::nullopt;
}

std::string MacAddress::to_string() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(17);
  for (const uint8_t byte : bytes) {
    if (!text.empty()) {
      text += ':';
    }
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string to_string(const MacAddress& mac) { return mac.to_string(); }

std::ostream& operator<<(std::ostream& out, const MacAddress& mac) { return out << mac.to_string(); }

}  // namespace weft
