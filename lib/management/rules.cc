#include "lib/management/rules.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "lib/base/host_addresses.h"
#include "lib/base/text.h"
#include "lib/management/segment_rules.h"

namespace weft::management {
namespace {

constexpr size_t max_device_name_bytes = 15;  // IFNAMSIZ of Linux, without the terminating zero

// As Open vSwitch's Flow_Table:prefixes, and the ports, which it always tracks.
constexpr std::string_view prefix_field_names[] = {"tun_id",       "tun_src", "tun_dst", "tun_ipv6_src",
                                                   "tun_ipv6_dst", "nw_src",  "nw_dst",  "ipv6_src",
                                                   "ipv6_dst",     "tp_src",  "tp_dst"};
constexpr size_t max_prefix_fields = 8;

// What the bounds of ports and tunnel ids in the packet path may be.
struct SwitchNumber {
  std::string_view key;
  uint64_t least, most;
};
constexpr SwitchNumber numbers_of_switch[] = {{"max-masks-per-port", 1, 4096},
                                              {"max-megaflows-per-port", 0, 100'000'000},
                                              {"max-tunnel-ids", 1, 1'000'000},
                                              {"miss-time-percent", 1, 100}};

constexpr uint64_t max_bits = 1'000'000'000'000'000;

std::optional<std::string> check_rate_limit(const Datum& value) {
  for (const auto* key : {"max-rate", "min-rate", "burst"}) {
    if (const auto text = value.at(key); text && !parse_bits(*text)) {
      return fmt::format("{}=\"{}\": a number of {} from 1 to {} is needed", key, *text,
                         std::string_view(key) == "burst" ? "bits" : "bits per second", max_bits);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> parse_bits(std::string_view text) {
  const auto bits = parse_unsigned(text, max_bits);
  return bits == 0u ? std::nullopt : bits;
}

std::optional<std::string> bridge_name_problem(std::string_view name) {
  const bool is_name =
      !name.empty() && name.size() <= max_device_name_bytes && name.front() != '.' &&
      std::ranges::none_of(name, [](char c) { return c == '/' || c == ':' || static_cast<uint8_t>(c) <= ' '; });
  if (is_name) {
    return std::nullopt;
  }
  return fmt::format(
      "\"{}\" is no name for a bridge, which is a device's: 1 to {} bytes, without '/', ':' and space, not beginning "
      "with '.'",
      name, max_device_name_bytes);
}

std::optional<uint64_t> parse_datapath_id(std::string_view text) {
  const auto digits = text.starts_with("0x") ? text.substr(2) : text;
  const auto id = parse_unsigned("0x" + std::string(digits));
  return id == 0u ? std::nullopt : id;
}

std::optional<std::vector<std::string>> parse_prefix_fields(std::string_view text) {
  std::vector<std::string> names;
  if (text == "none") {
    return names;
  }
  for (const std::string_view part : split(text, ',')) {
    const std::string name(trim(part));
    if (std::ranges::count(prefix_field_names, name) == 0 || std::ranges::count(names, name) != 0) {
      return std::nullopt;
    }
    names.push_back(name);
  }
  return names.size() <= max_prefix_fields ? std::optional(names) : std::nullopt;
}

std::optional<MacAddress> parse_device_address(std::string_view text) {
  const auto mac = MacAddress::parse(text);
  return mac && !mac->is_multicast() && !mac->is_zero() ? mac : std::nullopt;
}

std::optional<std::string> check_bridge_name(const Datum& value) {
  return bridge_name_problem(value.string().value_or(""));
}

std::optional<uint64_t> switch_number(const Datum& settings, std::string_view key) {
  const auto* const known = std::ranges::find(numbers_of_switch, key, &SwitchNumber::key);
  const auto number = parse_unsigned(settings.at(key).value_or(""), known->most);
  return number && *number >= known->least ? number : std::nullopt;
}

// It stands as a word in lists and on command lines.
std::optional<std::string> check_segment_name(const Datum& value) {
  constexpr size_t max_bytes = 63;
  const std::string name = value.string().value_or("");
  const bool is_name = !name.empty() && name.size() <= max_bytes && name.front() != '-' &&
                       std::ranges::none_of(name, [](char c) { return c == ',' || static_cast<uint8_t>(c) <= ' '; });
  if (!is_name) {
    return fmt::format("\"{}\" is no name for a segment: 1 to {} bytes, without ',' and space, not beginning with '-'",
                       name, max_bytes);
  }
  if (parse_unsigned(name, 4095)) {
    return fmt::format("\"{}\" is no name for a segment: where a VLAN or a segment is meant it would be VLAN {}", name,
                       name);
  }
  return std::nullopt;
}

std::optional<std::string> check_group(const Datum& value) {
  const auto text = value.string();
  if (!text || parse_group(*text)) {
    return std::nullopt;
  }
  return fmt::format("\"{}\" is no multicast address (224.0.0.0/4 or ff00::/8)", *text);
}

std::optional<std::string> check_vteps(const Datum& value) {
  for (const Atom& atom : value.keys) {
    const auto& text = std::get<std::string>(atom);
    if (!parse_vtep(text)) {
      return fmt::format("\"{}\" is not the address of a VTEP: a unicast IP address is needed", text);
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_port_security(const Datum& value) {
  for (const Atom& atom : value.keys) {
    const auto& text = std::get<std::string>(atom);
    if (const auto host = HostAddresses::parse(text); !host) {
      return host.error().message;
    }
  }
  return std::nullopt;
}

// A frame that a port sends in a segment has one tag.
std::optional<std::string> check_segment_vlans(const Datum& value) {
  std::map<std::string, int64_t> vlans;
  for (size_t i = 0; i < value.count(); ++i) {
    const auto& segment = std::get<std::string>(value.values[i]);
    const auto vlan = std::get<int64_t>(value.keys[i]);
    const auto [other, is_new] = vlans.emplace(segment, vlan);
    if (!is_new) {
      return fmt::format("VLANs {} and {} cannot both be segment {}", other->second, vlan, segment);
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_port_settings(const Datum& value) {
  const auto role = value.at("segment-gateway");
  return !role || role == "active" || role == "standby"
             ? std::nullopt
             : std::optional(fmt::format("segment-gateway=\"{}\": active or standby is needed", *role));
}

std::optional<std::string> check_switch_settings(const Datum& value) {
  for (const SwitchNumber& number : numbers_of_switch) {
    if (const auto text = value.at(number.key); text && !switch_number(value, number.key)) {
      return fmt::format("{}=\"{}\": a number from {} to {} is needed", number.key, *text, number.least, number.most);
    }
  }
  if (const auto wish = value.at("kernel-forwarding"); wish && wish != "true" && wish != "false") {
    return fmt::format("kernel-forwarding=\"{}\": true or false is needed", *wish);
  }
  return std::nullopt;
}

std::optional<std::string> check_bridge_settings(const Datum& value) {
  if (const auto id = value.at("datapath-id"); id && !parse_datapath_id(*id)) {
    return fmt::format("datapath-id=\"{}\": 1 to 16 hexadecimal digits are needed, not all 0", *id);
  }
  if (const auto mac = value.at("hwaddr"); mac && !parse_device_address(*mac)) {
    return fmt::format("hwaddr=\"{}\": the Ethernet address of a device is needed", *mac);
  }
  if (const auto fields = value.at("prefixes"); fields && !parse_prefix_fields(*fields)) {
    return fmt::format("prefixes=\"{}\": \"none\" or up to {} different ones of {} are needed", *fields,
                       max_prefix_fields, fmt::join(prefix_field_names, ","));
  }
  return std::nullopt;
}

// What would be passed over is refused: its user counts on it.
std::optional<std::string> check_qos_settings(const Datum& value) {
  for (const auto* key : {"cir", "cbs"}) {
    if (value.contains(std::string(key))) {
      return fmt::format("{} is not supported; max-rate is in bits per second, burst in bits", key);
    }
  }
  return check_rate_limit(value);
}

std::optional<std::string> check_queue_settings(const Datum& value) {
  if (value.contains(std::string("priority"))) {
    return "priority is not supported: what the guarantees (min-rate) leave is for whoever comes first";
  }
  return check_rate_limit(value);
}

std::optional<std::string> refuse_true(const Datum& value) {
  return value.boolean() == true ? std::optional<std::string>("true is not supported") : std::nullopt;
}

}  // namespace weft::management
