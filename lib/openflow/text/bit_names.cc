#include "lib/openflow/text/bit_names.h"

#include <fmt/format.h>

namespace weft::openflow {

std::string format_bits(uint32_t bits, std::span<const BitName> names, std::string_view separator,
                        std::string_view none) {
  std::string text;
  const auto add = [&](std::string_view name) {
    text += text.empty() ? "" : separator;
    text += name;
  };
  for (const auto& [bit, name] : names) {
    if ((bits & bit) != 0) {
      add(name);
      bits &= ~bit;
    }
  }
  if (bits != 0) {
    add(fmt::format("{:#x}", bits));
  }
  return text.empty() ? std::string(none) : text;
}

std::vector<std::string_view> names_of_bits(uint32_t bits, std::span<const BitName> names) {
  std::vector<std::string_view> found;
  for (const auto& [bit, name] : names) {
    if ((bits & bit) != 0) {
      found.push_back(name);
    }
  }
  return found;
}

}  // namespace weft::openflow
