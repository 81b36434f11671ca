// Rules: what a value must be beyond its column's type, such as a bridge's name or its datapath id.
//
// The database refuses what breaks a rule when a user writes it. A saved state is loaded as it is: it was good once, and
// a switch that starts without one setting beats one that does not start.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/mac_address.h"
#include "lib/management/datum.h"

namespace weft::management {

// What is wrong with the value, for people; nothing when it is right.
using Rule = std::optional<std::string> (*)(const Datum&);

std::optional<std::string> check_bridge_name(const Datum& value);
std::optional<std::string> check_segment_name(const Datum& value);
std::optional<std::string> check_group(const Datum& value);
std::optional<std::string> check_vteps(const Datum& value);
std::optional<std::string> check_segment_vlans(const Datum& value);
std::optional<std::string> check_port_security(const Datum& value);
std::optional<std::string> check_port_settings(const Datum& value);    // Port.other_config
std::optional<std::string> check_switch_settings(const Datum& value);  // Open_vSwitch.other_config
std::optional<std::string> check_bridge_settings(const Datum& value);  // Bridge.other_config
std::optional<std::string> check_qos_settings(const Datum& value);     // QoS.other_config
std::optional<std::string> check_queue_settings(const Datum& value);   // Queue.other_config
std::optional<std::string> refuse_true(const Datum& value);

// A bridge's name is a device's, and names its sockets' files.
std::optional<std::string> bridge_name_problem(std::string_view name);
// 1 to 16 hexadecimal digits, perhaps after 0x, and not 0.
std::optional<uint64_t> parse_datapath_id(std::string_view text);
// "nw_dst,tp_dst": up to eight fields of whose prefixes tables keep tries, each once; "none" is the empty list.
std::optional<std::vector<std::string>> parse_prefix_fields(std::string_view text);
// Bits, or bits per second, from 1 on.
std::optional<uint64_t> parse_bits(std::string_view text);
// The number that Open_vSwitch.other_config has under one of the keys that have numbers (max-masks-per-port ...); nothing
// where it is absent or not one that it may be.
std::optional<uint64_t> switch_number(const Datum& settings, std::string_view key);
// A device's own address: unicast, and not 0.
std::optional<MacAddress> parse_device_address(std::string_view text);

}  // namespace weft::management
