// Where weft makes something else of a generated flow text than stock ovs-ofctl does, on purpose, and why.
#pragma once

#include <span>
#include <string_view>

#include "lib/openflow/version.h"
#include "tests/lib/openflow/text/flow_generator.h"

namespace weft::openflow::testing {

enum class Outcome { we_accept, we_refuse, other_bytes, other_line };

struct Difference {
  Outcome outcome;
  VersionSet versions;
  bool (*applies)(const GeneratedFlow&);
  std::string_view reason;
};

std::span<const Difference> differences();

// Null: none is known, so both should agree. `version` absent: of texts, whose acceptance does not depend on one.
const Difference* find_difference(const GeneratedFlow& flow, Outcome outcome, Version version);

}  // namespace weft::openflow::testing
