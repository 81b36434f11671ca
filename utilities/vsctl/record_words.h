// What the words of the record commands mean: tables, records, columns, settings, conditions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/text.h"
#include "utilities/vsctl/command.h"

namespace weft::vsctl {

using management::Column;
using management::ColumnType;
using management::Table;

CommandError at_word(const TextError& error, size_t word, size_t offset = 0);

// Names of this run (--id=@x) and names of records, where a column refers to rows.
class Symbols : public management::SymbolTable {
 public:
  explicit Symbols(Run& run) : run_(run) {}
  std::optional<Uuid> resolve(std::string_view name, std::string_view ref_table) override;

 private:
  Run& run_;
};

// The uuid for a row that the command makes, or that it looks at: gives the name of --id=@name to it.
Result<Uuid, CommandError> bind_symbol(Invocation& call, std::optional<Uuid> row = std::nullopt);

Result<const Table*, CommandError> table_at(Invocation& call, size_t word);
// Null without an error: the record does not exist and --if-exists was given.
Result<const Row*, CommandError> record_at(Invocation& call, const Table& table, size_t word);
// Null: there is none.
const Row* lookup(Invocation& call, const Table& table, const std::string& typed);

// `COLUMN[:KEY][OPERATOR VALUE]` taken apart; offsets are into the word.
struct Setting {
  const Column* column = nullptr;
  std::optional<Atom> key;
  std::string_view op;  // "", "=", "!=", "<", "<=", ">", ">="
  std::string_view value;
  size_t value_offset = 0;
};

Result<Setting, CommandError> parse_setting(const Table& table, std::string_view text, size_t word);
Result<Atom, CommandError> parse_map_value(Invocation& call, const Setting& setting, size_t word);
ColumnType without_limits(ColumnType type);
CommandResult refuse_status(const Table& table, const Column& column, size_t word);
// Whether the row meets the condition at `word`.
Result<bool, CommandError> satisfies(Invocation& call, const Table& table, const Row& row, size_t word);

}  // namespace weft::vsctl
