// Table features: OpenFlow 1.3.5 section 7.3.5.5.
//
// A list of properties a table, each a list of instruction, table, action or field numbers. Every property of the
// hit side is always written, also when it is empty: stock tools refuse a reply that lacks one. Those of the miss
// side are written where they differ.
#include <array>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::codec_13 {
namespace {

constexpr size_t fixed_size = 64;
constexpr size_t name_size = 32;  // OFP_MAX_TABLE_NAME_LEN

// OFPTFPT_*; the _MISS form of each is one more.
enum PropertyType : uint16_t {
  instructions = 0,
  next_tables = 2,
  write_actions = 4,
  apply_actions = 6,
  match = 8,
  wildcards = 10,
  write_set_field = 12,
  apply_set_field = 14,
};
constexpr uint16_t property_experimenter = 0xfffe;       // OFPTFPT_EXPERIMENTER
constexpr uint16_t property_experimenter_miss = 0xffff;  // OFPTFPT_EXPERIMENTER_MISS

constexpr auto table_features_layout = [](auto& io, auto& m) {
  io.u8(m.table_id);
  io.pad(5);
  io.text(m.name, name_size);
  io.u64(m.metadata_match);
  io.u64(m.metadata_write);
  io.u32(m.config);
  io.u32(m.max_entries);
};

template <class Body>
void write_property(WireWriter& out, uint16_t type, Body&& body) {
  const size_t begin = out.size();
  out.u16(type);
  out.u16(0);
  body();
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

// Instructions and actions are listed as headers without a body.
void write_numbers(WireWriter& out, uint16_t type, uint32_t bits) {
  write_property(out, type, [&] {
    for (uint16_t n = 0; n < 32; ++n) {
      if ((bits >> n & 1) != 0) {
        out.u16(n);
        out.u16(4);
      }
    }
  });
}

void write_tables(WireWriter& out, uint16_t type, const std::bitset<256>& tables) {
  write_property(out, type, [&] {
    for (size_t i = 0; i < tables.size(); ++i) {
      if (tables[i]) {
        out.u8(i);
      }
    }
  });
}

void write_fields(WireWriter& out, uint16_t type, const FieldSet& fields, const FieldSet& maskable = {}) {
  write_property(out, type, [&] {
    for (const Field& f : all_fields()) {
      const auto i = static_cast<size_t>(f.id);
      if (fields[i] && has_oxm(f)) {
        write_oxm_header(out, preferred_oxm(f, version), maskable[i]);
      }
    }
  });
}

void write_abilities(WireWriter& out, const TableAbilities& hit, const TableAbilities& miss) {
  write_numbers(out, instructions, hit.instructions);
  if (miss.instructions != hit.instructions) {
    write_numbers(out, instructions + 1, miss.instructions);
  }
  write_tables(out, next_tables, hit.next_tables);
  if (miss.next_tables != hit.next_tables) {
    write_tables(out, next_tables + 1, miss.next_tables);
  }
  write_numbers(out, write_actions, hit.write_actions);
  if (miss.write_actions != hit.write_actions) {
    write_numbers(out, write_actions + 1, miss.write_actions);
  }
  write_numbers(out, apply_actions, hit.apply_actions);
  if (miss.apply_actions != hit.apply_actions) {
    write_numbers(out, apply_actions + 1, miss.apply_actions);
  }
}

void write_set_fields(WireWriter& out, const TableAbilities& hit, const TableAbilities& miss) {
  write_fields(out, write_set_field, hit.write_set_field);
  if (miss.write_set_field != hit.write_set_field) {
    write_fields(out, write_set_field + 1, miss.write_set_field);
  }
  write_fields(out, apply_set_field, hit.apply_set_field);
  if (miss.apply_set_field != hit.apply_set_field) {
    write_fields(out, apply_set_field + 1, miss.apply_set_field);
  }
}

uint32_t read_numbers(WireReader& in) {
  uint32_t bits = 0;
  while (in.remaining() > 0) {
    const uint16_t number = in.u16();
    const uint16_t length = in.u16();
    if (length < 4 || size_t{length} - 4 > in.remaining()) {
      in.fail(ErrorCode::ofptffc_bad_len);
      return bits;
    }
    in.pad(length - 4U);
    bits |= number < 32 ? 1U << number : 0;
  }
  return bits;
}

std::bitset<256> read_tables(WireReader& in) {
  std::bitset<256> tables;
  while (in.remaining() > 0) {
    tables.set(in.u8());
  }
  return tables;
}

// Fields that we do not know are passed over: the reply may come from another switch.
FieldSet read_fields(WireReader& in, FieldSet* maskable = nullptr) {
  FieldSet fields;
  while (in.remaining() > 0) {
    const uint16_t oxm_class = in.u16();
    const uint8_t number_and_mask = in.u8();
    in.pad(1);
    const uint32_t experimenter = oxm_class == oxm_class::experimenter ? in.u32() : 0;
    if (const Field* f = find_field(oxm_class, number_and_mask >> 1, experimenter)) {
      fields.set(static_cast<size_t>(f->id));
      if (maskable != nullptr && (number_and_mask & 1) != 0) {
        maskable->set(static_cast<size_t>(f->id));
      }
    }
  }
  return fields;
}

void read_ability(uint16_t type, WireReader& in, TableAbilities& abilities) {
  switch (type) {
    case instructions:
      abilities.instructions = read_numbers(in);
      return;
    case next_tables:
      abilities.next_tables = read_tables(in);
      return;
    case write_actions:
      abilities.write_actions = read_numbers(in);
      return;
    case apply_actions:
      abilities.apply_actions = read_numbers(in);
      return;
    case write_set_field:
      abilities.write_set_field = read_fields(in);
      return;
    case apply_set_field:
      abilities.apply_set_field = read_fields(in);
      return;
    default:
      in.fail({ErrorCode::ofptffc_bad_type, fmt::format("property type {}", type)});
  }
}

class PropertyReader {
 public:
  explicit PropertyReader(TableFeatures& features) : features_(features) {}

  void read(uint16_t type, WireReader& in) {
    if (type == property_experimenter || type == property_experimenter_miss) {
      in.take_rest();
      return;
    }
    if (type < seen_.size()) {
      seen_.set(type);
    }
    if (type == match) {
      features_.match = read_fields(in, &features_.maskable);
    } else if (type == wildcards) {
      features_.wildcards = read_fields(in);
    } else if (type % 2 == 0) {
      read_ability(type, in, features_.hit);
    } else {
      read_ability(type - 1, in, features_.miss);
    }
  }

  // "If a property is not present for misses, it is the same as for regular flow entries."
  void finish() {
    const TableAbilities& hit = features_.hit;
    TableAbilities& miss = features_.miss;
    copy_unseen(instructions, hit.instructions, miss.instructions);
    copy_unseen(next_tables, hit.next_tables, miss.next_tables);
    copy_unseen(write_actions, hit.write_actions, miss.write_actions);
    copy_unseen(apply_actions, hit.apply_actions, miss.apply_actions);
    copy_unseen(write_set_field, hit.write_set_field, miss.write_set_field);
    copy_unseen(apply_set_field, hit.apply_set_field, miss.apply_set_field);
  }

 private:
  template <class T>
  void copy_unseen(uint16_t type, const T& from, T& to) {
    if (!seen_[type + 1U]) {
      to = from;
    }
  }

  TableFeatures& features_;
  std::bitset<16> seen_;
};

void read_properties(WireReader& in, TableFeatures& features) {
  PropertyReader properties(features);
  while (in.remaining() > 0 && !in.failed()) {
    const uint16_t type = in.u16();
    const uint16_t length = in.u16();
    const size_t padded = (size_t{length} + 7) / 8 * 8;
    if (length < 4 || padded - 4 > in.remaining()) {
      in.fail({ErrorCode::ofptffc_bad_len, fmt::format("property of {} bytes", length)});
      return;
    }
    WireReader property(in.take(padded - 4).first(length - 4U), ErrorCode::ofptffc_bad_len);
    properties.read(type, property);
    if (auto done = property.finish(); !done) {
      in.fail(done.error());
    }
  }
  properties.finish();
}

TableFeatures read_table(WireReader& in) {
  constexpr size_t length_size = 2;
  TableFeatures features;
  const uint16_t length = in.u16();
  if (length < fixed_size || length % 8 != 0) {
    in.fail({ErrorCode::ofptffc_bad_len, fmt::format("table of {} bytes", length)});
    return features;
  }
  WireReader entry(in.take(length - length_size));
  table_features_layout(entry, features);
  read_properties(entry, features);
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return features;
}

}  // namespace

DecodedMessage read_table_features_reply(WireReader& in) { return read_entries<TableFeatures>(in, read_table); }

DecodedMessage read_table_features_request(WireReader& in) {
  TableFeaturesRequest request;
  while (in.remaining() > 0 && !in.failed()) {
    request.entries.push_back(read_table(in));
  }
  if (auto done = in.finish(); !done) {
    return Unexpected{done.error()};
  }
  return Message{std::move(request)};
}

void write(WireWriter& out, const TableFeaturesRequest& request) {
  for (const TableFeatures& features : request.entries) {
    write_entry(out, features);
  }
}

void write_entry(WireWriter& out, const TableFeatures& features) {
  const size_t begin = out.size();
  out.u16(0);
  table_features_layout(out, features);
  write_abilities(out, features.hit, features.miss);
  write_fields(out, match, features.match, features.maskable);
  write_fields(out, wildcards, features.wildcards);
  write_set_fields(out, features.hit, features.miss);
  out.patch_u16(begin, out.size() - begin);
}

}  // namespace weft::openflow::codec_13
