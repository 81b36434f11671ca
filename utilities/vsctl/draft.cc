#include "utilities/vsctl/draft.h"

#include <algorithm>

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

Uuid Draft::insert(std::string_view table, management::Columns::Map columns, Uuid uuid) {
  operations_.push_back({Operation::Kind::insert, std::string(table), Row{uuid, columns}});
  for (const auto& column : management::find_table(table)->columns) {
    columns.try_emplace(std::string(column.name), management::default_of(column));
  }
  Row& row = tables_[std::string(table)][uuid] = Row{uuid, std::move(columns)};
  if (const auto names = names_.find(table); names != names_.end()) {
    names->second.emplace(row.name(), uuid);
  }
  return uuid;
}

void Draft::update(std::string_view table, const Uuid& uuid, std::string_view column, Datum value) {
  const auto [place, is_first] = updates_.try_emplace({uuid, std::string(column)}, operations_.size());
  if (is_first) {
    operations_.push_back({Operation::Kind::update, std::string(table), Row{uuid, {{std::string(column), value}}}});
  } else {
    operations_[place->second].row.columns[column] = value;
  }
  tables_[std::string(table)][uuid].columns[column] = std::move(value);
}

// In place, in the draft and in the operation: a set that gains ten thousand members is not copied as often.
template <class Change>
void Draft::change(std::string_view table, const Uuid& uuid, std::string_view column, Change&& change) {
  Datum& value = tables_[std::string(table)][uuid].columns[column];
  change(value);
  const auto [place, is_first] = updates_.try_emplace({uuid, std::string(column)}, operations_.size());
  if (is_first) {
    operations_.push_back({Operation::Kind::update, std::string(table), Row{uuid, {{std::string(column), value}}}});
  } else {
    change(operations_[place->second].row.columns[column]);
  }
}

void Draft::add_reference(std::string_view table, const Uuid& uuid, std::string_view column, const Uuid& target) {
  change(table, uuid, column, [&](Datum& value) { value.add(Atom{target}); });
}

void Draft::remove_reference(std::string_view table, const Uuid& uuid, std::string_view column, const Uuid& target) {
  change(table, uuid, column, [&](Datum& value) { value.erase(Atom{target}); });
}

void Draft::remove(std::string_view table, const Uuid& uuid) {
  operations_.push_back({Operation::Kind::remove, std::string(table), Row{uuid, {}}});
  auto& rows = tables_[std::string(table)];
  const auto row = rows.find(uuid);
  if (row == rows.end()) {
    return;
  }
  if (const auto names = names_.find(table); names != names_.end()) {
    const auto [begin, end] = names->second.equal_range(row->second.name());
    const auto entry = std::find_if(begin, end, [&](const auto& name) { return name.second == uuid; });
    if (entry != end) {
      names->second.erase(entry);
    }
  }
  rows.erase(row);
}

Draft::Names& Draft::names_of(std::string_view table) const {
  const auto [found, is_new] = names_.try_emplace(std::string(table));
  if (is_new) {
    for (const auto& [uuid, row] : rows(table)) {
      found->second.emplace(row.name(), uuid);
    }
  }
  return found->second;
}

const Row* Draft::find_by_name(std::string_view table, std::string_view name) const {
  const Names& names = names_of(table);
  const auto found = names.find(std::string(name));
  return found == names.end() ? nullptr : find(table, found->second);
}

}  // namespace weft::vsctl
