// What a rule says to do with a packet: at most one instruction of each type, executed in the order of the
// members (OpenFlow 1.3.5 section 5.9). OpenFlow 1.0 has only `apply`. Values.
#pragma once

#include <cstdint>
#include <optional>

#include "lib/openflow/action.h"

namespace weft::openflow {

struct MetadataWrite {
  uint64_t value = 0;
  uint64_t mask = ~uint64_t{0};
  friend bool operator==(const MetadataWrite&, const MetadataWrite&) = default;
};

struct Instructions {
  std::optional<uint32_t> meter;
  std::optional<ActionList> apply;
  bool clear_actions = false;
  std::optional<ActionList> write;
  std::optional<MetadataWrite> write_metadata;
  std::optional<uint8_t> goto_table;

  bool empty() const { return !meter && !apply && !clear_actions && !write && !write_metadata && !goto_table; }
  friend bool operator==(const Instructions&, const Instructions&) = default;
};

}  // namespace weft::openflow
