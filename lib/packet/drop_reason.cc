#include "lib/packet/drop_reason.h"

#include <ostream>

namespace weft {

namespace {

struct Row {
  std::string_view name;
  std::string_view explanation;
};

constexpr std::array<Row, drop_reason_count> rows = {{
#define WEFT_DROP_REASON_ROW(name, explanation) {#name, explanation},
    WEFT_DROP_REASONS(WEFT_DROP_REASON_ROW)
#undef WEFT_DROP_REASON_ROW
}};

}  // namespace

std::string_view to_string(DropReason reason) { return rows[static_cast<size_t>(reason)].name; }

std::string_view explain(DropReason reason) { return rows[static_cast<size_t>(reason)].explanation; }

std::optional<DropReason> parse_drop_reason(std::string_view name) {
  for (size_t i = 0; i < drop_reason_count; ++i) {
    if (rows[i].name == name) {
      return static_cast<DropReason>(i);
    }
  }
  return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, DropReason reason) { return out << to_string(reason); }

}  // namespace weft
