// Inside of the rule parser: the words of a match. Private to lib/openflow/text.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "lib/base/result.h"
#include "lib/flow/match.h"
#include "lib/openflow/text/scanner.h"

namespace weft::openflow {

// Words among the match's that are no part of it, such as "priority=5".
struct OtherWords {
  std::span<const std::string_view> names;                    // for suggestions
  std::function<Result<bool, TextError>(const Word&)> parse;  // false: it is none of them
};

// `part` is a stretch of the source's text. `is_rule`: only what a message can say.
Result<Match, TextError> parse_match_words(const TextSource& source, std::string_view part, bool is_rule,
                                           const OtherWords& others);

}  // namespace weft::openflow
