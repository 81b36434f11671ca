#include "lib/flow/field.h"

#include <tuple>
#include <unordered_map>

#include "lib/base/big_endian.h"

namespace weft {
namespace {

using NameMap = std::unordered_map<std::string_view, const Field*>;

// Numbers of the classes that matches are made of, by class and number; an experimenter's, which carry its id too, are
// few and seldom.
class NumberTable {
 public:
  NumberTable();
  NumberedField find(uint16_t oxm_class, uint8_t number, uint32_t experimenter) const {
    const size_t row = row_of(oxm_class);
    return row < rows_.size() && number < numbers ? rows_[row][number] : find_other(oxm_class, number, experimenter);
  }

 private:
  static constexpr size_t numbers = 128;

  // Beyond the rows: none.
  static size_t row_of(uint16_t oxm_class) {
    switch (oxm_class) {
      case oxm_class::basic:
        return 0;
      case oxm_class::nxm_0:
        return 1;
      case oxm_class::nxm_1:
        return 2;
      case oxm_class::registers:
        return 3;
      default:
        return ~size_t{0};
    }
  }
  NumberedField find_other(uint16_t oxm_class, uint8_t number, uint32_t experimenter) const;

  std::array<std::array<NumberedField, numbers>, 4> rows_;
  std::unordered_map<uint64_t, NumberedField> others_;
};

uint64_t number_key(uint16_t oxm_class, uint8_t number, uint32_t experimenter) {
  return uint64_t{experimenter} << 32 | uint64_t{oxm_class} << 16 | number;
}

template <typename Visit>
void for_each_number(const Field& f, Visit visit) {
  for (const auto* id : {&f.oxm, &f.oxm_experimenter, &f.nxm}) {
    if (*id) {
      visit(**id);
    }
  }
}

NameMap make_name_map() {
  NameMap map;
  for (const Field& f : field_table) {
    map.emplace(f.name, &f);
    for (const std::string_view alias : f.aliases) {
      map.emplace(alias, &f);
    }
    for_each_number(f, [&](const OxmId& id) { map.emplace(id.name, &f); });
  }
  return map;
}

NumberTable::NumberTable() {
  for (const Field& f : field_table) {
    for_each_number(f, [&](const OxmId& id) {
      const size_t row = row_of(id.oxm_class);
      if (row < rows_.size() && id.field < numbers) {
        NumberedField& place = rows_[row][id.field];
        place = place.field == nullptr ? NumberedField{&f, &id} : place;
      } else {
        others_.emplace(number_key(id.oxm_class, id.field, id.experimenter), NumberedField{&f, &id});
      }
    });
  }
}

NumberedField NumberTable::find_other(uint16_t oxm_class, uint8_t number, uint32_t experimenter) const {
  const auto found = others_.find(number_key(oxm_class, number, experimenter));
  return found == others_.end() ? NumberedField{} : found->second;
}

uint64_t host(uint64_t word) { return swap_network_order(word); }

using detail::stored_bits;

bool spans_two_words(const Field& f) { return detail::bits_behind(f) < 0; }

// A field as it stands in its two words, both in host order: shifted to its place.
FieldValue to_words(const Field& f, FieldValue v) {
  const unsigned shift = 128 - f.first_bit() - stored_bits(f);
  return ((v >> f.n_zero_bits) & FieldValue::ones(stored_bits(f))) << shift;
}

FieldValue from_words(const Field& f, FieldValue words) {
  const FieldValue v = words >> (128 - f.first_bit() - stored_bits(f));
  return (v & FieldValue::ones(stored_bits(f))) << f.n_zero_bits;
}

template <typename Key>
FieldValue get_from(const Key& key, const Field& f) {
  if (!f.has_place()) {
    return {};
  }
  const unsigned i = f.first_word();
  return from_words(f, {host(key.word(i)), spans_two_words(f) ? host(key.word(i + 1)) : 0});
}

}  // namespace

std::span<const Field> all_fields() { return field_table; }

const Field* find_field(std::string_view name_or_alias) {
  static const NameMap map = make_name_map();
  const auto found = map.find(name_or_alias);
  return found == map.end() ? nullptr : found->second;
}

NumberedField find_numbered(uint16_t oxm_class, uint8_t field_number, uint32_t experimenter) {
  static const NumberTable table;
  return table.find(oxm_class, field_number, experimenter);
}

FieldValue detail::get_from_two_words(const Flow& flow, const Field& field) { return get_from(flow, field); }

FieldValue get(const FlowKey& key, const Field& field) { return get_from(key, field); }

void detail::set_in_two_words(Flow& flow, const Field& field, FieldValue value, FieldValue mask) {
  const FieldValue bits = to_words(field, mask);
  const FieldValue values = to_words(field, value & mask);
  const auto merge = [](uint64_t& word, uint64_t new_value, uint64_t new_mask) {
    word = (word & ~host(new_mask)) | host(new_value);
  };
  merge(flow.word(field.first_word()), values.hi, bits.hi);
  merge(flow.word(field.first_word() + 1), values.lo, bits.lo);
}

WordSet field_words(const Field& field) {
  WordSet words;
  if (field.has_place()) {
    words.add(field.first_word());
    if (spans_two_words(field)) {
      words.add(field.first_word() + 1);
    }
  }
  if (const Presence presence = presence_of(field); presence.bits != 0) {
    words.add(index(presence.word));
  }
  return words;
}

void add_to_mask(Flow& mask, const Field& field) { add_to_mask(mask, field, all_bits(field)); }

void add_to_mask(Flow& mask, const Field& field, FieldValue bits) {
  set_masked(mask, field, bits, bits);
  const Presence presence = presence_of(field);
  mask.word(presence.word) |= presence.bits;
}

}  // namespace weft
