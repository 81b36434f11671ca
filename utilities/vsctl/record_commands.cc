// The generic commands on records: get, set, add, remove, clear, create, destroy, list, find.

#include <algorithm>

#include <fmt/format.h>

#include "utilities/vsctl/command.h"
#include "utilities/vsctl/record_output.h"

namespace weft::vsctl {
namespace {

using management::Column;
using management::ColumnType;
using management::Table;

CommandError at_word(const TextError& error, size_t word, size_t offset = 0) {
  return {error.message, word, error.position + offset, error.length, error.suggestion};
}

// Names of this run (--id=@x) and names of records, where a column refers to rows.
class Symbols : public management::SymbolTable {
 public:
  explicit Symbols(Run& run) : run_(run) {}

  std::optional<Uuid> resolve(std::string_view name, std::string_view ref_table) override {
    if (name.starts_with('@')) {
      // A later command may create the row: the name is given its uuid now.
      return run_.symbols.try_emplace(std::string(name), Uuid::random()).first->second;
    }
    const Row* row = ref_table.empty() ? nullptr : run_.draft.find_by_name(ref_table, name);
    return row == nullptr ? std::nullopt : std::optional(row->uuid);
  }

 private:
  Run& run_;
};

Result<const Table*, CommandError> table_at(Invocation& call, size_t word) {
  const auto table = management::match_table(call.word(word));
  if (!table) {
    return Unexpected{at_word(table.error(), word)};
  }
  return *table;
}

// The controller of the bridge that is named, when it has just one.
const Row* controller_of(const Draft& draft, std::string_view bridge_name) {
  const Row* bridge = draft.find_by_name("Bridge", bridge_name);
  if (bridge == nullptr || (*bridge)["controller"].count() != 1) {
    return nullptr;
  }
  return draft.find("Controller", (*bridge)["controller"].uuids().front());
}

// The one row whose uuid begins as typed, at least four characters.
const Row* by_uuid_beginning(const Draft& draft, std::string_view table, std::string_view typed) {
  const Row* found = nullptr;
  if (typed.size() >= 4) {
    for (const auto& [uuid, row] : draft.rows(table)) {
      if (uuid.text.starts_with(typed)) {
        if (found != nullptr) {
          return nullptr;
        }
        found = &row;
      }
    }
  }
  return found;
}

const Row* lookup(Invocation& call, const Table& table, const std::string& typed) {
  const Draft& draft = call.run.draft;
  if (table.name == "Open_vSwitch" && typed == ".") {
    return &draft.root();
  }
  if (typed.starts_with('@')) {
    const auto it = call.run.symbols.find(typed);
    return it == call.run.symbols.end() ? nullptr : draft.find(table.name, it->second);
  }
  if (!table.key_column.empty()) {
    if (const Row* row = draft.find_by_name(table.name, typed)) {
      return row;
    }
  }
  if (table.name == "Controller") {
    if (const Row* row = controller_of(draft, typed)) {
      return row;
    }
  }
  return by_uuid_beginning(draft, table.name, typed);
}

// Null without an error: the record does not exist and --if-exists was given.
Result<const Row*, CommandError> record_at(Invocation& call, const Table& table, size_t word) {
  if (const Row* row = lookup(call, table, call.word(word))) {
    return row;
  }
  if (call.has("--if-exists")) {
    return static_cast<const Row*>(nullptr);
  }
  CommandError error{fmt::format("no record \"{}\" in table {}", call.word(word), table.name), word};
  if (!table.key_column.empty()) {
    error.suggestion = did_you_mean(call.word(word), names_of(call.run.draft, table.name));
  }
  return Unexpected{std::move(error)};
}

// `COLUMN[:KEY][OPERATOR VALUE]` taken apart; offsets are into the word.
struct Setting {
  const Column* column = nullptr;
  std::optional<std::string> key;
  std::string_view op;  // "", "=", "!=", "<", "<=", ">", ">="
  std::string_view value;
  size_t value_offset = 0;
};

Result<Setting, CommandError> parse_setting(const Table& table, std::string_view text, size_t word) {
  const size_t name_end = std::min(text.find_first_of(":=!<>"), text.size());
  const auto column = management::match_column(table, text.substr(0, name_end));
  if (!column) {
    return Unexpected{at_word(column.error(), word)};
  }
  Setting setting;
  setting.column = *column;
  size_t at = name_end;
  if (at < text.size() && text[at] == ':') {
    const bool is_quoted = at + 1 < text.size() && text[at + 1] == '"';
    const size_t start = at + (is_quoted ? 2 : 1);
    const size_t end = is_quoted ? text.find('"', start) : std::min(text.find_first_of("=!<>", start), text.size());
    if (end == std::string_view::npos) {
      return Unexpected{CommandError{"missing closing quote", word, at + 1, text.size() - at - 1}};
    }
    if (!setting.column->type.is_map()) {
      return Unexpected{CommandError{fmt::format("column {} is not a map, it has no keys", setting.column->name), word,
                                     start, end - start}};
    }
    setting.key = std::string(text.substr(start, end - start));
    at = end + (is_quoted ? 1 : 0);
  }
  for (const std::string_view op : {"!=", "<=", ">=", "=", "<", ">"}) {
    if (text.substr(at).starts_with(op)) {
      setting.op = op;
      at += op.size();
      break;
    }
  }
  if (setting.op.empty() && at < text.size()) {
    return Unexpected{CommandError{"expected '=' here", word, at, text.size() - at}};
  }
  setting.value = text.substr(at);
  setting.value_offset = at;
  return setting;
}

ColumnType without_limits(ColumnType type) {
  type.min_count = 0;
  type.max_count = ColumnType::many;
  return type;
}

Result<Atom, CommandError> parse_map_value(Invocation& call, const Setting& setting, size_t word) {
  Symbols symbols(call.run);
  std::string_view text = setting.value;
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  auto value = management::parse_atom(text, *setting.column->type.value, setting.column->type, &symbols);
  if (!value) {
    return Unexpected{at_word(value.error(), word, setting.value_offset)};
  }
  return std::move(*value);
}

CommandResult refuse_status(const Table& table, const Column& column, size_t word) {
  if (column.is_status) {
    return Unexpected{
        CommandError{fmt::format("cannot modify read-only column {} in table {}", column.name, table.name), word, 0,
                     column.name.size()}};
  }
  return {};
}

template <typename Compare>
bool holds(std::string_view op, const Compare& a, const Compare& b) {
  return op == "="    ? a == b
         : op == "!=" ? a != b
         : op == "<"  ? a < b
         : op == "<=" ? a <= b
         : op == ">"  ? a > b
                      : a >= b;
}

Result<bool, CommandError> satisfies(Invocation& call, const Row& row, const Setting& setting, size_t word) {
  Symbols symbols(call.run);
  const Datum& have = row[setting.column->name];
  if (setting.key) {
    const auto i = have.find(Atom{*setting.key});
    auto wanted = parse_map_value(call, setting, word);
    if (!wanted) {
      return Unexpected{wanted.error()};
    }
    return i && holds(setting.op, have.values[*i], *wanted);
  }
  auto wanted = management::parse_datum(setting.value, without_limits(setting.column->type), &symbols);
  if (!wanted) {
    return Unexpected{at_word(wanted.error(), word, setting.value_offset)};
  }
  return holds(setting.op, std::pair(have.keys, have.values), std::pair(wanted->keys, wanted->values));
}

}  // namespace

CommandResult set_column(Invocation& call, std::string_view table_name, const Uuid& uuid, size_t word) {
  const Table& table = *management::find_table(table_name);
  const auto setting = parse_setting(table, call.word(word), word);
  if (!setting) {
    return Unexpected{setting.error()};
  }
  if (setting->op != "=") {
    return refuse(fmt::format("{}: missing value (COLUMN[:KEY]=VALUE)", call.word(word)), word);
  }
  if (auto allowed = refuse_status(table, *setting->column, word); !allowed) {
    return allowed;
  }
  if (setting->column->is_immutable) {
    return refuse(fmt::format("cannot modify immutable column {} in table {}", setting->column->name, table.name),
                  word);
  }
  if (setting->key) {
    auto value = parse_map_value(call, *setting, word);
    if (!value) {
      return Unexpected{value.error()};
    }
    Datum map = (*call.run.draft.find(table.name, uuid))[setting->column->name];
    map.put(*setting->key, std::move(*value));
    call.run.draft.update(table.name, uuid, setting->column->name, std::move(map));
    return {};
  }
  Symbols symbols(call.run);
  auto value = management::parse_datum(setting->value, setting->column->type, &symbols);
  if (!value) {
    return Unexpected{at_word(value.error(), word, setting->value_offset)};
  }
  call.run.draft.update(table.name, uuid, setting->column->name, std::move(*value));
  return {};
}

CommandResult record_set(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  const auto row = record_at(call, **table, 1);
  if (!row) {
    return Unexpected{row.error()};
  }
  if (*row == nullptr) {
    return {};
  }
  const Uuid uuid = (*row)->uuid;
  for (size_t i = 2; i < call.count(); ++i) {
    if (auto done = set_column(call, (*table)->name, uuid, i); !done) {
      return done;
    }
  }
  return {};
}

CommandResult record_get(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  const auto row = record_at(call, **table, 1);
  if (!row) {
    return Unexpected{row.error()};
  }
  if (*row == nullptr) {
    return {};
  }
  if (const auto id = call.options.find("--id"); id != call.options.end()) {
    call.run.symbols[id->second] = (*row)->uuid;
  }
  for (size_t i = 2; i < call.count(); ++i) {
    if (call.word(i) == "_uuid") {
      call.run.output += (*row)->uuid.text + '\n';
      continue;
    }
    const auto setting = parse_setting(**table, call.word(i), i);
    if (!setting) {
      return Unexpected{setting.error()};
    }
    const Datum& value = (**row)[setting->column->name];
    if (!setting->key) {
      call.run.output += management::format(value, setting->column->type) + '\n';
      continue;
    }
    const auto at = value.find(Atom{*setting->key});
    if (at) {
      call.run.output += management::format(value.values[*at]) + '\n';
    } else if (!call.has("--if-exists")) {
      return refuse(fmt::format("no key {} in {} record \"{}\" column {}", *setting->key, (*table)->name, call.word(1),
                                setting->column->name),
                    i);
    }
  }
  return {};
}

namespace {

// What add, remove and clear have in common: the column of a record, changed by `change`.
template <typename Change>
CommandResult change_column(Invocation& call, Change&& change) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  const auto row = record_at(call, **table, 1);
  if (!row) {
    return Unexpected{row.error()};
  }
  const auto column = management::match_column(**table, call.word(2));
  if (!column) {
    return Unexpected{at_word(column.error(), 2)};
  }
  if (auto allowed = refuse_status(**table, **column, 2); !allowed) {
    return allowed;
  }
  if (*row == nullptr) {
    return {};
  }
  Datum value = (**row)[(*column)->name];
  if (auto done = change(**column, value); !done) {
    return done;
  }
  if (auto problem = management::check(value, (*column)->type)) {
    return refuse(*problem, 2);
  }
  call.run.draft.update((*table)->name, Uuid((*row)->uuid), (*column)->name, std::move(value));
  return {};
}

}  // namespace

CommandResult record_add(Invocation& call) {
  return change_column(call, [&](const Column& column, Datum& value) -> CommandResult {
    Symbols symbols(call.run);
    for (size_t i = 3; i < call.count(); ++i) {
      const auto more = management::parse_datum(call.word(i), without_limits(column.type), &symbols);
      if (!more) {
        return Unexpected{at_word(more.error(), i)};
      }
      for (size_t k = 0; k < more->count(); ++k) {
        // A key that a map has already keeps its value, as in OVSDB.
        if (!column.type.is_map()) {
          value.add(more->keys[k]);
        } else if (!value.contains(more->keys[k])) {
          value.put(more->keys[k], more->values[k]);
        }
      }
    }
    return {};
  });
}

CommandResult record_remove(Invocation& call) {
  return change_column(call, [&](const Column& column, Datum& value) -> CommandResult {
    Symbols symbols(call.run);
    for (size_t i = 3; i < call.count(); ++i) {
      ColumnType type = without_limits(column.type);
      const bool has_value = call.word(i).find('=') != std::string::npos;
      if (!has_value) {
        type.value.reset();
      }
      const auto gone = management::parse_datum(call.word(i), type, &symbols);
      if (!gone) {
        return Unexpected{at_word(gone.error(), i)};
      }
      for (size_t k = 0; k < gone->count(); ++k) {
        const auto at = value.find(gone->keys[k]);
        if (at && (!type.is_map() || value.values[*at] == gone->values[k])) {
          value.erase(gone->keys[k]);
        }
      }
    }
    return {};
  });
}

CommandResult record_clear(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  const auto row = record_at(call, **table, 1);
  if (!row) {
    return Unexpected{row.error()};
  }
  for (size_t i = 2; i < call.count() && *row != nullptr; ++i) {
    const auto column = management::match_column(**table, call.word(i));
    if (!column) {
      return Unexpected{at_word(column.error(), i)};
    }
    if (auto allowed = refuse_status(**table, **column, i); !allowed) {
      return allowed;
    }
    if ((*column)->type.min_count > 0) {
      return refuse(fmt::format("column {} cannot be empty", (*column)->name), i);
    }
    call.run.draft.update((*table)->name, Uuid((*row)->uuid), (*column)->name, {});
  }
  return {};
}

CommandResult record_create(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  if ((*table)->name == "Open_vSwitch") {
    return refuse("there is exactly one Open_vSwitch record", 0);
  }
  Uuid uuid = Uuid::random();
  if (const auto id = call.options.find("--id"); id != call.options.end()) {
    uuid = call.run.symbols.try_emplace(id->second, uuid).first->second;
  }
  std::map<std::string, Datum, std::less<>> columns;
  Symbols symbols(call.run);
  for (size_t i = 1; i < call.count(); ++i) {
    const auto setting = parse_setting(**table, call.word(i), i);
    if (!setting) {
      return Unexpected{setting.error()};
    }
    if (auto allowed = refuse_status(**table, *setting->column, i); !allowed) {
      return allowed;
    }
    if (setting->op != "=") {
      return refuse("missing value (COLUMN[:KEY]=VALUE)", i);
    }
    auto& column = columns[std::string(setting->column->name)];
    if (setting->key) {
      auto value = parse_map_value(call, *setting, i);
      if (!value) {
        return Unexpected{value.error()};
      }
      column.put(*setting->key, std::move(*value));
      continue;
    }
    auto value = management::parse_datum(setting->value, setting->column->type, &symbols);
    if (!value) {
      return Unexpected{at_word(value.error(), i, setting->value_offset)};
    }
    column = std::move(*value);
  }
  call.run.draft.insert((*table)->name, std::move(columns), uuid);
  call.run.output += uuid.text + '\n';
  return {};
}

CommandResult record_destroy(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  if ((*table)->name == "Open_vSwitch") {
    return refuse("the Open_vSwitch record cannot be destroyed", 0);
  }
  std::vector<Uuid> gone;
  if (call.has("--all")) {
    for (const auto& [uuid, row] : call.run.draft.rows((*table)->name)) {
      gone.push_back(uuid);
    }
  }
  for (size_t i = 1; i < call.count(); ++i) {
    const auto row = record_at(call, **table, i);
    if (!row) {
      return Unexpected{row.error()};
    }
    if (*row != nullptr) {
      gone.push_back((*row)->uuid);
    }
  }
  for (const auto& uuid : gone) {
    call.run.draft.remove((*table)->name, uuid);
  }
  return {};
}

CommandResult record_list(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  std::vector<const Row*> rows;
  for (size_t i = 1; i < call.count(); ++i) {
    const auto row = record_at(call, **table, i);
    if (!row) {
      return Unexpected{row.error()};
    }
    if (*row != nullptr) {
      rows.push_back(*row);
    }
  }
  if (call.count() == 1) {
    for (const auto& [uuid, row] : call.run.draft.rows((*table)->name)) {
      rows.push_back(&row);
    }
  }
  return print_records(call, **table, rows);
}

CommandResult record_find(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  std::vector<const Row*> rows;
  for (const auto& [uuid, row] : call.run.draft.rows((*table)->name)) {
    bool is_wanted = true;
    for (size_t i = 1; i < call.count() && is_wanted; ++i) {
      const auto setting = parse_setting(**table, call.word(i), i);
      if (!setting) {
        return Unexpected{setting.error()};
      }
      if (setting->op.empty()) {
        return refuse("a condition is COLUMN[:KEY]=VALUE; also !=, <, <=, >, >=", i);
      }
      const auto match = satisfies(call, row, *setting, i);
      if (!match) {
        return Unexpected{match.error()};
      }
      is_wanted = *match;
    }
    if (is_wanted) {
      rows.push_back(&row);
    }
  }
  return print_records(call, **table, rows);
}

}  // namespace weft::vsctl
