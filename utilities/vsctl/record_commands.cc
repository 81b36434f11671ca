// The commands that look at and change columns of records: get, set, add, remove, clear.

#include <fmt/format.h>

#include "utilities/vsctl/record_words.h"

namespace weft::vsctl {

namespace {

// The table and the record that the first two words name. No row without an error: it does not exist and --if-exists
// was given.
struct Target {
  const Table* table;
  const Row* row;
};

Result<Target, CommandError> target_of(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  const auto row = record_at(call, **table, 1);
  if (!row) {
    return Unexpected{row.error()};
  }
  return Target{*table, *row};
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
  const auto target = target_of(call);
  if (!target) {
    return Unexpected{target.error()};
  }
  if (target->row == nullptr) {
    return {};
  }
  const Uuid uuid = target->row->uuid;
  for (size_t i = 2; i < call.count(); ++i) {
    if (auto done = set_column(call, target->table->name, uuid, i); !done) {
      return done;
    }
  }
  return {};
}

CommandResult record_get(Invocation& call) {
  const auto target = target_of(call);
  if (!target) {
    return Unexpected{target.error()};
  }
  if (target->row == nullptr) {
    return {};
  }
  if (auto bound = bind_symbol(call, target->row->uuid); !bound) {
    return Unexpected{bound.error()};
  }
  for (size_t i = 2; i < call.count(); ++i) {
    if (call.word(i) == "_uuid") {
      call.run.output += target->row->uuid.text + '\n';
      continue;
    }
    const auto setting = parse_setting(*target->table, call.word(i), i);
    if (!setting) {
      return Unexpected{setting.error()};
    }
    const Datum& value = (*target->row)[setting->column->name];
    if (!setting->key) {
      call.run.output += management::format(value, setting->column->type) + '\n';
      continue;
    }
    const auto at = value.find(*setting->key);
    if (at) {
      call.run.output += management::format(value.values[*at]) + '\n';
    } else if (call.has("--if-exists")) {
      call.run.output += '\n';
    } else {
      return refuse(fmt::format("no key {} in {} record \"{}\" column {}", management::format(*setting->key),
                                target->table->name, call.word(1), setting->column->name),
                    i);
    }
  }
  return {};
}

namespace {

// What add, remove and clear have in common: the column of a record, changed by `change`.
template <typename Change>
CommandResult change_column(Invocation& call, Change&& change) {
  const auto target = target_of(call);
  if (!target) {
    return Unexpected{target.error()};
  }
  const auto column = management::match_column(*target->table, call.word(2));
  if (!column) {
    return Unexpected{at_word(column.error(), 2)};
  }
  if (auto allowed = refuse_status(*target->table, **column, 2); !allowed) {
    return allowed;
  }
  if (target->row == nullptr) {
    return {};
  }
  Datum value = (*target->row)[(*column)->name];
  if (auto done = change(**column, value); !done) {
    return done;
  }
  if (auto problem = management::check(value, (*column)->type)) {
    return refuse(*problem, 2);
  }
  call.run.draft.update(target->table->name, Uuid(target->row->uuid), (*column)->name, std::move(value));
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
  const auto target = target_of(call);
  if (!target) {
    return Unexpected{target.error()};
  }
  for (size_t i = 2; i < call.count() && target->row != nullptr; ++i) {
    const auto column = management::match_column(*target->table, call.word(i));
    if (!column) {
      return Unexpected{at_word(column.error(), i)};
    }
    if (auto allowed = refuse_status(*target->table, **column, i); !allowed) {
      return allowed;
    }
    if ((*column)->type.min_count > 0) {
      return refuse(fmt::format("column {} cannot be empty", (*column)->name), i);
    }
    call.run.draft.update(target->table->name, Uuid(target->row->uuid), (*column)->name, {});
  }
  return {};
}

}  // namespace weft::vsctl
