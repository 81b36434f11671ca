// The rows of the field registry, indexed by FieldId; field.h is how everybody else reads them.
#pragma once

#include <array>

#include "lib/flow/field.h"

namespace weft {

extern const std::array<Field, field_count> field_table;

}  // namespace weft
