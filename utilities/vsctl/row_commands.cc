// The commands on whole records: create, destroy, list, find, wait-until; and comment.

#include <set>

#include <fmt/format.h>

#include "utilities/vsctl/record_output.h"
#include "utilities/vsctl/record_words.h"

namespace weft::vsctl {

CommandResult record_create(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  if ((*table)->name == "Open_vSwitch") {
    return refuse("there is exactly one Open_vSwitch record", 0);
  }
  const auto uuid = bind_symbol(call);
  if (!uuid) {
    return Unexpected{uuid.error()};
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
  call.run.draft.insert((*table)->name, std::move(columns), *uuid);
  call.run.created.emplace_back((*table)->name, *uuid);
  call.run.output += uuid->text + '\n';
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
  if (call.count() == 1 && !call.has("--all")) {
    return refuse("either --all or records are needed");
  }
  std::set<Uuid> gone;
  if (call.has("--all")) {
    for (const auto& [uuid, row] : call.run.draft.rows((*table)->name)) {
      gone.insert(uuid);
    }
  }
  for (size_t i = 1; i < call.count(); ++i) {
    const auto row = record_at(call, **table, i);
    if (!row) {
      return Unexpected{row.error()};
    }
    if (*row != nullptr) {
      gone.insert((*row)->uuid);
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
      const auto match = satisfies(call, **table, row, i);
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

// Nothing happens here when the record or its values are not there yet: the run is repeated.
CommandResult record_wait_until(Invocation& call) {
  const auto table = table_at(call, 0);
  if (!table) {
    return Unexpected{table.error()};
  }
  const Row* row = lookup(call, **table, call.word(1));
  bool is_there = row != nullptr;
  for (size_t i = 2; i < call.count() && is_there; ++i) {
    const auto match = satisfies(call, **table, *row, i);
    if (!match) {
      return Unexpected{match.error()};
    }
    is_there = *match;
  }
  call.run.must_wait = call.run.must_wait || !is_there;
  return {};
}

CommandResult comment(Invocation& call) {
  call.run.comment += call.run.comment.empty() ? "" : "\n";
  call.run.comment += join(call.words, " ");
  return {};
}

}  // namespace weft::vsctl
