#include "utilities/vsctl/draft.h"

namespace weft::vsctl {

Draft::Draft(const Database& base) {
  for (const auto& table : management::tables()) {
    tables_[std::string(table.name)] = base.rows(table.name);
  }
}

const Database::Rows& Draft::rows(std::string_view table) const { return tables_.find(table)->second; }

const Row* Draft::find(std::string_view table, const Uuid& uuid) const {
  const auto& all = rows(table);
  const auto it = all.find(uuid);
  return it == all.end() ? nullptr : &it->second;
}

const Row* Draft::find_by_name(std::string_view table, std::string_view name) const {
  for (const auto& [uuid, row] : rows(table)) {
    if (row.name() == name) {
      return &row;
    }
  }
  return nullptr;
}

const Row* Draft::referrer(std::string_view table, std::string_view column, const Uuid& uuid) const {
  for (const auto& [id, row] : rows(table)) {
    if (row[column].contains(Atom{uuid})) {
      return &row;
    }
  }
  return nullptr;
}

std::vector<const Row*> Draft::referred(const Row& row, std::string_view column, std::string_view table) const {
  std::vector<const Row*> out;
  for (const auto& uuid : row[column].uuids()) {
    if (const Row* target = find(table, uuid)) {
      out.push_back(target);
    }
  }
  return out;
}

const Row& Draft::root() const { return rows("Open_vSwitch").begin()->second; }

Uuid Draft::insert(std::string_view table, std::map<std::string, Datum, std::less<>> columns, Uuid uuid) {
  operations_.push_back({Operation::Kind::insert, std::string(table), Row{uuid, columns}});
  for (const auto& column : management::find_table(table)->columns) {
    columns.try_emplace(std::string(column.name), management::default_of(column));
  }
  tables_.find(table)->second[uuid] = Row{uuid, std::move(columns)};
  return uuid;
}

void Draft::update(std::string_view table, const Uuid& uuid, std::string_view column, Datum value) {
  operations_.push_back({Operation::Kind::update, std::string(table), Row{uuid, {{std::string(column), value}}}});
  tables_.find(table)->second[uuid].columns[std::string(column)] = std::move(value);
}

void Draft::add_reference(std::string_view table, const Uuid& uuid, std::string_view column, const Uuid& target) {
  Datum value = (*find(table, uuid))[column];
  value.add(Atom{target});
  update(table, uuid, column, std::move(value));
}

void Draft::remove_reference(std::string_view table, const Uuid& uuid, std::string_view column, const Uuid& target) {
  Datum value = (*find(table, uuid))[column];
  value.erase(Atom{target});
  update(table, uuid, column, std::move(value));
}

void Draft::remove(std::string_view table, const Uuid& uuid) {
  operations_.push_back({Operation::Kind::remove, std::string(table), Row{uuid, {}}});
  tables_.find(table)->second.erase(uuid);
}

}  // namespace weft::vsctl
