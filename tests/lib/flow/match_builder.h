// match("tcp,in_port=1,nw_dst=10.0.0.0/8"): a match for tests of lib/flow. Keywords and name=value pairs, parted by
// commas that are not in parentheses; anything wrong fails the test.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "lib/flow/field_text.h"
#include "lib/flow/match_text.h"

namespace weft {

// Where the first comma outside parentheses is, or the end.
inline size_t end_of_part(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (text[i] == ',' && depth == 0) {
      return i;
    }
  }
  return text.size();
}

inline void add_part(Match& match, std::string_view part, const PortNames* ports) {
  if (add_keyword(match, part)) {
    return;
  }
  const auto pair = split_once(part, '=');
  if (const Field* option = pair ? nullptr : find_field(part); option != nullptr && is_tunnel_option(option->id)) {
    match.set_present(*option);
    return;
  }
  const Field* f = pair ? resolve_field(pair->first, match) : nullptr;
  ASSERT_NE(f, nullptr) << "no such field: " << part;
  const auto added = add_to_match(match, *f, pair->second, ports);
  ASSERT_TRUE(added.has_value()) << part << ": " << added.error().to_string();
}

inline Match match(std::string_view text, const PortNames* ports = nullptr) {
  Match result;
  while (!text.empty()) {
    const size_t end = end_of_part(text);
    add_part(result, text.substr(0, end), ports);
    text.remove_prefix(end < text.size() ? end + 1 : end);
  }
  return result;
}

}  // namespace weft
