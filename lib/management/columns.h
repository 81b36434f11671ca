// Columns: the values of a row by column. Copies share them until one is changed, so that a copy of ten thousand rows,
// which every transaction makes, costs a pointer each.
//
// Threads: values; but whoever copies, changes and destroys those that share must be one thread: see StateSaver.
// Cost: a change of what is shared copies the row.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lib/management/datum.h"

namespace weft::management {

class Columns {
 public:
  using Map = std::map<std::string, Datum, std::less<>>;

  Columns() = default;
  Columns(Map values) : values_(std::make_shared<Map>(std::move(values))) {}  // NOLINT: as braces give it
  Columns(std::initializer_list<Map::value_type> values) : Columns(Map(values)) {}

  Map::const_iterator begin() const { return map().begin(); }
  Map::const_iterator end() const { return map().end(); }
  Map::const_iterator find(std::string_view name) const { return map().find(name); }
  bool contains(std::string_view name) const { return map().contains(name); }

  // The value, for a change; an empty one that is new where there was none.
  Datum& operator[](std::string_view name);
  // The same, of a row in which an empty value and none at all are one.
  void set(std::string_view name, Datum value);

  friend bool operator==(const Columns& a, const Columns& b) { return a.values_ == b.values_ || a.map() == b.map(); }

 private:
  const Map& map() const;
  Map& own();  // shared with nobody

  std::shared_ptr<Map> values_;  // nothing: empty
};

}  // namespace weft::management
