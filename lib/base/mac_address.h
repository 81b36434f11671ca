// MacAddress: the six bytes of an Ethernet address in wire order. A plain value of alignment 1,
// so it can be a member of a wire struct; ordered, hashable, read from and printed as text.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace weft {

struct MacAddress {
  std::array<uint8_t, 6> bytes{};

  // "aa:bb:cc:dd:ee:ff" (one or two hex digits a group, ':' or '-' between).
  static std::optional<MacAddress> parse(std::string_view text);
  static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }

  // The low 48 bits, first byte highest, as the address is written.
  static constexpr MacAddress from_uint64(uint64_t value) {
    MacAddress mac;
    for (size_t i = 0; i < 6; ++i) {
      mac.bytes[i] = static_cast<uint8_t>(value >> (40 - 8 * i));
    }
    return mac;
  }
  constexpr uint64_t to_uint64() const {
    uint64_t value = 0;
    for (const uint8_t byte : bytes) {
      value = value << 8 | byte;
    }
    return value;
  }

  // The group bit: true for broadcast too.
  constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }
  constexpr bool is_broadcast() const { return *this == broadcast(); }
  constexpr bool is_zero() const { return *this == MacAddress{}; }
  constexpr bool is_locally_administered() const { return (bytes[0] & 2) != 0; }

  std::string to_string() const;

  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

static_assert(sizeof(MacAddress) == 6 && alignof(MacAddress) == 1);

std::string to_string(const MacAddress& mac);
std::ostream& operator<<(std::ostream& out, const MacAddress& mac);

}  // namespace weft

template <>
struct std::hash<weft::MacAddress> {
  size_t operator()(const weft::MacAddress& mac) const {
    return std::hash<uint64_t>{}(mac.to_uint64() * 0x9e3779b97f4a7c15U);
  }
};
