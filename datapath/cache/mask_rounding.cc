#include "datapath/cache/mask_rounding.h"

#include <bit>
#include <vector>

#include "lib/flow/field.h"

namespace weft::datapath {
namespace {

uint64_t whole_bytes(uint64_t word) {
  uint64_t bytes = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) {
    bytes |= ((word >> shift) & 0xff) != 0 ? uint64_t{0xff} << shift : 0;
  }
  return bytes;
}

// Of each field that has a place in the key, its bits and those that say whether it is there.
const std::vector<FlowMask>& field_masks() {
  static const std::vector<FlowMask> masks = [] {
    std::vector<FlowMask> all;
    for (const Field& field : all_fields()) {
      if (field.has_place()) {
        Flow bits;
        set(bits, field, all_bits(field));
        all.emplace_back(bits);
      }
    }
    return all;
  }();
  return masks;
}

bool have_bits_in_common(const Flow& mask, const FlowMask& field) {
  uint64_t common = 0;
  field.set().for_each([&](unsigned i) { common |= mask.word(i) & field.word(i); });
  return common != 0;
}

}  // namespace

bool is_narrower_or_equal(const FlowMask& narrow, const FlowMask& wide) {
  uint64_t missing = 0;
  wide.set().for_each([&](unsigned i) { missing |= wide.word(i) & ~narrow.word(i); });
  return missing == 0;
}

unsigned bit_count(const FlowMask& mask) {
  int count = 0;
  for (const uint64_t word : mask.words()) {
    count += std::popcount(word);
  }
  return static_cast<unsigned>(count);
}

FlowMask to_whole_bytes(const FlowMask& mask) {
  FlowMask rounded;
  rounded.clear();
  mask.set().for_each([&](unsigned i) { rounded.append(i, whole_bytes(mask.word(i))); });
  return rounded;
}

FlowMask to_whole_fields(const FlowMask& mask) {
  const Flow bytes(to_whole_bytes(mask));
  Flow rounded = bytes;
  for (const FlowMask& field : field_masks()) {
    if (have_bits_in_common(bytes, field)) {
      field.set().for_each([&](unsigned i) { rounded.word(i) |= field.word(i); });
    }
  }
  return FlowMask(rounded);
}

FlowMask exact_mask() {
  FlowMask mask;
  mask.clear();
  for (unsigned i = 0; i < key_word_count; ++i) {
    mask.append(i, ~uint64_t{0});
  }
  return mask;
}

}  // namespace weft::datapath
