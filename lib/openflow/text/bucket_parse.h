// Inside of the group parser: one bucket. Private to lib/openflow/text.
#pragma once

#include <string_view>

#include "lib/openflow/group_message.h"
#include "lib/openflow/text/scanner.h"

namespace weft::openflow {

// What stands behind "bucket=": properties, then actions, with or without "actions=" before them. A bucket that does
// not say its weight has `default_weight`.
Result<Bucket, TextError> parse_bucket(const TextSource& source, std::string_view part, uint16_t default_weight);

}  // namespace weft::openflow
