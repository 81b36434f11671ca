// Schema: the tables and columns of weft's wanted and reported state.
//
// Names and meanings are those of the Open_vSwitch database (ovs-vswitchd.conf.db(5)), so that what people and
// tools know carries over; only what weft understands, or must keep for others (external_ids), is here. A column
// is written by users (config), by the switch (status, refused from users), and is saved or not.
//
// Threads: constant data.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "lib/management/datum.h"
#include "lib/management/rules.h"

namespace weft::management {

struct Column {
  std::string_view name;
  ColumnType type{};
  bool is_status = false;     // the switch alone writes it
  bool is_ephemeral = false;  // not saved
  bool is_immutable = false;  // fixed at insert
  Rule rule = nullptr;        // of what users write, beyond the type
  std::string_view help{};
};

// How long a row lives.
enum class Lifetime : uint8_t {
  always,      // the table has exactly one
  kept,        // until it is destroyed
  referenced,  // as long as a row refers to it
};

struct Table {
  std::string_view name;
  Lifetime lifetime = Lifetime::referenced;
  std::string_view key_column;  // finds a record by a name people type; empty: by uuid only
  std::span<const Column> columns;

  const Column* find_column(std::string_view name) const;
};

std::span<const Table> tables();
const Table* find_table(std::string_view exact_name);

// As people type them: case does not matter, '-' is '_', a unique beginning is enough.
Result<const Table*, TextError> match_table(std::string_view typed);
Result<const Column*, TextError> match_column(const Table& table, std::string_view typed);

// What a column holds when nothing was said.
Datum default_of(const Column& column);

}  // namespace weft::management
