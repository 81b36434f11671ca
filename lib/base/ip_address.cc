#include "lib/base/ip_address.h"

#include <arpa/inet.h>

#include <ostream>

namespace weft {

namespace {

// inet_pton wants a terminated string; INET6_ADDRSTRLEN holds every address there is.
template <class Address>
std::optional<Address> parse_as(int family, std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  *std::copy(text.begin(), text.end(), terminated) = '\0';
  Address address;
  return inet_pton(family, terminated, address.bytes.data()) == 1 ? std::optional(address) : std::nullopt;
}

template <class Address>
std::string format_as(int family, const Address& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(family, address.bytes.data(), text, sizeof text);
}

}  // namespace

std::optional<Ipv4Address> Ipv4Address::parse(std::string_view text) { return parse_as<Ipv4Address>(AF_INET, text); }

std::optional<Ipv6Address> Ipv6Address::parse(std::string_view text) { return parse_as<Ipv6Address>(AF_INET6, text); }

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (const auto v4 = Ipv4Address::parse(text)) {
    return *v4;
  }
  if (const auto v6 = Ipv6Address::parse(text)) {
    return *v6;
  }
  return std::nullopt;
}

std::string Ipv4Address::to_string() const { return format_as(AF_INET, *this); }
std::string Ipv6Address::to_string() const { return format_as(AF_INET6, *this); }
std::string IpAddress::to_string() const { return is_v4() ? v4().to_string() : v6().to_string(); }

std::string to_string(const Ipv4Address& address) { return address.to_string(); }
std::string to_string(const Ipv6Address& address) { return address.to_string(); }
std::string to_string(const IpAddress& address) { return address.to_string(); }

std::ostream& operator<<(std::ostream& out, const Ipv4Address& address) { return out << address.to_string(); }
std::ostream& operator<<(std::ostream& out, const Ipv6Address& address) { return out << address.to_string(); }
std::ostream& operator<<(std::ostream& out, const IpAddress& address) { return out << address.to_string(); }

}  // namespace weft
