// Bits of a field, as actions name them: "NXM_NX_REG0[0..15]". A value.
#pragma once

#include <cstdint>

#include "lib/flow/field.h"

namespace weft::openflow {

// `bit_count` bits of a field from bit `offset`, 0 being the least significant.
struct SubField {
  FieldId field{};
  uint16_t offset = 0;
  uint16_t bit_count = 0;
  friend bool operator==(const SubField&, const SubField&) = default;
};

}  // namespace weft::openflow
