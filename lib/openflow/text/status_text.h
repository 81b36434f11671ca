// What a switch tells of itself since 1.4, as ovs-ofctl shows it: roles, asynchronous configuration, table and queue
// descriptions, bundles, controllers. Each ends with a newline. Pure functions.
#pragma once

#include <array>
#include <string>

#include "lib/flow/port_names.h"
#include "lib/openflow/async_message.h"
#include "lib/openflow/bundle_message.h"
#include "lib/openflow/port_message.h"
#include "lib/openflow/session_message.h"
#include "lib/openflow/table_message.h"

namespace weft::openflow {

std::string_view to_string(Role role);
std::string format_role_status(const RoleStatus& status);
std::string format_controller_status(const ControllerStatus& status);

// A line for each kind of message: "       PACKET_IN: no_match action".
using AsyncMasks = std::array<uint32_t, async_kind_count>;
std::string format_async_masks(const AsyncMasks& masks);
// A paragraph for primary (and equal) controllers, one for secondary ones.
std::string format_async_config(const AsyncConfig& config);

std::string format_table_mod(const TableMod& mod);
std::string format_table_desc(const TableDesc& desc);  // several lines
std::string format_table_status(const TableStatus& status);

std::string format_queue_desc_request(const QueueDescRequest& request, const PortNames* ports = nullptr);

std::string format_bundle_control(const BundleControl& control);
std::string format_bundle_flags(uint16_t flags);  // "atomic ordered"; "0"

}  // namespace weft::openflow
