#include "utilities/vsctl/record_words.h"

#include <algorithm>

#include <fmt/format.h>

namespace weft::vsctl {
namespace {

// The controller of the bridge that is named, when it has just one.
const Row* controller_of(const Draft& draft, std::string_view bridge_name) {
  const Row* bridge = draft.find_by_name("Bridge", bridge_name);
  if (bridge == nullptr || (*bridge)["controller"].count() != 1) {
    return nullptr;
  }
  return draft.find("Controller", (*bridge)["controller"].uuids().front());
}

// The QoS of the port that is named.
const Row* qos_of(const Draft& draft, std::string_view port_name) {
  const Row* port = draft.find_by_name("Port", port_name);
  if (port == nullptr || (*port)["qos"].empty()) {
    return nullptr;
  }
  return draft.find("QoS", (*port)["qos"].uuids().front());
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

template <typename Compare>
bool holds(std::string_view op, const Compare& a, const Compare& b) {
  return op == "="    ? a == b
         : op == "!=" ? a != b
         : op == "<"  ? a < b
         : op == "<=" ? a <= b
         : op == ">"  ? a > b
                      : a >= b;
}

}  // namespace

CommandError at_word(const TextError& error, size_t word, size_t offset) {
  return {error.message, word, error.position + offset, error.length, error.suggestion};
}

std::optional<Uuid> Symbols::resolve(std::string_view name, std::string_view ref_table) {
  if (name.starts_with('@')) {
    // A later command may create the row: the name is given its uuid now.
    return run_.symbols[std::string(name)].uuid;
  }
  const Row* row = ref_table.empty() ? nullptr : run_.draft.find_by_name(ref_table, name);
  return row == nullptr ? std::nullopt : std::optional(row->uuid);
}

Result<Uuid, CommandError> bind_symbol(Invocation& call, std::optional<Uuid> row) {
  const auto id = call.options.find("--id");
  if (id == call.options.end()) {
    return row.value_or(Uuid::random());
  }
  if (!id->second.starts_with('@') || id->second.size() == 1) {
    return refuse(fmt::format("--id={}: a name begins with '@'", id->second));
  }
  auto& symbol = call.run.symbols[id->second];
  if (symbol.has_row) {
    return refuse(fmt::format("row id \"{}\" may only be specified on one --id option", id->second));
  }
  symbol.has_row = true;
  symbol.uuid = row.value_or(symbol.uuid);
  return symbol.uuid;
}

std::optional<std::string> unbound_symbol(const Run& run) {
  for (const auto& [name, symbol] : run.symbols) {
    if (!symbol.has_row) {
      return fmt::format("row id \"{}\" is referenced but never created (e.g. with \"-- --id={} create ...\")", name,
                         name);
    }
  }
  return std::nullopt;
}

Result<const Table*, CommandError> table_at(Invocation& call, size_t word) {
  const auto table = management::match_table(call.word(word));
  if (!table) {
    return Unexpected{at_word(table.error(), word)};
  }
  return *table;
}

const Row* lookup(Invocation& call, const Table& table, const std::string& typed) {
  const Draft& draft = call.run.draft;
  if (table.name == "Open_vSwitch" && typed == ".") {
    return &draft.root();
  }
  if (table.name == "SSL" && typed == ".") {
    const auto rows = draft.referred(draft.root(), "ssl", "SSL");
    return rows.empty() ? nullptr : rows.front();
  }
  if (typed.starts_with('@')) {
    const auto it = call.run.symbols.find(typed);
    return it == call.run.symbols.end() ? nullptr : draft.find(table.name, it->second.uuid);
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
  if (table.name == "QoS") {
    if (const Row* row = qos_of(draft, typed)) {
      return row;
    }
  }
  return by_uuid_beginning(draft, table.name, typed);
}

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
    if (start == end && !is_quoted) {
      return Unexpected{CommandError{"missing key after ':'", word, at, 1}};
    }
    auto key = management::parse_atom(text.substr(start, end - start), setting.column->type.key, setting.column->type,
                                      nullptr);
    if (!key) {
      return Unexpected{at_word(key.error(), word, start)};
    }
    setting.key = std::move(*key);
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
  if (!setting.op.empty() && setting.value.empty()) {
    return Unexpected{CommandError{R"(missing value: "" is the empty string, [] the empty set)", word}};
  }
  return setting;
}

ColumnType without_limits(ColumnType type) {
  type.min_count = 0;
  type.max_count = ColumnType::many;
  return type;
}

Result<Atom, CommandError> parse_map_value(Invocation& call, const Setting& setting, size_t word) {
  Symbols symbols(call.run);
  const auto text = management::parse_string(setting.value);
  if (!text) {
    return Unexpected{at_word(text.error(), word, setting.value_offset)};
  }
  auto value = management::parse_atom(*text, *setting.column->type.value, setting.column->type, &symbols);
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

Result<bool, CommandError> satisfies(Invocation& call, const Table& table, const Row& row, size_t word) {
  const auto parsed = parse_setting(table, call.word(word), word);
  if (!parsed) {
    return Unexpected{parsed.error()};
  }
  const Setting& setting = *parsed;
  if (setting.op.empty()) {
    return Unexpected{CommandError{"a condition is COLUMN[:KEY]=VALUE; also !=, <, <=, >, >=", word}};
  }
  Symbols symbols(call.run);
  const Datum& have = row[setting.column->name];
  if (setting.key) {
    const auto i = have.find(*setting.key);
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

}  // namespace weft::vsctl
