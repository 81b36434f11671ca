#include "lib/openflow/text/tlv_text.h"

#include <optional>

#include <fmt/format.h>

namespace weft::openflow {
namespace {

constexpr std::string_view field_stem = "tun_metadata";
constexpr uint64_t size_unit = 4;

struct Input {
  std::string_view text;
  std::string_view rest;

  bool take(std::string_view word) {
    rest = trim(rest);
    if (!rest.starts_with(word)) {
      return false;
    }
    rest.remove_prefix(word.size());
    return true;
  }
  Unexpected<TextError> error(std::string_view word, std::string message) const {
    return Unexpected{error_at(text, word, std::move(message))};
  }
  Unexpected<TextError> expected(std::string_view what) const {
    return error(rest.empty() ? text.substr(text.size()) : rest.substr(0, 1), fmt::format("{} was expected", what));
  }
};

std::string_view digits_of(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && (hex_digit(text[count]) || text[count] == 'x' || text[count] == 'X')) {
    ++count;
  }
  return text.substr(0, count);
}

// "name=NUMBER".
Result<uint64_t, TextError> take_number(Input& in, std::string_view name, uint64_t max) {
  if (!in.take(name) || !in.take("=")) {
    return in.expected(fmt::format("\"{}=\"", name));
  }
  const std::string_view word = digits_of(in.rest);
  in.rest.remove_prefix(word.size());
  return parse_number(in.text, word, name, 0, max);
}

Result<uint16_t, TextError> take_field(Input& in) {
  if (!in.take("->") || !in.take(field_stem)) {
    return in.expected("\"->tun_metadataN\"");
  }
  size_t count = 0;
  while (count < in.rest.size() && is_digit(in.rest[count])) {
    ++count;
  }
  const std::string_view word = in.rest.substr(0, count);
  in.rest.remove_prefix(count);
  return parse_number(in.text, word, "the number behind tun_metadata", 0, tlv_field_count - 1)
      .transform([](uint64_t n) { return static_cast<uint16_t>(n); });
}

Result<TlvMap, TextError> take_map(Input& in) {
  if (!in.take("{")) {
    return in.expected("\"{class=...,type=...,len=...}\"");
  }
  const auto option_class = take_number(in, "class", 0xffff);
  if (!option_class) {
    return Unexpected{option_class.error()};
  }
  in.take(",");
  const auto type = take_number(in, "type", 0xff);
  if (!type) {
    return Unexpected{type.error()};
  }
  in.take(",");
  const std::string_view at_size = in.rest;
  const auto size = take_number(in, "len", max_tlv_size);
  if (!size) {
    return Unexpected{size.error()};
  }
  if (*size % size_unit != 0) {
    return in.error(at_size.substr(0, at_size.size() - in.rest.size()), "an option's length is a multiple of 4");
  }
  if (!in.take("}")) {
    return in.expected("\"}\"");
  }
  const auto index = take_field(in);
  if (!index) {
    return Unexpected{index.error()};
  }
  return TlvMap{static_cast<uint16_t>(*option_class), static_cast<uint8_t>(*type), static_cast<uint8_t>(*size), *index};
}

}  // namespace

Result<std::vector<TlvMap>, TextError> parse_tlv_maps(std::string_view text) {
  Input in{text, text};
  std::vector<TlvMap> maps;
  do {
    auto map = take_map(in);
    if (!map) {
      return Unexpected{map.error()};
    }
    maps.push_back(*map);
    in.take(",");
  } while (!trim(in.rest).empty());
  return maps;
}

}  // namespace weft::openflow
