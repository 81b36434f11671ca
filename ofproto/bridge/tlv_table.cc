#include "ofproto/bridge/tlv_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/openflow/nicira_error.h"

namespace weft::ofproto {

using openflow::nicira_error;
using openflow::NiciraError;
using openflow::OpenFlowError;
using openflow::TlvMap;
using openflow::TlvTableCommand;

namespace {

constexpr uint8_t option_size = 4;

bool is_same_option(const TlvMap& a, const TlvMap& b) {
  return a.option_class == b.option_class && a.option_type == b.option_type;
}

}  // namespace

Result<void, OpenFlowError> TlvTable::add(const TlvMap& map) {
  if (map.size != option_size) {
    return Unexpected{nicira_error(NiciraError::tlv_bad_length,
                                   fmt::format("an option of {} bytes: weft maps options of 4 bytes", map.size))};
  }
  uint32_t used = map.size;
  for (const TlvMap& other : maps_) {
    used += other.size;
    if (other.index == map.index) {
      return Unexpected{nicira_error(NiciraError::tlv_already_mapped, fmt::format("tun_metadata{}", map.index))};
    }
    if (is_same_option(other, map)) {
      return Unexpected{nicira_error(
          NiciraError::tlv_duplicate,
          fmt::format("class {:#06x} type {:#04x} is tun_metadata{}", map.option_class, map.option_type, other.index))};
    }
  }
  if (used > openflow::tlv_space) {
    return Unexpected{nicira_error(NiciraError::tlv_table_full, fmt::format("{} bytes of options", used))};
  }
  maps_.insert(std::ranges::upper_bound(maps_, map.index, {}, &TlvMap::index), map);
  return {};
}

datapath::TunnelOptionMap TlvTable::option_map() const {
  datapath::TunnelOptionMap map;
  for (const TlvMap& one : maps_) {
    map.add(one.index, {one.option_class, one.option_type});
  }
  return map;
}

// Of what would be removed.
Result<void, OpenFlowError> TlvTable::check_removal(const openflow::TlvTableMod& mod, uint64_t used) const {
  const auto is_removed = [&](const TlvMap& map) {
    return mod.command == TlvTableCommand::clear ||
           (mod.command == TlvTableCommand::remove &&
            std::ranges::find(mod.maps, map.index, &TlvMap::index) != mod.maps.end());
  };
  for (const TlvMap& map : maps_) {
    if ((used >> map.index & 1) != 0 && is_removed(map)) {
      return Unexpected{
          nicira_error(NiciraError::tlv_invalid_delete, fmt::format("flows or groups use tun_metadata{}", map.index))};
    }
  }
  return {};
}

Result<void, OpenFlowError> TlvTable::apply(const openflow::TlvTableMod& mod, uint64_t used) {
  if (auto checked = check_removal(mod, used); !checked) {
    return checked;
  }
  switch (mod.command) {
    case TlvTableCommand::clear:
      maps_.clear();
      break;
    case TlvTableCommand::remove:
      for (const TlvMap& map : mod.maps) {
        std::erase_if(maps_, [&](const TlvMap& one) { return one.index == map.index; });
      }
      break;
    case TlvTableCommand::add: {
      TlvTable changed = *this;
      for (const TlvMap& map : mod.maps) {
        if (auto added = changed.add(map); !added) {
          return added;
        }
      }
      *this = std::move(changed);
      break;
    }
  }
  return {};
}

}  // namespace weft::ofproto
