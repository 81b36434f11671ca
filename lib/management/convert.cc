#include "lib/management/convert.h"

#include <fmt/format.h>

namespace weft::management {
namespace {

pb::Atom to_wire(const Atom& atom) {
  struct Writer {
    pb::Atom& out;
    void operator()(int64_t value) const { out.set_integer(value); }
    void operator()(double value) const { out.set_real(value); }
    void operator()(bool value) const { out.set_boolean(value); }
    void operator()(const std::string& value) const { out.set_text(value); }
    void operator()(const Uuid& value) const { out.set_uuid(value.text); }
  };
  pb::Atom out;
  std::visit(Writer{out}, atom);
  return out;
}

pb::Datum to_wire(const Datum& datum) {
  pb::Datum out;
  for (const auto& key : datum.keys) {
    *out.add_keys() = to_wire(key);
  }
  for (const auto& value : datum.values) {
    *out.add_values() = to_wire(value);
  }
  return out;
}

Result<Atom, std::string> from_wire(const pb::Atom& atom) {
  switch (atom.value_case()) {
    case pb::Atom::kInteger:
      return Atom{static_cast<int64_t>(atom.integer())};
    case pb::Atom::kReal:
      return Atom{atom.real()};
    case pb::Atom::kBoolean:
      return Atom{atom.boolean()};
    case pb::Atom::kText:
      return Atom{atom.text()};
    case pb::Atom::kUuid:
      if (auto uuid = Uuid::parse(atom.uuid())) {
        return Atom{std::move(*uuid)};
      }
      return Unexpected{fmt::format("\"{}\" is not a valid UUID", atom.uuid())};
    case pb::Atom::VALUE_NOT_SET:
      break;
  }
  return Unexpected{std::string("an atom without a value")};
}

Result<Datum, std::string> from_wire(const pb::Datum& datum) {
  if (datum.values_size() != 0 && datum.values_size() != datum.keys_size()) {
    return Unexpected{fmt::format("a map with {} keys and {} values", datum.keys_size(), datum.values_size())};
  }
  Datum out;
  for (int i = 0; i < datum.keys_size(); ++i) {
    auto key = from_wire(datum.keys(i));
    if (!key) {
      return Unexpected{key.error()};
    }
    if (datum.values_size() == 0) {
      out.add(std::move(*key));
      continue;
    }
    auto value = from_wire(datum.values(i));
    if (!value) {
      return Unexpected{value.error()};
    }
    out.put(std::move(*key), std::move(*value));
  }
  return out;
}

Result<Row, std::string> from_wire(const pb::Row& row) {
  auto uuid = Uuid::parse(row.uuid());
  if (!uuid) {
    return Unexpected{fmt::format("\"{}\" is not a valid UUID", row.uuid())};
  }
  Columns::Map columns;
  for (const auto& [name, datum] : row.columns()) {
    auto value = from_wire(datum);
    if (!value) {
      return Unexpected{fmt::format("{}.{}: {}", row.table(), name, value.error())};
    }
    columns.emplace(name, std::move(*value));
  }
  return Row{std::move(*uuid), std::move(columns)};
}

}  // namespace

pb::State to_wire(const Database& database, bool with_ephemeral) {
  pb::State out;
  out.set_version(database.version());
  for (const auto& [table_name, rows] : database.all()) {
    const Table* table = find_table(table_name);
    for (const auto& [uuid, row] : rows) {
      pb::Row& wire = *out.add_rows();
      wire.set_table(table_name);
      wire.set_uuid(uuid.text);
      for (const auto& [name, datum] : row.columns) {
        const Column* column = table == nullptr ? nullptr : table->find_column(name);
        // An empty one is as good as none.
        if (!datum.empty() && (with_ephemeral || column == nullptr || !column->is_ephemeral)) {
          (*wire.mutable_columns())[name] = to_wire(datum);
        }
      }
    }
  }
  return out;
}

pb::Operation to_wire(const Operation& operation) {
  pb::Operation out;
  out.set_kind(static_cast<pb::Operation::Kind>(operation.kind));
  out.mutable_row()->set_table(operation.table);
  out.mutable_row()->set_uuid(operation.row.uuid.text);
  for (const auto& [name, datum] : operation.row.columns) {
    (*out.mutable_row()->mutable_columns())[name] = to_wire(datum);
  }
  return out;
}

Result<Operation, std::string> from_wire(const pb::Operation& operation) {
  if (!pb::Operation::Kind_IsValid(operation.kind())) {
    return Unexpected{fmt::format("unknown operation {}", static_cast<int>(operation.kind()))};
  }
  auto row = from_wire(operation.row());
  if (!row) {
    return Unexpected{row.error()};
  }
  return Operation{static_cast<Operation::Kind>(operation.kind()), operation.row().table(), std::move(*row)};
}

Result<Database, std::string> from_wire(const pb::State& state) {
  std::vector<std::pair<std::string, Row>> rows;
  for (const auto& wire : state.rows()) {
    auto row = from_wire(wire);
    if (!row) {
      return Unexpected{row.error()};
    }
    rows.emplace_back(wire.table(), std::move(*row));
  }
  Database out;
  if (auto loaded = out.load(state.version(), std::move(rows)); !loaded) {
    return Unexpected{loaded.error()};
  }
  return out;
}

}  // namespace weft::management
