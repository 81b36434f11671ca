#include "utilities/vsctl/draft.h"

namespace weft::vsctl {

std::vector<const Row*> Draft::referred(const Row& row, std::string_view column, std::string_view table) const {
  std::vector<const Row*> out;
  for (const auto& uuid : row[column].uuids()) {
    if (const Row* target = find(table, uuid)) {
      out.push_back(target);
    }
  }
  return out;
}

Uuid Draft::insert(std::string_view table, std::map<std::string, Datum, std::less<>> columns, Uuid uuid) {
  operations_.push_back({Operation::Kind::insert, std::string(table), Row{uuid, columns}});
  for (const auto& column : management::find_table(table)->columns) {
    columns.try_emplace(std::string(column.name), management::default_of(column));
  }
  tables_[std::string(table)][uuid] = Row{uuid, std::move(columns)};
  return uuid;
}

void Draft::update(std::string_view table, const Uuid& uuid, std::string_view column, Datum value) {
  const auto [place, is_first] = updates_.try_emplace({uuid, std::string(column)}, operations_.size());
  if (is_first) {
    operations_.push_back({Operation::Kind::update, std::string(table), Row{uuid, {{std::string(column), value}}}});
  } else {
    operations_[place->second].row.columns.begin()->second = value;
  }
  tables_[std::string(table)][uuid].columns[std::string(column)] = std::move(value);
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
  tables_[std::string(table)].erase(uuid);
}

}  // namespace weft::vsctl
