// Records: rows by table, and how they are found. What the daemon's Database and a tool's draft of it have in common.
//
// Threads: one at a time. Cost: find() is logarithmic, the others look at each row of the table.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lib/management/columns.h"
#include "lib/management/datum.h"

namespace weft::management {

struct Row {
  Uuid uuid;
  Columns columns;

  // The column's value; a column never written reads as empty.
  const Datum& operator[](std::string_view column) const;
  std::string name() const { return (*this)["name"].string().value_or(""); }
  friend bool operator==(const Row&, const Row&) = default;
};

class Records {
 public:
  using Rows = std::map<Uuid, Row>;
  using Tables = std::map<std::string, Rows, std::less<>>;

  // Also those of tables that the schema does not know.
  const Tables& all() const { return tables_; }
  const Rows& rows(std::string_view table) const;
  const Row* find(std::string_view table, const Uuid& uuid) const;
  const Row* find_by_name(std::string_view table, std::string_view name) const;
  const Row& root() const;  // the Open_vSwitch row
  // The first row of `table` whose `column` refers to `uuid`.
  const Row* referrer(std::string_view table, std::string_view column, const Uuid& uuid) const;

 protected:
  Tables tables_;
};

}  // namespace weft::management
