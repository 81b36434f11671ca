// Bits by name: flags, capabilities, reasons. Private to lib/openflow/text. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::openflow {

struct BitName {
  uint32_t bit;
  std::string_view name;
};

// The names of the bits that are set, in the order of `names`; what has no name as a number; `none` when no bit is set.
std::string format_bits(uint32_t bits, std::span<const BitName> names, std::string_view separator = " ",
                        std::string_view none = "0");

// Those alone that have a name.
std::vector<std::string_view> names_of_bits(uint32_t bits, std::span<const BitName> names);

}  // namespace weft::openflow
