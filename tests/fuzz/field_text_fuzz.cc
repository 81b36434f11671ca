// Values of match fields as text: the first byte picks the field, the rest is the text. What is accepted must print
// as something that reads back as the same, and an error must point into the text.
#include <cstdlib>
#include <string_view>

#include "lib/flow/field_text.h"

namespace weft {
namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void parse_and_print(const Field& field, std::string_view text) {
  const auto parsed = parse_value(field, text);
  if (!parsed) {
    require(parsed.error().position + parsed.error().length <= text.size());
    return;
  }
  Match match;
  require(add_to_match(match, field, text).has_value());
  if (parsed->mask.is_zero() || !field.has_place()) {
    return;
  }
  const auto again = parse_value(field, format_value(field, *parsed));
  require(again.has_value() && *again == *parsed);
}

}  // namespace
}  // namespace weft

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) {
    const auto fields = weft::all_fields();
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    weft::parse_and_print(fields[data[0] % fields.size()], text);
  }
  return 0;
}
