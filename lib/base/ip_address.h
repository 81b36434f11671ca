// IP addresses as values: bytes in network order, alignment 1, ordered, hashable, text both ways.
//
// Ipv4Address and Ipv6Address can be members of wire structs. IpAddress is either of the two.
// A mask is an address too: prefix_mask(24) makes one, prefix_length() reads one back.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "lib/base/big_endian.h"

namespace weft {

struct Ipv4Address {
  std::array<uint8_t, 4> bytes{};

  static std::optional<Ipv4Address> parse(std::string_view text);
  // 10.0.0.1 is 0x0a000001.
  static constexpr Ipv4Address from_host(uint32_t value) { return from_be(Be32{value}); }
  static constexpr Ipv4Address from_be(Be32 value) { return {std::bit_cast<std::array<uint8_t, 4>>(value)}; }
  static constexpr Ipv4Address prefix_mask(unsigned length) {
    return from_host(length == 0 ? 0 : length >= 32 ? ~0U : ~0U << (32 - length));
  }

  constexpr uint32_t host() const { return be().host(); }
  constexpr Be32 be() const { return std::bit_cast<Be32>(bytes); }

  constexpr bool is_multicast() const { return (bytes[0] & 0xf0) == 0xe0; }
  constexpr bool is_broadcast() const { return host() == ~0U; }
  constexpr bool is_unspecified() const { return host() == 0; }
  constexpr bool is_loopback() const { return bytes[0] == 127; }

  // Seen as a mask: its length if it is a run of ones from the left.
  constexpr std::optional<unsigned> prefix_length() const {
    const uint32_t value = host();
    const auto length = static_cast<unsigned>(std::countl_one(value));
    return value == prefix_mask(length).host() ? std::optional(length) : std::nullopt;
  }
  constexpr Ipv4Address masked(Ipv4Address mask) const { return from_host(host() & mask.host()); }
  constexpr bool is_in(Ipv4Address net, unsigned length) const {
    return masked(prefix_mask(length)) == net.masked(prefix_mask(length));
  }

  std::string to_string() const;

  friend constexpr auto operator<=>(const Ipv4Address& a, const Ipv4Address& b) { return a.host() <=> b.host(); }
  friend constexpr bool operator==(const Ipv4Address& a, const Ipv4Address& b) { return a.host() == b.host(); }
};

struct Ipv6Address {
  std::array<uint8_t, 16> bytes{};

  static std::optional<Ipv6Address> parse(std::string_view text);
  static constexpr Ipv6Address prefix_mask(unsigned length) {
    Ipv6Address mask;
    for (unsigned bit = 0; bit < length && bit < 128; ++bit) {
      mask.bytes[bit / 8] = static_cast<uint8_t>(mask.bytes[bit / 8] | 0x80U >> bit % 8);
    }
    return mask;
  }
  // ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2).
  static constexpr Ipv6Address mapped(Ipv4Address v4) {
    Ipv6Address address;
    address.bytes[10] = address.bytes[11] = 0xff;
    for (size_t i = 0; i < 4; ++i) {
      address.bytes[12 + i] = v4.bytes[i];
    }
    return address;
  }

  constexpr bool is_multicast() const { return bytes[0] == 0xff; }
  constexpr bool is_unspecified() const { return *this == Ipv6Address{}; }
  constexpr bool is_loopback() const {
    Ipv6Address loopback;
    loopback.bytes[15] = 1;
    return *this == loopback;
  }
  constexpr bool is_link_local() const { return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }
  constexpr std::optional<Ipv4Address> mapped_v4() const {
    const Ipv4Address v4{{bytes[12], bytes[13], bytes[14], bytes[15]}};
    return *this == mapped(v4) ? std::optional(v4) : std::nullopt;
  }
  // ff02::1:ffXX:XXXX, where neighbour solicitations for this address go (RFC 4291 section 2.7.1).
  constexpr Ipv6Address solicited_node() const {
    return {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, bytes[13], bytes[14], bytes[15]}};
  }

  constexpr std::optional<unsigned> prefix_length() const {
    unsigned length = 0;
    while (length < 128 && (bytes[length / 8] & 0x80U >> length % 8) != 0) {
      ++length;
    }
    return *this == prefix_mask(length) ? std::optional(length) : std::nullopt;
  }
  constexpr Ipv6Address masked(const Ipv6Address& mask) const {
    Ipv6Address result;
    for (size_t i = 0; i < 16; ++i) {
      result.bytes[i] = bytes[i] & mask.bytes[i];
    }
    return result;
  }
  constexpr bool is_in(const Ipv6Address& net, unsigned length) const {
    return masked(prefix_mask(length)) == net.masked(prefix_mask(length));
  }

  std::string to_string() const;

  friend constexpr auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
};

static_assert(sizeof(Ipv4Address) == 4 && alignof(Ipv4Address) == 1);
static_assert(sizeof(Ipv6Address) == 16 && alignof(Ipv6Address) == 1);

// Either of the two; 0.0.0.0 unless told otherwise. An IPv4 address sorts before any IPv6 one.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  constexpr IpAddress(Ipv4Address v4) : address_(v4) {}
  constexpr IpAddress(const Ipv6Address& v6) : address_(v6) {}

  static std::optional<IpAddress> parse(std::string_view text);

  constexpr bool is_v4() const { return address_.index() == 0; }
  constexpr bool is_v6() const { return address_.index() == 1; }
  // Only after is_v4() / is_v6().
  constexpr const Ipv4Address& v4() const { return *std::get_if<0>(&address_); }
  constexpr const Ipv6Address& v6() const { return *std::get_if<1>(&address_); }

  constexpr bool is_multicast() const { return is_v4() ? v4().is_multicast() : v6().is_multicast(); }
  constexpr bool is_unspecified() const { return is_v4() ? v4().is_unspecified() : v6().is_unspecified(); }

  std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::variant<Ipv4Address, Ipv6Address> address_;
};

std::string to_string(const Ipv4Address& address);
std::string to_string(const Ipv6Address& address);
std::string to_string(const IpAddress& address);
std::ostream& operator<<(std::ostream& out, const Ipv4Address& address);
std::ostream& operator<<(std::ostream& out, const Ipv6Address& address);
std::ostream& operator<<(std::ostream& out, const IpAddress& address);

}  // namespace weft

template <>
struct std::hash<weft::Ipv4Address> {
  size_t operator()(const weft::Ipv4Address& address) const { return address.host() * 0x9e3779b97f4a7c15U; }
};

template <>
struct std::hash<weft::Ipv6Address> {
  size_t operator()(const weft::Ipv6Address& address) const {
    const uint64_t high = weft::load_be64(address.bytes.data());
    const uint64_t low = weft::load_be64(address.bytes.data() + 8);
    return (high * 0x9e3779b97f4a7c15U) ^ (low * 0xc2b2ae3d27d4eb4fU);
  }
};

template <>
struct std::hash<weft::IpAddress> {
  size_t operator()(const weft::IpAddress& address) const {
    return address.is_v4() ? std::hash<weft::Ipv4Address>{}(address.v4())
                           : std::hash<weft::Ipv6Address>{}(address.v6());
  }
};
