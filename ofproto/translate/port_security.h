// PortSecurity: what a port's guest may say it is: the Port record's column port_security, made ready for comparing.
//
// A packet that the port hands in passes when its Ethernet source is one of the guest's, and what it says of its sender
// further in agrees with that:
//
//   ARP, RARP   sender's Ethernet address: the source; where the address has IP addresses: ARP sender's IP address: one of
//               these, or none yet (0.0.0.0, RFC 5227 section 1.1)
//   IPv4        source: one of them, or 0.0.0.0 in a DHCP client's broadcast (RFC 2131 section 4.1)
//   IPv6        source: one of them, the link-local address that the Ethernet address makes (RFC 4291 appendix A), or none
//               yet (::) in solicitations (RFC 4861 sections 4.1, 4.3) and multicast reports (RFC 3590)
//   ND          whatever IP addresses there are: link-layer address of a solicitation's source, of an advertisement's
//               target: absent or the source; where there are: target of an advertisement: as IPv6 sources
//
// As in Open Virtual Network an Ethernet address with IP addresses of one family sends nothing of the other: IPv4 alone
// excludes IPv6, link-local traffic too, and IPv6 alone excludes IPv4 and ARP. Records of one Ethernet address count
// together. What cannot be checked does not pass: more VLAN tags than two, headers cut short, neighbour messages in
// fragments (RFC 6980) or with options out of order. What is not IP, ARP or RARP is known by its Ethernet source alone.
//
// Looked at are as few bits as decide: of an address that is not listed those up to the first in which it differs from
// all that are, so that random sources make some decisions and not one each.
//
// Threads: a constant value, made by the control thread. Cost of a check: a comparison for each address listed, at each
// translation; none for packets of cached decisions.
#pragma once

#include <span>
#include <vector>

#include "lib/base/host_addresses.h"
#include "lib/flow/field.h"

namespace weft::ofproto {

class PortSecurity {
 public:
  // The first bits of a field's value.
  struct Prefix {
    FieldValue value;
    unsigned length = 0;
  };
  struct Host {
    Prefix mac;
    bool has_ips = false;
    std::vector<Prefix> v4{};   // IPv4 sources
    std::vector<Prefix> spa{};  // ARP senders: the same and 0.0.0.0
    std::vector<Prefix> v6{};   // IPv6 sources, link-local included
  };

  explicit PortSecurity(std::span<const HostAddresses> allowed);

  std::span<const Host> hosts() const { return hosts_; }

 private:
  std::vector<Host> hosts_;  // each Ethernet address once
};

// Of a field of `width` bits: whether a prefix covers the value, and the leading bits that show it.
struct PrefixMatch {
  const PortSecurity::Prefix* found = nullptr;
  unsigned length = 0;
};
PrefixMatch match_prefix(FieldValue value, unsigned width, std::span<const PortSecurity::Prefix> prefixes);

}  // namespace weft::ofproto
