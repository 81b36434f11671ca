#include "lib/management/records.h"

namespace weft::management {

const Datum& Row::operator[](std::string_view column) const {
  static const Datum nothing;
  const auto it = columns.find(column);
  return it == columns.end() ? nothing : it->second;
}

const Records::Rows& Records::rows(std::string_view table) const {
  static const Rows nothing;
  const auto it = tables_.find(table);
  return it == tables_.end() ? nothing : it->second;
}

const Row* Records::find(std::string_view table, const Uuid& uuid) const {
  const auto& all = rows(table);
  const auto it = all.find(uuid);
  return it == all.end() ? nullptr : &it->second;
}

const Row* Records::find_by_name(std::string_view table, std::string_view name) const {
  for (const auto& [uuid, row] : rows(table)) {
    if (row.name() == name) {
      return &row;
    }
  }
  return nullptr;
}

const Row& Records::root() const { return rows("Open_vSwitch").begin()->second; }

const Row* Records::referrer(std::string_view table, std::string_view column, const Uuid& uuid) const {
  for (const auto& [id, row] : rows(table)) {
    if (row[column].contains(Atom{uuid})) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace weft::management
