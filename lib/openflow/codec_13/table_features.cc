// Table features: OpenFlow 1.3.5 section 7.3.5.5, 1.5.1 section 7.3.5.17.
//
// A list of properties a table, each a list of instruction, table, action or field numbers. Every property of the
// hit side is always written, also when it is empty: stock tools refuse a reply that lacks one. Those of the miss
// side are written where they differ.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lib/openflow/action_codec.h"
#include "lib/openflow/codec_13/codec_13.h"
#include "lib/openflow/codec_13/property.h"
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
  synchronised_from = 16,  // 1.4; no _MISS form
  write_copy_field = 18,   // 1.5
  apply_copy_field = 20,   // 1.5
  packet_types = 22,       // 1.5; no _MISS form
  experimenter = 0xfffe,
};
constexpr size_t property_type_count = 24;

constexpr auto table_features_layout = [](auto& io, auto& m) {
  io.u8(m.table_id);
  if (io.version() >= Version::v1_5) {
    io.u8(m.command);
    io.u32(m.features);
  } else {
    io.pad(5);
  }
  io.text(m.name, name_size);
  io.u64(m.metadata_match);
  io.u64(m.metadata_write);
  if (io.version() >= Version::v1_4) {
    io.u32(m.capabilities);
  } else {
    io.u32(m.config);
  }
  io.u32(m.max_entries);
};

// Errors that 1.4 has for all properties.
ErrorCode bad_length(Version version) {
  return version == Version::v1_3 ? ErrorCode::ofptffc_bad_len : ErrorCode::ofpbpc_bad_len;
}
ErrorCode bad_type(Version version) {
  return version == Version::v1_3 ? ErrorCode::ofptffc_bad_type : ErrorCode::ofpbpc_bad_type;
}

// A meter is an instruction up to 1.4 and an action in 1.5, which also brought copy_field.
uint32_t instructions_of(Version version) { return version >= Version::v1_5 ? ~(1U << instruction_type::meter) : ~0U; }
uint32_t actions_of(Version version) {
  return version >= Version::v1_5 ? ~0U : ~(1U << action_type::copy_field | 1U << action_type::meter);
}

TableAbilities in_version(TableAbilities abilities, Version version) {
  const bool has_meter = (abilities.instructions >> instruction_type::meter & 1) != 0;
  if (has_meter) {
    abilities.apply_actions |= 1U << action_type::meter;
  }
  abilities.instructions &= instructions_of(version);
  abilities.write_actions &= actions_of(version);
  abilities.apply_actions &= actions_of(version);
  return abilities;
}

// Instructions and actions are listed as headers without a body.
void write_numbers(Writer& out, uint16_t type, uint32_t bits) {
  write_property(out, type, [&] {
    for (uint16_t n = 0; n < 32; ++n) {
      if ((bits >> n & 1) != 0) {
        out.u16(n);
        out.u16(4);
      }
    }
  });
}

void write_tables(Writer& out, uint16_t type, const std::bitset<256>& tables) {
  write_property(out, type, [&] {
    for (size_t i = 0; i < tables.size(); ++i) {
      if (tables[i]) {
        out.u8(i);
      }
    }
  });
}

void write_fields(Writer& out, uint16_t type, const FieldSet& fields, const FieldSet& maskable = {}) {
  write_property(out, type, [&] {
    for (const Field& f : all_fields()) {
      const auto i = static_cast<size_t>(f.id);
      if (fields[i] && has_oxm(f)) {
        write_oxm_header(out, preferred_oxm(f, out.version()), maskable[i]);
      }
    }
  });
}

void write_abilities(Writer& out, const TableAbilities& hit, const TableAbilities& miss) {
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

void write_field_sets(Writer& out, uint16_t type, const FieldSet& hit, const FieldSet& miss) {
  write_fields(out, type, hit);
  if (miss != hit) {
    write_fields(out, type + 1, miss);
  }
}

void write_set_fields(Writer& out, const TableAbilities& hit, const TableAbilities& miss) {
  write_field_sets(out, write_set_field, hit.write_set_field, miss.write_set_field);
  write_field_sets(out, apply_set_field, hit.apply_set_field, miss.apply_set_field);
  if (out.version() >= Version::v1_5) {
    write_field_sets(out, write_copy_field, hit.write_copy_field, miss.write_copy_field);
    write_field_sets(out, apply_copy_field, hit.apply_copy_field, miss.apply_copy_field);
  }
}

uint32_t read_numbers(Reader& in) {
  uint32_t bits = 0;
  while (in.remaining() > 0) {
    const uint16_t number = in.u16();
    const uint16_t length = in.u16();
    if (length < 4 || size_t{length} - 4 > in.remaining()) {
      in.fail(bad_length(in.version()));
      return bits;
    }
    in.pad(length - 4U);
    bits |= number < 32 ? 1U << number : 0;
  }
  return bits;
}

std::bitset<256> read_tables(Reader& in) {
  std::bitset<256> tables;
  while (in.remaining() > 0) {
    tables.set(in.u8());
  }
  return tables;
}

// Fields that we do not know are passed over: the reply may come from another switch.
FieldSet read_fields(Reader& in, FieldSet* maskable = nullptr) {
  FieldSet fields;
  while (in.remaining() > 0) {
    const uint16_t oxm_class = in.u16();
    const uint8_t number_and_mask = in.u8();
    in.pad(1);
    const uint32_t experimenter = oxm_class == oxm_class::experimenter ? in.u32() : 0;
    if (const Field* f = find_numbered(oxm_class, number_and_mask >> 1, experimenter).field) {
      fields.set(static_cast<size_t>(f->id));
      if (maskable != nullptr && (number_and_mask & 1) != 0) {
        maskable->set(static_cast<size_t>(f->id));
      }
    }
  }
  return fields;
}

void read_ability(uint16_t type, Reader& in, TableAbilities& abilities) {
  switch (type) {
    case instructions:
      abilities.instructions = read_numbers(in) & instructions_of(in.version());
      return;
    case next_tables:
      abilities.next_tables = read_tables(in);
      return;
    case write_actions:
      abilities.write_actions = read_numbers(in) & actions_of(in.version());
      return;
    case apply_actions:
      abilities.apply_actions = read_numbers(in) & actions_of(in.version());
      return;
    case write_set_field:
      abilities.write_set_field = read_fields(in);
      return;
    case apply_set_field:
      abilities.apply_set_field = read_fields(in);
      return;
    case write_copy_field:
      abilities.write_copy_field = read_fields(in);
      return;
    case apply_copy_field:
      abilities.apply_copy_field = read_fields(in);
      return;
    default:
      in.fail({bad_type(in.version()), fmt::format("property type {}", type)});
  }
}

class PropertyReader {
 public:
  explicit PropertyReader(TableFeatures& features) : features_(features) {}

  void read(uint16_t type, Reader& in) {
    if (type >= experimenter || type == packet_types) {  // every packet here is an Ethernet frame
      in.take_rest();
      return;
    }
    if (!is_known(type, in.version())) {
      in.take_rest();
      return in.fail({bad_type(in.version()), fmt::format("property type {}", type)});
    }
    seen_.set(type);
    if (type == match) {
      features_.match = read_fields(in, &features_.maskable);
    } else if (type == wildcards) {
      features_.wildcards = read_fields(in);
    } else if (type == synchronised_from) {
      features_.synchronised_from = read_tables(in);
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
    copy_unseen(write_copy_field, hit.write_copy_field, miss.write_copy_field);
    copy_unseen(apply_copy_field, hit.apply_copy_field, miss.apply_copy_field);
  }

 private:
  static bool is_known(uint16_t type, Version version) {
    constexpr uint16_t without_miss[] = {match, wildcards, synchronised_from};
    const uint16_t base = type & ~1;
    const bool has_no_miss = std::ranges::find(without_miss, base) != std::end(without_miss);
    const uint16_t end = version == Version::v1_3 ? 16 : version == Version::v1_4 ? 18 : 22;
    return type < end && (type == base || !has_no_miss);
  }

  template <class T>
  void copy_unseen(uint16_t type, const T& from, T& to) {
    if (!seen_[type + 1U]) {
      to = from;
    }
  }

  TableFeatures& features_;
  std::bitset<property_type_count> seen_;
};

TableFeatures read_table(Reader& in) {
  constexpr size_t length_size = 2;
  TableFeatures features;
  const uint16_t length = in.u16();
  if (length < fixed_size || length % 8 != 0) {
    in.fail({bad_length(in.version()), fmt::format("table of {} bytes", length)});
    return features;
  }
  Reader entry(in.take(length - length_size), in.version());
  table_features_layout(entry, features);
  if (features.command > TableFeaturesCommand::disable) {
    entry.fail({ErrorCode::ofptffc_bad_command, fmt::format("command {}", static_cast<unsigned>(features.command))});
  }
  PropertyReader properties(features);
  read_properties(
      entry, [&](uint16_t type, Reader& property) { properties.read(type, property); }, bad_length(in.version()));
  properties.finish();
  if (auto done = entry.finish(); !done) {
    in.fail(done.error());
  }
  return features;
}

}  // namespace

DecodedMessage read_table_features_reply(Reader& in) { return read_entries<TableFeatures>(in, read_table); }

DecodedMessage read_table_features_request(Reader& in) {
  TableFeaturesRequest request;
  while (in.remaining() > 0 && !in.failed()) {
    request.entries.push_back(read_table(in));
  }
  return finished(in, std::move(request));
}

void write(Writer& out, const TableFeaturesRequest& request) {
  for (const TableFeatures& features : request.entries) {
    write_entry(out, features);
  }
}

void write_entry(Writer& out, const TableFeatures& features) {
  const size_t begin = out.size();
  out.u16(0);
  table_features_layout(out, features);
  write_abilities(out, in_version(features.hit, out.version()), in_version(features.miss, out.version()));
  write_fields(out, match, features.match, features.maskable);
  write_fields(out, wildcards, features.wildcards);
  write_set_fields(out, features.hit, features.miss);
  if (out.version() >= Version::v1_4 && features.synchronised_from.any()) {
    write_tables(out, synchronised_from, features.synchronised_from);
  }
  out.patch_u16(begin, out.size() - begin);
}

}  // namespace weft::openflow::codec_13
