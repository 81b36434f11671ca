#include "lib/flow/port_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/text.h"

namespace weft {
namespace {

// "any" and "none" are one number; the first of them is printed.
constexpr std::pair<std::string_view, OfPort> reserved_names[] = {
    {"UNSET", of_port::unset},
    {"IN_PORT", of_port::in_port},
    {"TABLE", of_port::table},
    {"NORMAL", of_port::normal},
    {"FLOOD", of_port::flood},
    {"ALL", of_port::all},
    {"CONTROLLER", of_port::controller},
    {"LOCAL", of_port::local},
    {"ANY", of_port::any},
    {"NONE", of_port::none},
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_bare_word(std::string_view name) {
  return !name.empty() && is_letter(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

std::string quoted(std::string_view name) {
  std::string result = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result + '"';
}

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
    return std::string(text);
  }
  text = text.substr(1, text.size() - 2);
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    }
    result += text[i];
  }
  return result;
}

}  // namespace

std::string format_port(OfPort port, const PortNames* names) {
  const auto reserved = std::ranges::find(reserved_names, port, &std::pair<std::string_view, OfPort>::second);
  if (reserved != std::end(reserved_names)) {
    return std::string(reserved->first);
  }
  if (names != nullptr) {
    if (const auto name = names->port_name(port)) {
      return is_bare_word(*name) ? *name : quoted(*name);
    }
  }
  return std::to_string(number(port));
}

std::optional<OfPort> parse_port(std::string_view text, const PortNames* names) {
  if (const auto value = parse_unsigned(text, 0xffffffff)) {
    return *value <= 0xffff ? OfPort{static_cast<uint16_t>(*value)} : from_wire32(static_cast<uint32_t>(*value));
  }
  if (names != nullptr) {
    if (const auto port = names->find_port(unquoted(text))) {
      return port;
    }
  }
  const std::string word = to_lower(text);
  for (const auto& [name, port] : reserved_names) {
    if (to_lower(name) == word) {
      return port;
    }
  }
  return std::nullopt;
}

}  // namespace weft
