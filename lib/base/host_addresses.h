// HostAddresses: the addresses that a host behind a port may send from, in the words of Open Virtual Network:
//
//     "02:00:00:00:00:01"                               from this Ethernet address, with any IP address
//     "02:00:00:00:00:01 10.0.0.1/24 fd00::1"           ... with these alone
//     "02:00:00:00:00:01 10.0.1.0/24"                   ... with any of the subnet
//
// An IP address may have a prefix length. Where bits are set behind the prefix one host is meant and the length says
// nothing; where none is, all of the subnet. Spaces or commas stand between.
//
// Threads: values. Cost: none to speak of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "lib/base/result.h"
#include "lib/base/text.h"

namespace weft {

struct IpPrefix {
  IpAddress address;  // no bit is set behind the prefix
  unsigned length = 0;

  // "10.0.0.1/24": see above; one address is a prefix of 32 or 128 bits. The error marks its place in `text`.
  static Result<IpPrefix, TextError> parse_host(std::string_view text);
  std::string to_string() const;
  friend bool operator==(const IpPrefix&, const IpPrefix&) = default;
};

struct HostAddresses {
  MacAddress mac;
  std::vector<IpPrefix> ips;  // none: any

  static Result<HostAddresses, TextError> parse(std::string_view text);
  friend bool operator==(const HostAddresses&, const HostAddresses&) = default;
};

}  // namespace weft
