// Messages about tables, and the description of the switch itself. Values.
#pragma once

#include <bitset>
#include <cstdint>
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

struct TableMod {
  uint8_t table_id = 0;
  uint32_t config = 0;
  friend bool operator==(const TableMod&, const TableMod&) = default;
};

struct TableStatsRequest {
  friend bool operator==(const TableStatsRequest&, const TableStatsRequest&) = default;
};
struct TableStats {
  uint8_t table_id = 0;
  uint32_t active_count = 0;
  uint64_t lookup_count = 0;
  uint64_t matched_count = 0;
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
  friend bool operator==(const TableAbilities&, const TableAbilities&) = default;
};

struct TableFeatures {
  uint8_t table_id = 0;
  std::string name;  // at most 31 bytes reach the wire
  uint64_t metadata_match = ~uint64_t{0};
  uint64_t metadata_write = ~uint64_t{0};
  uint32_t config = 0;
  uint32_t capabilities = 0;  // 1.4
  uint32_t max_entries = 0;
  TableAbilities hit;   // of an ordinary rule
  TableAbilities miss;  // of the table-miss rule
  FieldSet match;
  FieldSet maskable;   // of `match`
  FieldSet wildcards;  // fields that may be left out
  friend bool operator==(const TableFeatures&, const TableFeatures&) = default;
};

// Without entries: asks. With entries: wants the tables to be like this.
struct TableFeaturesRequest {
  std::vector<TableFeatures> entries;
  friend bool operator==(const TableFeaturesRequest&, const TableFeaturesRequest&) = default;
};
using TableFeaturesReply = MultipartReply<TableFeatures>;

}  // namespace weft::openflow
