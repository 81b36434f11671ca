#include "lib/flow/flag_names.h"

#include <algorithm>

namespace weft {
namespace {

constexpr std::string_view tcp_names[] = {"fin", "syn", "rst", "psh",   "ack",   "urg",
                                          "ece", "cwr", "ns",  "[200]", "[400]", "[800]"};
constexpr std::string_view ct_names[] = {"new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"};
constexpr std::string_view tun_names[] = {"oam"};

bool is_sign(char c) { return c == '+' || c == '-'; }

Result<uint64_t, TextError> find_flag(const FlagNames& names, std::string_view text, std::string_view word) {
  const auto found = std::ranges::find(names.names, word);
  if (found == names.names.end()) {
    return Unexpected{error_at(text, word, "unknown " + std::string(names.what) + " \"" + std::string(word) + "\"",
                               did_you_mean(word, names.names))};
  }
  return uint64_t{1} << (found - names.names.begin());
}

Result<FlagBits, TextError> parse_signed(const FlagNames& names, std::string_view text) {
  FlagBits bits;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of("+-", at + 1), text.size());
    const std::string_view word = text.substr(at + 1, end - at - 1);
    const auto flag = find_flag(names, text, word);
    if (!flag) {
      return Unexpected{flag.error()};
    }
    if ((bits.mask & *flag) != 0) {
      return Unexpected{
          error_at(text, word, std::string(names.what) + " \"" + std::string(word) + "\" is given twice")};
    }
    bits.mask |= *flag;
    bits.value |= text[at] == '+' ? *flag : 0;
    at = end;
  }
  return bits;
}

Result<FlagBits, TextError> parse_names(const FlagNames& names, uint64_t all_bits, std::string_view text) {
  FlagBits bits{0, all_bits};
  for (const std::string_view word : split(text, '|')) {
    const auto flag = find_flag(names, text, word);
    if (!flag) {
      return Unexpected{flag.error()};
    }
    bits.value |= *flag;
  }
  return bits;
}

Result<FlagBits, TextError> parse_numbers(const FlagNames& names, uint64_t all_bits, std::string_view text) {
  const auto parts = split_once(text, '/');
  const std::string_view value_text = parts ? parts->first : text;
  const uint64_t known = names.known_bits();
  const auto value = parse_unsigned(value_text);
  const auto mask = parts ? parse_unsigned(parts->second) : std::optional(all_bits);
  if (!value || (*value & ~known) != 0) {
    return Unexpected{error_at(text, value_text, "unknown " + std::string(names.what) + " bits")};
  }
  if (!mask || (parts && (*mask & ~known) != 0 && *mask != all_bits)) {
    return Unexpected{error_at(text, parts ? parts->second : text, "unknown " + std::string(names.what) + " bits")};
  }
  return FlagBits{*value & *mask, *mask};
}

}  // namespace

const FlagNames tcp_flag_names{"TCP flag", tcp_names};
const FlagNames ct_state_names{"ct_state flag", ct_names};
const FlagNames tun_flag_names{"tunnel flag", tun_names};

std::string format_flags(const FlagNames& names, uint64_t value) {
  std::string text;
  for (size_t i = 0; i < names.names.size(); ++i) {
    if ((value >> i & 1) != 0) {
      text += (text.empty() ? "" : "|") + std::string(names.names[i]);
    }
  }
  return text.empty() ? "0" : text;
}

std::string format_signed_flags(const FlagNames& names, uint64_t value, uint64_t mask) {
  std::string text;
  for (size_t i = 0; i < names.names.size(); ++i) {
    if ((mask >> i & 1) != 0) {
      text += ((value >> i & 1) != 0 ? '+' : '-') + std::string(names.names[i]);
    }
  }
  return text;
}

Result<FlagBits, TextError> parse_flags(const FlagNames& names, uint64_t all_bits, std::string_view text) {
  if (!text.empty() && is_sign(text[0])) {
    return parse_signed(names, text);
  }
  if (!text.empty() && is_digit(text[0])) {
    return parse_numbers(names, all_bits, text);
  }
  return parse_names(names, all_bits, text);
}

}  // namespace weft
