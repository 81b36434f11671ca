// Draft: a copy of the switch's state with the changes that one run of weft-vsctl means to make.
//
// Commands read and change the draft one after the other and so see what the commands before them did; every
// change is also kept as an operation, of a column that changes again and again the last one: a set that gains a thousand
// members would else travel a thousand times. Nothing is final before the daemon has accepted all of them. Unlike in the
// database, rows that nothing refers to stay: `create` comes before the `set` that refers to its row.
//
// Threads: one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/management/database.h"

namespace weft::vsctl {

using management::Atom;
using management::Database;
using management::Datum;
using management::Operation;
using management::Row;
using management::Uuid;

class Draft : public management::Records {
 public:
  explicit Draft(const Database& base) : Records(base) {}

  // As that of Records, by an index: a run may make ten thousand records.
  const Row* find_by_name(std::string_view table, std::string_view name) const;
  // The rows of `table` that a column refers to. One that an earlier command destroyed, or a later one is to create, is
  // left out.
  std::vector<const Row*> referred(const Row& row, std::string_view column, std::string_view table) const;

  // The uuid may be given, for a row that was named before it was created.
  Uuid insert(std::string_view table, management::Columns::Map columns, Uuid uuid = Uuid::random());
  void update(std::string_view table, const Uuid& uuid, std::string_view column, Datum value);
  void add_reference(std::string_view table, const Uuid& uuid, std::string_view column, const Uuid& target);
  void remove_reference(std::string_view table, const Uuid& uuid, std::string_view column, const Uuid& target);
  void remove(std::string_view table, const Uuid& uuid);

  const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::vector<Operation> operations_;
  using Names = std::unordered_multimap<std::string, Uuid>;
  template <class Change>
  void change(std::string_view table, const Uuid& uuid, std::string_view column, Change&& change);
  Names& names_of(std::string_view table) const;

  std::map<std::pair<Uuid, std::string>, size_t> updates_;   // where a row's column has been changed
  mutable std::map<std::string, Names, std::less<>> names_;  // of the tables that were asked
};

}  // namespace weft::vsctl
