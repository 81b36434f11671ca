#include "lib/management/database.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "lib/management/segment_rules.h"

namespace weft::management {
namespace {

std::optional<std::string> check_column(const Table& table, const std::string& name, const Datum& value,
                                        Operation::Kind kind, Writer writer) {
  const Column* column = table.find_column(name);
  if (column == nullptr) {
    return writer == Writer::loader ? std::nullopt
                                    : std::optional(fmt::format("table {} has no column {}", table.name, name));
  }
  if (column->is_status && writer == Writer::user) {
    return fmt::format("cannot modify read-only column {} in table {}", name, table.name);
  }
  if (column->is_immutable && kind == Operation::Kind::update) {
    return fmt::format("cannot modify immutable column {} in table {}", name, table.name);
  }
  auto problem = check(value, column->type);
  if (!problem && column->rule != nullptr && writer == Writer::user) {
    problem = column->rule(value);
  }
  return problem ? std::optional(fmt::format("{}.{}: {}", table.name, name, *problem)) : std::nullopt;
}

// What an insert left out and no update has given since; check_column has seen the values that were given.
std::optional<std::string> check_complete(const Table& table, const Row& row) {
  for (const auto& column : table.columns) {
    if (row[column.name].count() < column.type.min_count) {
      return fmt::format("{}.{}: {}", table.name, column.name, *check(row[column.name], column.type));
    }
  }
  return std::nullopt;
}

// The row as the table keeps it: what has to have a value has one, and what is empty is not there.
Row with_defaults(const Table& table, const Row& given) {
  Row row{given.uuid, {}};
  for (const auto& [name, value] : given.columns) {
    row.columns.set(name, value);
  }
  for (const auto& column : table.columns) {
    if (column.type.min_count != 0 && !row.columns.contains(column.name)) {
      row.columns[column.name] = default_of(column);
    }
  }
  return row;
}

template <typename Visit>
void for_each_reference(const Table* table, const Row& row, Visit&& visit) {
  for (const auto& column : table == nullptr ? std::span<const Column>{} : table->columns) {
    if (!column.type.ref_table.empty()) {
      for (const auto& uuid : row[column.name].uuids()) {
        visit(column, uuid);
      }
    }
  }
}

// All rows that the row may refer to. In a column or table that the schema does not know, each uuid may be one.
std::vector<Uuid> possible_references(const Row& row) {
  std::vector<Uuid> out;
  for (const auto& [name, datum] : row.columns) {
    for (const auto* atoms : {&datum.keys, &datum.values}) {
      for (const auto& atom : *atoms) {
        if (const auto* uuid = std::get_if<Uuid>(&atom)) {
          out.push_back(*uuid);
        }
      }
    }
  }
  return out;
}

}  // namespace

Database Database::make_empty() {
  Database database;
  Row root = with_defaults(*find_table("Open_vSwitch"), Row{Uuid::random(), {}});
  const Uuid uuid = root.uuid;
  database.tables_["Open_vSwitch"].emplace(uuid, std::move(root));
  return database;
}

Result<void, std::string> Database::apply(const std::vector<Operation>& operations, Writer writer) {
  Tables next = tables_;
  for (const auto& operation : operations) {
    if (auto problem = apply_one(next, operation, writer)) {
      return Unexpected{std::move(*problem)};
    }
  }
  if (auto problem = check_references(next)) {
    return Unexpected{std::move(*problem)};
  }
  collect_garbage(next);
  if (auto problem = check_rows(next)) {
    return Unexpected{std::move(*problem)};
  }
  if (auto problem = writer == Writer::user ? segments_problem(next) : std::nullopt) {
    return Unexpected{std::move(*problem)};
  }
  if (next != tables_) {
    tables_ = std::move(next);
    ++version_;
  }
  return {};
}

void Database::report(std::string_view table, const Uuid& uuid, std::string_view column, Datum value) {
  const auto rows = tables_.find(table);
  if (rows == tables_.end()) {
    return;
  }
  const auto row = rows->second.find(uuid);
  if (row != rows->second.end() && row->second[column] != value) {
    row->second.columns.set(column, std::move(value));
  }
}

Result<void, std::string> Database::load(uint64_t version, std::vector<std::pair<std::string, Row>> rows) {
  Database fresh;
  std::vector<Operation> inserts;
  for (auto& [table, row] : rows) {
    inserts.push_back({Operation::Kind::insert, std::move(table), std::move(row)});
  }
  if (auto done = fresh.apply(inserts, Writer::loader); !done) {
    return done;
  }
  if (fresh.rows("Open_vSwitch").size() != 1) {
    return Unexpected{std::string("the Open_vSwitch table does not have exactly one row")};
  }
  fresh.version_ = version;
  *this = std::move(fresh);
  return {};
}

std::optional<std::string> Database::apply_one(Tables& tables, const Operation& operation, Writer writer) {
  const Table* table = find_table(operation.table);
  if (table == nullptr && writer == Writer::loader) {
    tables[operation.table].emplace(operation.row.uuid, operation.row);
    return std::nullopt;
  }
  if (table == nullptr) {
    return fmt::format("there is no table {}", operation.table);
  }
  if (!Uuid::parse(operation.row.uuid.text)) {
    return fmt::format("\"{}\" is not a valid UUID", operation.row.uuid.text);
  }
  for (const auto& [name, value] : operation.row.columns) {
    if (auto problem = check_column(*table, name, value, operation.kind, writer)) {
      return problem;
    }
  }
  auto& rows = tables[operation.table];
  if (operation.kind == Operation::Kind::insert) {
    if (table->lifetime == Lifetime::always && !rows.empty()) {
      return fmt::format("there is exactly one {} record", table->name);
    }
    const bool is_new = rows.emplace(operation.row.uuid, with_defaults(*table, operation.row)).second;
    return is_new ? std::nullopt : std::optional(fmt::format("row {} exists already", operation.row.uuid.text));
  }
  const auto it = rows.find(operation.row.uuid);
  if (it == rows.end()) {
    return fmt::format("table {} has no row {}", operation.table, operation.row.uuid.text);
  }
  if (operation.kind == Operation::Kind::remove) {
    if (table->lifetime == Lifetime::always) {
      return fmt::format("the {} record cannot be destroyed", table->name);
    }
    rows.erase(it);
    return std::nullopt;
  }
  for (const auto& [name, value] : operation.row.columns) {
    it->second.columns.set(name, value);
  }
  return std::nullopt;
}

std::optional<std::string> Database::check_references(const Tables& tables) {
  std::optional<std::string> problem;
  for (const auto& [name, rows] : tables) {
    const Table* table = find_table(name);
    for (const auto& [uuid, row] : rows) {
      for_each_reference(table, row, [&, &name = name](const Column& column, const Uuid& target) {
        const auto it = tables.find(column.type.ref_table);
        if (it == tables.end() || !it->second.contains(target)) {
          problem = fmt::format("{}.{} refers to row {}, which does not exist in table {}", name, column.name,
                                target.text, column.type.ref_table);
        }
      });
    }
  }
  return problem;
}

std::optional<std::string> Database::check_rows(const Tables& tables) {
  for (const auto& [name, rows] : tables) {
    const Table* table = find_table(name);
    if (table == nullptr) {
      continue;
    }
    std::set<std::string> seen;
    for (const auto& [uuid, row] : rows) {
      if (!table->key_column.empty() && row.name().empty()) {
        return fmt::format("a record of table {} needs a name", name);
      }
      if (!table->key_column.empty() && !seen.insert(row.name()).second) {
        return fmt::format("two records of table {} are named {}", name, row.name());
      }
      if (auto problem = check_complete(*table, row)) {
        return problem;
      }
    }
  }
  return std::nullopt;
}

// Rows of a table that the schema does not know may be roots, and stay.
void Database::collect_garbage(Tables& tables) {
  std::map<Uuid, const Row*> rest;
  std::vector<const Row*> open;
  for (const auto& [name, rows] : tables) {
    const Table* table = find_table(name);
    const bool are_roots = table == nullptr || table->lifetime != Lifetime::referenced;
    for (const auto& [uuid, row] : rows) {
      if (are_roots) {
        open.push_back(&row);
      } else {
        rest.emplace(uuid, &row);
      }
    }
  }
  while (!open.empty()) {
    const Row* row = open.back();
    open.pop_back();
    for (const auto& target : possible_references(*row)) {
      if (const auto found = rest.extract(target)) {
        open.push_back(found.mapped());
      }
    }
  }
  for (auto& [name, rows] : tables) {
    std::erase_if(rows, [&](const auto& entry) { return rest.contains(entry.first); });
  }
  // A table without rows is as good as none: states compare equal.
  std::erase_if(tables, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace weft::management
