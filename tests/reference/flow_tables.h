// The dull twin of TableSet: flows in a list, and the sentences of OpenFlow 1.3.5 section 6.4 and 6.5 spelled out.
//
// A value: a copy is a state to come back to, which is how a bundle that fails is taken back.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/flow/match.h"
#include "lib/openflow/error.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/group_message.h"

namespace weft::reference {

class FlowTables {
 public:
  struct FlowEntry {
    uint8_t table_id;
    uint16_t priority;
    Match match;
    uint64_t cookie;
    openflow::Instructions instructions;
    TimePoint created;
    uint64_t packet_count = 0;
  };
  using Refusal = std::optional<openflow::ErrorCode>;

  explicit FlowTables(size_t max_entries) : max_entries_(max_entries) {}

  Refusal apply(const openflow::FlowMod& message, TimePoint now) {
    using enum openflow::FlowModCommand;
    if (message.command == remove || message.command == remove_strict) {
      std::erase_if(flows_, [&](const FlowEntry& flow) {
        return is_selected(flow, message) && outputs_as_asked(flow.instructions, message);
      });
      return std::nullopt;
    }
    if (const auto group = group_in(message.instructions); group && !groups_.contains(*group)) {
      return openflow::ErrorCode::ofpbac_bad_out_group;
    }
    if (message.command == add) {
      return apply_add(message, now);
    }
    for (FlowEntry& flow : flows_) {
      if (is_selected(flow, message)) {
        flow.instructions = message.instructions;
        flow.packet_count = resets(message) ? 0 : flow.packet_count;
      }
    }
    return std::nullopt;
  }

  Refusal apply_group(const openflow::GroupMod& message) {
    using enum openflow::GroupModCommand;
    const bool exists = groups_.contains(message.group_id);
    if (message.command == add && exists) {
      return openflow::ErrorCode::ofpgmfc_group_exists;
    }
    if (message.command == modify && !exists) {
      return openflow::ErrorCode::ofpgmfc_unknown_group;
    }
    if (message.command == remove) {
      groups_.erase(message.group_id);
      std::erase_if(flows_, [&](const FlowEntry& flow) { return group_in(flow.instructions) == message.group_id; });
    } else {
      groups_.insert(message.group_id);
    }
    return std::nullopt;
  }

  const std::vector<FlowEntry>& flows() const { return flows_; }

  // The flow of exactly this table, match and priority.
  FlowEntry* find(uint8_t table_id, const Match& match, uint16_t priority) {
    const auto flow = std::find_if(flows_.begin(), flows_.end(), [&](const FlowEntry& known) {
      return known.table_id == table_id && known.match == match && known.priority == priority;
    });
    return flow != flows_.end() ? &*flow : nullptr;
  }

  // The highest priority of the table's flows that match.
  std::optional<uint16_t> best(uint8_t table_id, const Flow& packet) const {
    std::optional<uint16_t> best;
    for (const FlowEntry& flow : flows_) {
      if (flow.table_id == table_id && flow.match.matches(packet) && (!best || flow.priority > *best)) {
        best = flow.priority;
      }
    }
    return best;
  }

 private:
  Refusal apply_add(const openflow::FlowMod& message, TimePoint now) {
    const bool overlaps = std::any_of(flows_.begin(), flows_.end(), [&](const FlowEntry& flow) {
      return flow.table_id == message.table_id && flow.priority == message.priority &&
             flow.match.overlaps(message.match);
    });
    if ((message.flags & openflow::flow_flag::check_overlap) != 0 && overlaps) {
      return openflow::ErrorCode::ofpfmfc_overlap;
    }
    FlowEntry entry{message.table_id, message.priority, message.match, message.cookie, message.instructions, now};
    if (FlowEntry* same = find(message.table_id, message.match, message.priority)) {
      entry.packet_count = resets(message) ? 0 : same->packet_count;
      *same = entry;
      return std::nullopt;
    }
    const auto held = std::count_if(flows_.begin(), flows_.end(),
                                    [&](const FlowEntry& flow) { return flow.table_id == message.table_id; });
    if (static_cast<size_t>(held) >= max_entries_) {
      return openflow::ErrorCode::ofpfmfc_table_full;
    }
    flows_.push_back(entry);
    return std::nullopt;
  }

  static bool resets(const openflow::FlowMod& message) {
    return (message.flags & openflow::flow_flag::reset_counts) != 0;
  }

  static bool is_selected(const FlowEntry& flow, const openflow::FlowMod& message) {
    using enum openflow::FlowModCommand;
    const bool is_strict = message.command == modify_strict || message.command == remove_strict;
    const bool is_table = message.table_id == openflow::all_tables || message.table_id == flow.table_id;
    const bool is_cookie = (flow.cookie & message.cookie_mask) == (message.cookie & message.cookie_mask);
    const bool is_match = is_strict ? flow.match == message.match && flow.priority == message.priority
                                    : flow.match.is_subset_of(message.match);
    return is_table && is_cookie && is_match;
  }

  static bool outputs_as_asked(const openflow::Instructions& instructions, const openflow::FlowMod& message) {
    const bool is_port = message.out_port == of_port::any || port_in(instructions) == message.out_port;
    const bool is_group = message.out_group == openflow::any_group || group_in(instructions) == message.out_group;
    return is_port && is_group;
  }

  // The twin's flows have one action at most.
  static std::optional<OfPort> port_in(const openflow::Instructions& instructions) {
    const auto* output =
        instructions.apply ? std::get_if<openflow::OutputAction>(&instructions.apply->front()) : nullptr;
    return output != nullptr ? std::optional(output->port) : std::nullopt;
  }
  static std::optional<uint32_t> group_in(const openflow::Instructions& instructions) {
    const auto* group = instructions.write ? std::get_if<openflow::GroupAction>(&instructions.write->front()) : nullptr;
    return group != nullptr ? std::optional(group->group_id) : std::nullopt;
  }

  size_t max_entries_;
  std::vector<FlowEntry> flows_;
  std::set<uint32_t> groups_;
};

}  // namespace weft::reference
