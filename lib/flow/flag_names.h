// Bits with names in the text of a match: tcp_flags, ct_state, tun_flags.
//
// Two notations: all bits given ("syn|ack", "0"), or each bit that matters with its sign ("+syn-ack").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"

namespace weft {

// The name of bit n is at [n].
struct FlagNames {
  std::string_view what;  // "TCP flag", for messages
  std::span<const std::string_view> names;

  uint64_t known_bits() const { return (uint64_t{1} << names.size()) - 1; }
};

extern const FlagNames tcp_flag_names;
extern const FlagNames ct_state_names;
extern const FlagNames tun_flag_names;

std::string format_flags(const FlagNames& names, uint64_t value);
std::string format_signed_flags(const FlagNames& names, uint64_t value, uint64_t mask);

struct FlagBits {
  uint64_t value = 0;
  uint64_t mask = 0;  // of the signed notation, else all bits of the field
};

// `all_bits` is the field's width as a mask. A number, or number/number, is understood too.
Result<FlagBits, TextError> parse_flags(const FlagNames& names, uint64_t all_bits, std::string_view text);

}  // namespace weft
