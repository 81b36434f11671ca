// Database: tables of rows in memory, and transactions on them.
//
// The daemon holds the one that counts; a tool holds a copy, works out what to change, and sends the operations
// with the version they were computed from. apply() checks everything first (types, ranges, references, unique
// names, who may write what) and then changes all or nothing. Rows of a table that is not a root go when nothing
// refers to them any more, as in OVSDB.
//
// Threads: one at a time (the daemon: the control thread). Cost: apply() is proportional to the number of rows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/management/datum.h"
#include "lib/management/schema.h"

namespace weft::management {

struct Row {
  Uuid uuid;
  std::map<std::string, Datum, std::less<>> columns;

  // The column's value; a column never written reads as empty.
  const Datum& operator[](std::string_view column) const;
  std::string name() const { return (*this)["name"].string().value_or(""); }
  friend bool operator==(const Row&, const Row&) = default;
};

struct Operation {
  enum class Kind : uint8_t { insert, update, remove } kind = Kind::insert;
  std::string table;
  Row row;  // update: the columns that change
};

// Who writes: users may not write status columns, the switch may.
enum class Writer : uint8_t { user, daemon };

class Database {
 public:
  using Rows = std::map<Uuid, Row>;

  // One row in Open_vSwitch, nothing else.
  static Database make_empty();

  uint64_t version() const { return version_; }
  const Rows& rows(std::string_view table) const;
  const Row* find(std::string_view table, const Uuid& uuid) const;
  const Row* find_by_name(std::string_view table, std::string_view name) const;
  const Row& root() const;  // the Open_vSwitch row
  // The first row of `table` whose `column` refers to `uuid`.
  const Row* referrer(std::string_view table, std::string_view column, const Uuid& uuid) const;

  // All or nothing; the error is for people. A change raises version().
  Result<void, std::string> apply(const std::vector<Operation>& operations, Writer writer);

  // What the switch reports: a status column of a row, if both exist. version() stays, so that a tool's change does
  // not fail because a counter moved.
  void report(std::string_view table, const Uuid& uuid, std::string_view column, Datum value);

  // For loading: rows as they were, checked like inserts. Replaces everything.
  Result<void, std::string> load(uint64_t version, std::vector<std::pair<std::string, Row>> rows);

  friend bool operator==(const Database& a, const Database& b) { return a.tables_ == b.tables_; }

 private:
  using Tables = std::map<std::string, Rows, std::less<>>;

  static std::optional<std::string> apply_one(Tables& tables, const Operation& operation, Writer writer);
  static std::optional<std::string> check_references(const Tables& tables);
  static std::optional<std::string> check_names(const Tables& tables);
  static void collect_garbage(Tables& tables);

  Tables tables_;
  uint64_t version_ = 1;
};

}  // namespace weft::management
