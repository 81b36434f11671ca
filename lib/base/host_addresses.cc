#include "lib/base/host_addresses.h"

#include <fmt/format.h>

namespace weft {
namespace {

constexpr unsigned v4_bits = 32;
constexpr unsigned v6_bits = 128;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view part : split(text, ',')) {
    const auto more = split_words(part);
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

IpAddress masked(const IpAddress& address, unsigned length) {
  return address.is_v4() ? IpAddress(address.v4().masked(Ipv4Address::prefix_mask(length)))
                         : IpAddress(address.v6().masked(Ipv6Address::prefix_mask(length)));
}

}  // namespace

Result<IpPrefix, TextError> IpPrefix::parse_host(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view word = text.substr(0, slash);
  const auto address = IpAddress::parse(word);
  if (!address) {
    return Unexpected{error_at(text, word, fmt::format("\"{}\" is not an IP address", word))};
  }
  const unsigned bits = address->is_v4() ? v4_bits : v6_bits;
  IpPrefix prefix{*address, bits};
  if (slash != std::string_view::npos) {
    const std::string_view length_word = text.substr(slash + 1);
    const auto length = parse_unsigned(length_word, bits);
    if (!length) {
      return Unexpected{
          error_at(text, length_word, fmt::format("\"{}\" is not a prefix length from 0 to {}", length_word, bits))};
    }
    // What has bits behind it names one host of the subnet.
    if (masked(*address, static_cast<unsigned>(*length)) == *address) {
      prefix.length = static_cast<unsigned>(*length);
    }
  }
  const bool is_one = prefix.length == bits;
  if (address->is_multicast() || (is_one && address->is_unspecified())) {
    return Unexpected{error_at(text, word, fmt::format("\"{}\" is not the address of a host", word))};
  }
  return prefix;
}

std::string IpPrefix::to_string() const {
  const bool is_one = length == (address.is_v4() ? v4_bits : v6_bits);
  return is_one ? address.to_string() : fmt::format("{}/{}", address.to_string(), length);
}

Result<HostAddresses, TextError> HostAddresses::parse(std::string_view text) {
  const auto words = words_of(text);
  const std::string_view first = words.empty() ? text : words.front();
  const auto mac = MacAddress::parse(first);
  if (!mac) {
    return Unexpected{
        error_at(text, first, fmt::format("\"{}\" is not an Ethernet address, which comes first", first))};
  }
  if (mac->is_multicast() || mac->is_zero()) {
    return Unexpected{error_at(text, first, fmt::format("\"{}\" is not the Ethernet address of a host", first))};
  }
  HostAddresses host{*mac, {}};
  for (size_t i = 1; i < words.size(); ++i) {
    const auto prefix = IpPrefix::parse_host(words[i]);
    if (!prefix) {
      return Unexpected{shifted(prefix.error(), static_cast<size_t>(words[i].data() - text.data()))};
    }
    host.ips.push_back(*prefix);
  }
  return host;
}

}  // namespace weft
