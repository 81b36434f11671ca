#include "lib/management/rules.h"

#include <algorithm>

#include <fmt/format.h>

#include "lib/base/text.h"

namespace weft::management {
namespace {

constexpr size_t max_device_name_bytes = 15;  // IFNAMSIZ of Linux, without the terminating zero

}  // namespace

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

std::optional<MacAddress> parse_device_address(std::string_view text) {
  const auto mac = MacAddress::parse(text);
  return mac && !mac->is_multicast() && !mac->is_zero() ? mac : std::nullopt;
}

std::optional<std::string> check_bridge_name(const Datum& value) {
  return bridge_name_problem(value.string().value_or(""));
}

std::optional<std::string> check_bridge_settings(const Datum& value) {
  if (const auto id = value.at("datapath-id"); id && !parse_datapath_id(*id)) {
    return fmt::format("datapath-id=\"{}\": 1 to 16 hexadecimal digits are needed, not all 0", *id);
  }
  if (const auto mac = value.at("hwaddr"); mac && !parse_device_address(*mac)) {
    return fmt::format("hwaddr=\"{}\": the Ethernet address of a device is needed", *mac);
  }
  return std::nullopt;
}

std::optional<std::string> refuse_true(const Datum& value) {
  return value.boolean() == true ? std::optional<std::string>("true is not supported") : std::nullopt;
}

}  // namespace weft::management
