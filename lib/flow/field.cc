#include "lib/flow/field.h"

#include <tuple>
#include <unordered_map>

#include "lib/base/big_endian.h"
#include "lib/flow/field_table.h"

namespace weft {
namespace {

using NameMap = std::unordered_map<std::string_view, const Field*>;
using NumberMap = std::unordered_map<uint64_t, const Field*>;

uint64_t number_key(uint16_t oxm_class, uint8_t number, uint32_t experimenter) {
  return uint64_t{experimenter} << 32 | uint64_t{oxm_class} << 16 | number;
}

template <typename Visit>
void for_each_number(const Field& f, Visit visit) {
  for (const auto& id : {f.oxm, f.oxm_experimenter, f.nxm}) {
    if (id) {
      visit(*id);
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

NumberMap make_number_map() {
  NumberMap map;
  for (const Field& f : field_table) {
    for_each_number(f, [&](const OxmId& id) { map.emplace(number_key(id.oxm_class, id.field, id.experimenter), &f); });
  }
  return map;
}

uint64_t host(uint64_t word) { return swap_network_order(word); }

unsigned stored_bits(const Field& f) { return f.n_bits - unsigned{f.n_zero_bits}; }

bool spans_two_words(const Field& f) { return f.first_bit() + stored_bits(f) > 64; }

// A field as it stands in its one or two words, both in host order: shifted to its place.
FieldValue to_words(const Field& f, FieldValue v) {
  const unsigned room = spans_two_words(f) ? 128 : 64;
  const unsigned shift = room - f.first_bit() - stored_bits(f);
  v = ((v >> f.n_zero_bits) & FieldValue::ones(stored_bits(f))) << shift;
  return room == 128 ? v : FieldValue{v.lo, 0};
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

const Field& field(FieldId id) { return field_table[static_cast<size_t>(id)]; }

std::span<const Field> all_fields() { return field_table; }

const Field* find_field(std::string_view name_or_alias) {
  static const NameMap map = make_name_map();
  const auto found = map.find(name_or_alias);
  return found == map.end() ? nullptr : found->second;
}

const Field* find_field(uint16_t oxm_class, uint8_t field_number, uint32_t experimenter) {
  static const NumberMap map = make_number_map();
  const auto found = map.find(number_key(oxm_class, field_number, experimenter));
  return found == map.end() ? nullptr : found->second;
}

FieldValue get(const Flow& flow, const Field& field) { return get_from(flow, field); }

FieldValue get(const FlowKey& key, const Field& field) { return get_from(key, field); }

void set(Flow& flow, const Field& field, FieldValue value) { set_masked(flow, field, value, all_bits(field)); }

void set_masked(Flow& flow, const Field& field, FieldValue value, FieldValue mask) {
  if (!field.has_place()) {
    return;
  }
  const FieldValue bits = to_words(field, mask);
  const FieldValue values = to_words(field, value & mask);
  const auto merge = [](uint64_t& word, uint64_t new_value, uint64_t new_mask) {
    word = (word & ~host(new_mask)) | host(new_value);
  };
  merge(flow.word(field.first_word()), values.hi, bits.hi);
  if (spans_two_words(field)) {
    merge(flow.word(field.first_word() + 1), values.lo, bits.lo);
  }
}

WordSet field_words(const Field& field) {
  WordSet words;
  if (field.has_place()) {
    words.add(field.first_word());
    if (spans_two_words(field)) {
      words.add(field.first_word() + 1);
    }
  }
  if (field.presence != 0) {
    words.add(index(present_word));
  }
  return words;
}

FieldValue all_bits(const Field& field) {
  return FieldValue::ones(field.n_bits) & ~FieldValue::ones(field.n_zero_bits);
}

void add_to_mask(Flow& mask, const Field& field) { add_to_mask(mask, field, all_bits(field)); }

void add_to_mask(Flow& mask, const Field& field, FieldValue bits) {
  set_masked(mask, field, bits, bits);
  mask.word(present_word) |= present_in_word(field.presence);
}

}  // namespace weft
