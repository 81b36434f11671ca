#include "lib/classifier/prefix_tracker.h"

#include <bit>
#include <cassert>

#include "lib/base/big_endian.h"

namespace weft {

namespace {

unsigned leading_ones(FieldValue bits) {
  const auto high = static_cast<unsigned>(std::countl_one(bits.hi));
  return high < 64 ? high : 64 + static_cast<unsigned>(std::countl_one(bits.lo));
}

// The field's bits with the first as the most significant; `word(i)` is word i of a key, a match or a mask.
template <class Word>
FieldValue at_left(const Field& field, Word word) {
  const unsigned i = field.first_word();
  const bool spans_two = field.first_bit() + field.n_bits > 64U;
  const FieldValue words{swap_network_order(word(i)), spans_two ? swap_network_order(word(i + 1)) : 0};
  const unsigned rest = max_prefix_length - field.n_bits;
  return (words << field.first_bit()) & (FieldValue::ones(field.n_bits) << rest);
}

FieldValue at_left(const Field& field, const MiniMatch& match, std::span<const uint64_t> words) {
  return at_left(field, [&](unsigned i) { return match.set().has(i) ? words[match.set().rank(i)] : 0; });
}

}  // namespace

PrefixTracker::PrefixTracker(std::span<const FieldId> fields) {
  assert(fields.size() <= max_prefix_fields);
  for (const FieldId id : fields) {
    assert(field(id).has_place() && field(id).n_bits <= max_prefix_length);
    tries_.push_back(std::make_unique<Tracked>());
    tries_.back()->field = &field(id);
  }
}

PrefixLengths PrefixTracker::lengths_of(const MiniMatch& match) const {
  PrefixLengths lengths{};
  for (unsigned i = 0; i < field_count(); ++i) {
    lengths[i] = static_cast<uint8_t>(leading_ones(at_left(tracked_field(i), match, match.masks())));
  }
  return lengths;
}

PrefixMatch PrefixTracker::lookup(unsigned i, const Flow& flow) const {
  return tries_[i]->trie.lookup(at_left(tracked_field(i), [&](unsigned word) { return flow.word(word); }));
}

void PrefixTracker::add(const MiniMatch& match, const PrefixLengths& lengths) {
  for (unsigned i = 0; i < field_count(); ++i) {
    if (lengths[i] != 0) {
      tries_[i]->trie.add(at_left(tracked_field(i), match, match.values()), lengths[i]);
    }
  }
}

void PrefixTracker::remove(const MiniMatch& match, const PrefixLengths& lengths) {
  for (unsigned i = 0; i < field_count(); ++i) {
    if (lengths[i] != 0) {
      tries_[i]->trie.remove(at_left(tracked_field(i), match, match.values()), lengths[i]);
    }
  }
}

}  // namespace weft
