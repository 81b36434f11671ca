// Messages about tables, and the description of the switch itself. Values.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/flow/field.h"
#include "lib/openflow/multipart.h"

namespace weft::openflow {

struct DescRequest {
  friend bool operator==(const DescRequest&, const DescRequest&) = default;
};
// At most 255 bytes each reach the wire, 31 of the serial number.
struct DescReply {
  std::string manufacturer;
  std::string hardware;
  std::string software;
  std::string serial_number;
  std::string datapath;
  friend bool operator==(const DescReply&, const DescReply&) = default;
};

// OFPTC_*, 1.4: bits of a table's configuration, and of what it is capable of.
namespace table_config {
inline constexpr uint32_t eviction = 1 << 2;
inline constexpr uint32_t vacancy_events = 1 << 3;
}  // namespace table_config

// OFPTMPEF_*, 1.4: what a table that is full considers when it evicts a rule.
namespace eviction_flag {
inline constexpr uint32_t other = 1 << 0;
inline constexpr uint32_t importance = 1 << 1;
inline constexpr uint32_t lifetime = 1 << 2;
}  // namespace eviction_flag

// In percent of max_entries that are free: an event is sent when they fall below `down` and when they rise above `up`.
struct Vacancy {
  uint8_t down = 0;
  uint8_t up = 0;
  uint8_t current = 0;  // told, not set
  friend bool operator==(const Vacancy&, const Vacancy&) = default;
};

struct TableMod {
  uint8_t table_id = 0;
  uint32_t config = 0;
  std::optional<uint32_t> eviction_flags = std::nullopt;  // 1.4
  std::optional<Vacancy> vacancy = std::nullopt;          // 1.4
  friend bool operator==(const TableMod&, const TableMod&) = default;
};

// How a table is set up (1.4).
struct TableDescRequest {
  friend bool operator==(const TableDescRequest&, const TableDescRequest&) = default;
};
struct TableDesc {
  uint8_t table_id = 0;
  uint32_t config = 0;                                    // table_config
  std::optional<uint32_t> eviction_flags = std::nullopt;  // eviction_flag
  std::optional<Vacancy> vacancy = std::nullopt;
  friend bool operator==(const TableDesc&, const TableDesc&) = default;
};
using TableDescReply = MultipartReply<TableDesc>;

enum class TableStatusReason : uint8_t { vacancy_down = 3, vacancy_up = 4 };  // OFPTR_*

// A table's vacancy has crossed a limit (1.4).
struct TableStatus {
  TableStatusReason reason = TableStatusReason::vacancy_down;
  TableDesc table;
  friend bool operator==(const TableStatus&, const TableStatus&) = default;
};

struct TableStatsRequest {
  friend bool operator==(const TableStatsRequest&, const TableStatsRequest&) = default;
};
struct TableStats {
  uint8_t table_id = 0;
  uint32_t active_count = 0;
  uint64_t lookup_count = 0;
  uint64_t matched_count = 0;
  // In 1.0 only, which has no table features. `wildcards`: OFPFW_*, what a match may leave out.
  std::string name{};
  uint32_t wildcards = 0;
  uint32_t max_entries = 0;
  friend bool operator==(const TableStats&, const TableStats&) = default;
};
using TableStatsReply = MultipartReply<TableStats>;

using FieldSet = std::bitset<field_count>;

// What a rule may do: bit n of `instructions` is OFPIT_ n, of the action sets OFPAT_ n.
struct TableAbilities {
  uint32_t instructions = 0;
  std::bitset<256> next_tables;
  uint32_t write_actions = 0;
  uint32_t apply_actions = 0;
  FieldSet write_set_field;
  FieldSet apply_set_field;
  FieldSet write_copy_field;  // 1.5
  FieldSet apply_copy_field;  // 1.5
  friend bool operator==(const TableAbilities&, const TableAbilities&) = default;
};

// OFPTFC_*, 1.5: what a request wants done. Earlier versions replace.
enum class TableFeaturesCommand : uint8_t { replace = 0, modify = 1, enable = 2, disable = 3 };

// OFPTFF_*, 1.5.
namespace table_feature {
inline constexpr uint32_t ingress_table = 1 << 0;
inline constexpr uint32_t egress_table = 1 << 1;
inline constexpr uint32_t first_egress = 1 << 4;
}  // namespace table_feature

struct TableFeatures {
  uint8_t table_id = 0;
  std::string name;  // at most 31 bytes reach the wire
  uint64_t metadata_match = ~uint64_t{0};
  uint64_t metadata_write = ~uint64_t{0};
  TableFeaturesCommand command = TableFeaturesCommand::replace;
  uint32_t features = 0;      // 1.5: table_feature
  uint32_t config = 0;        // 1.3
  uint32_t capabilities = 0;  // 1.4: table_config
  uint32_t max_entries = 0;
  TableAbilities hit;   // of an ordinary rule
  TableAbilities miss;  // of the table-miss rule
  FieldSet match;
  FieldSet maskable;                   // of `match`
  FieldSet wildcards;                  // fields that may be left out
  std::bitset<256> synchronised_from;  // 1.4: tables whose rules appear in this one
  friend bool operator==(const TableFeatures&, const TableFeatures&) = default;
};

// Without entries: asks. With entries: wants the tables to be like this.
struct TableFeaturesRequest {
  std::vector<TableFeatures> entries;
  friend bool operator==(const TableFeaturesRequest&, const TableFeaturesRequest&) = default;
};
using TableFeaturesReply = MultipartReply<TableFeatures>;

}  // namespace weft::openflow
