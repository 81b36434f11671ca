// Ports, queues, tables and the switch as ovs-ofctl shows them. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/flow/port_names.h"
#include "lib/openflow/port_message.h"
#include "lib/openflow/session_message.h"
#include "lib/openflow/table_message.h"

namespace weft::openflow {

// Several lines, the first with one leading space, as `show` and dump-ports-desc print them.
std::string format_port_desc(const PortDesc& desc);
std::string format_port_status(const PortStatus& status);
std::string format_port_mod(const PortMod& mod, const PortNames* ports = nullptr);

std::string format_port_stats(const PortStats& stats, const PortNames* ports = nullptr);    // three lines
std::string format_queue_stats(const QueueStats& stats, const PortNames* ports = nullptr);  // one line

std::string format_queue_desc(const QueueDesc& queue);  // "queue 3: min_rate:0.5%"

std::string format_features(const FeaturesReply& features);  // from "dpid:" on
std::vector<std::string_view> capability_names_of(const FeaturesReply& features);
std::string_view to_string(FragmentHandling fragments);
std::string format_config(const SwitchConfig& config);  // "frags=normal miss_send_len=128"
std::string format_desc(const DescReply& desc);

// Runs of tables that say the same as the one before are "ditto".
std::string format_table_stats(std::span<const TableStats> tables);
struct TableFeaturesStyle {
  bool has_capabilities = false;  // of 1.4 and later, which tell of eviction and vacancy events
  bool shows_stages = false;      // of 1.5: ingress or egress, by all tables of the switch
};
// By name what TableAbilities has by number.
std::vector<std::string_view> instructions_of(const TableAbilities& abilities);
std::vector<std::string_view> actions_of(uint32_t action_types);     // since 1.1
std::vector<std::string_view> actions_of_10(uint32_t action_types);  // 1.0 has other numbers
std::string format_table_features(std::span<const TableFeatures> tables, const TableFeaturesStyle& style = {});

}  // namespace weft::openflow
