// Database: tables of rows in memory, and transactions on them.
//
// The daemon holds the one that counts; a tool holds a copy, works out what to change, and sends the operations
// with the version they were computed from. apply() checks everything first (types, ranges, rules, references, unique
// names, who may write what) and then changes all or nothing. Rows of a table that is not a root go when nothing
// refers to them any more, as in OVSDB.
//
// Threads: one at a time (the daemon: the control thread). Cost: apply() is proportional to the number of rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/management/records.h"
#include "lib/management/schema.h"

namespace weft::management {

struct Operation {
  enum class Kind : uint8_t { insert, update, remove } kind = Kind::insert;
  std::string table;
  Row row;  // update: the columns that change
};

// Who writes: users may not write status columns, the switch may. What is loaded may be of a newer program.
enum class Writer : uint8_t { user, daemon, loader };

class Database : public Records {
 public:
  // One row in Open_vSwitch, nothing else.
  static Database make_empty();

  uint64_t version() const { return version_; }

  // All or nothing; the error is for people. A change raises version().
  Result<void, std::string> apply(const std::vector<Operation>& operations, Writer writer);

  // What the switch reports: a status column of a row, if both exist. version() stays, so that a tool's change does
  // not fail because a counter moved.
  void report(std::string_view table, const Uuid& uuid, std::string_view column, Datum value);

  // For loading: rows as they were, checked like inserts of the daemon. Replaces everything. Tables and columns that the
  // schema does not know, those of a newer program, are kept as they are and looked at by nobody.
  Result<void, std::string> load(uint64_t version, std::vector<std::pair<std::string, Row>> rows);

  friend bool operator==(const Database& a, const Database& b) { return a.all() == b.all(); }

 private:
  static std::optional<std::string> apply_one(Tables& tables, const Operation& operation, Writer writer);
  static std::optional<std::string> check_references(const Tables& tables);
  static std::optional<std::string> check_rows(const Tables& tables);
  static void collect_garbage(Tables& tables);

  uint64_t version_ = 1;
};

}  // namespace weft::management
