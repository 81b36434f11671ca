#include "lib/flow/compose.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <utility>

#include "lib/flow/extract.h"
#include "lib/flow/ipv6_chain.h"
#include "lib/packet/arp.h"
#include "lib/packet/checksum.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"
#include "lib/packet/ipv6.h"
#include "lib/packet/mpls.h"
#include "lib/packet/packet_pool.h"
#include "lib/packet/pbb.h"
#include "lib/packet/sctp.h"
#include "lib/packet/tcp.h"
#include "lib/packet/udp.h"
#include "lib/packet/vlan.h"

namespace weft {
namespace {

using FrameBytes = std::vector<uint8_t>;

constexpr auto usual_payload = [] {
  std::array<uint8_t, 64> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(i);
  }
  return bytes;
}();
// Where a later fragment continues: any place but the first.
constexpr uint16_t later_fragment_units = 100;

template <WireHeader Header>
void add(FrameBytes& out, const Header& header) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
  out.insert(out.end(), bytes, bytes + sizeof header);
}
void add(FrameBytes& out, std::span<const uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

class Composer {
 public:
  Composer(const Match& match, std::optional<std::span<const uint8_t>> payload) : match_(match), payload_(payload) {}

  FrameBytes compose() {
    add(frame_, EthernetHeader{mac(FieldId::eth_dst), mac(FieldId::eth_src), {}});
    frame_.resize(mac_pair_bytes);
    const auto tci = number<uint16_t>(FieldId::vlan_tci);
    if ((tci & vlan_tag_present) != 0) {
      add(frame_, VlanTag{Be16{eth_type::vlan}, Be16{static_cast<uint16_t>(tci & ~vlan_tag_present)}});
    }
    const auto type = number<uint16_t>(FieldId::eth_type);
    const FrameBytes rest = behind_type(type);
    const bool is_length = type == 0 || type == eth_type::not_ethernet_ii;
    add(frame_, Be16{is_length ? static_cast<uint16_t>(std::min<size_t>(rest.size(), 1500)) : type});
    add(frame_, rest);
    return std::move(frame_);
  }

 private:
  template <class Number>
  Number number(FieldId id) const {
    return static_cast<Number>(match_.value(id).lo);
  }
  MacAddress mac(FieldId id) const { return MacAddress::from_uint64(match_.value(id).lo); }
  Ipv4Address ipv4(FieldId id) const { return Ipv4Address::from_host(number<uint32_t>(id)); }
  Ipv6Address ipv6(FieldId id) const {
    const FieldValue value = match_.value(id);
    Ipv6Address address;
    store_be64(address.bytes.data(), value.hi);
    store_be64(address.bytes.data() + 8, value.lo);
    return address;
  }
  Be16 port(FieldId id) const { return Be16{number<uint16_t>(id)}; }
  FrameBytes given_payload() const { return payload_ ? FrameBytes(payload_->begin(), payload_->end()) : FrameBytes(); }
  std::span<const uint8_t> payload_or_usual() const { return payload_.value_or(usual_payload); }

  FrameBytes behind_type(uint16_t type) const {
    switch (type) {
      case eth_type::ipv4:
        return compose_ipv4();
      case eth_type::ipv6:
        return compose_ipv6();
      case eth_type::arp:
      case eth_type::rarp:
        return compose_arp();
      case eth_type::mpls:
      case eth_type::mpls_multicast:
        return compose_mpls();
      case eth_type::pbb:
        return compose_pbb();
      default:
        return given_payload();
    }
  }

  FrameBytes compose_arp() const {
    FrameBytes out;
    add(out, ArpHeader{Be16{1}, Be16{eth_type::ipv4}, sizeof(MacAddress), sizeof(Ipv4Address), port(FieldId::arp_op),
                       mac(FieldId::arp_sha), ipv4(FieldId::arp_spa), mac(FieldId::arp_tha), ipv4(FieldId::arp_tpa)});
    add(out, given_payload());
    return out;
  }

  FrameBytes compose_mpls() const {
    FrameBytes out;
    const bool is_bottom = number<uint8_t>(FieldId::mpls_bos) != 0;
    add(out, MplsEntry::make(number<uint32_t>(FieldId::mpls_label), number<uint8_t>(FieldId::mpls_tc), is_bottom,
                             number<uint8_t>(FieldId::mpls_ttl)));
    if (!is_bottom) {
      add(out, MplsEntry::make(0, 0, true, 0));
    }
    add(out, given_payload());
    return out;
  }

  // With a customer's header of zeros, and the payload behind it.
  FrameBytes compose_pbb() const {
    FrameBytes out;
    add(out, Be32{PbbTag::make(number<uint32_t>(FieldId::pbb_isid), 0) | number<uint32_t>(FieldId::pbb_uca)
                                                                             << pbb_uca_shift});
    add(out, EthernetHeader{});
    add(out, given_payload());
    return out;
  }

  uint8_t tos() const {
    return static_cast<uint8_t>(number<uint8_t>(FieldId::nw_tos) | number<uint8_t>(FieldId::ip_ecn));
  }
  bool is_fragment() const { return (number<uint8_t>(FieldId::ip_frag) & ip_frag::any) != 0; }
  bool is_later_fragment() const { return (number<uint8_t>(FieldId::ip_frag) & ip_frag::later) != 0; }
  uint16_t fragment_units() const { return is_later_fragment() ? later_fragment_units : 0; }

  FrameBytes compose_ipv4() const {
    Ipv4Header ip;
    ip.tos = tos();
    ip.ttl = number<uint8_t>(FieldId::nw_ttl);
    ip.protocol = number<uint8_t>(FieldId::ip_proto);
    ip.src = ipv4(FieldId::ipv4_src);
    ip.dst = ipv4(FieldId::ipv4_dst);
    ip.flags_fragment = Be16{static_cast<uint16_t>((is_fragment() ? ipv4_more_fragments : 0) | fragment_units())};
    const FrameBytes rest =
        behind_ip([&](size_t size) { return pseudo_header_sum(ip.src, ip.dst, ip.protocol, size); });
    ip.total_length = Be16{static_cast<uint16_t>(sizeof ip + rest.size())};
    ip.checksum = internet_checksum({reinterpret_cast<const uint8_t*>(&ip), sizeof ip});
    FrameBytes out;
    add(out, ip);
    add(out, rest);
    return out;
  }

  FrameBytes compose_ipv6() const {
    Ipv6Header ip;
    ip.set_traffic_class(tos());
    ip.set_flow_label(number<uint32_t>(FieldId::ipv6_label));
    ip.hop_limit = number<uint8_t>(FieldId::nw_ttl);
    ip.src = ipv6(FieldId::ipv6_src);
    ip.dst = ipv6(FieldId::ipv6_dst);
    const auto protocol = number<uint8_t>(FieldId::ip_proto);
    FrameBytes rest;
    if (is_fragment()) {
      const Be16 offset_more{static_cast<uint16_t>(fragment_units() << 3 | 1)};
      add(rest, Ipv6FragmentHeader{.next_header = protocol, .offset_more = offset_more, .id = {}});
    }
    add(rest, behind_ip([&](size_t size) { return pseudo_header_sum(ip.src, ip.dst, protocol, size); }));
    ip.next_header = is_fragment() ? ip_protocol::fragment : protocol;
    ip.payload_length = Be16{static_cast<uint16_t>(rest.size())};
    FrameBytes out;
    add(out, ip);
    add(out, rest);
    return out;
  }

  // `sum`: that of the pseudo header, for a number of bytes.
  template <class PseudoHeaderSum>
  FrameBytes behind_ip(PseudoHeaderSum&& sum) const {
    if (is_later_fragment()) {
      return given_payload();
    }
    const bool is_ipv6 = number<uint16_t>(FieldId::eth_type) == eth_type::ipv6;
    const auto checksum_of = [&](const FrameBytes& bytes) { return sum(bytes.size()).add(bytes).checksum(); };
    switch (number<uint8_t>(FieldId::ip_proto)) {
      case ip_protocol::tcp:
        return with_checksum(compose_tcp(), tcp_checksum_offset, checksum_of);
      case ip_protocol::udp:
        return with_checksum(compose_udp(), udp_checksum_offset,
                             [&](const FrameBytes& bytes) { return udp_checksum_or_ones(checksum_of(bytes)); });
      case ip_protocol::sctp:
        return compose_sctp();
      case ip_protocol::icmp:
        return is_ipv6 ? given_payload()
                       : with_checksum(compose_icmpv4(), icmp_checksum_offset,
                                       [](const FrameBytes& bytes) { return internet_checksum(bytes); });
      case ip_protocol::icmpv6:
        return is_ipv6 ? with_checksum(compose_icmpv6(), icmp_checksum_offset, checksum_of) : given_payload();
      default:
        return given_payload();
    }
  }

  template <class Checksum>
  static FrameBytes with_checksum(FrameBytes bytes, size_t offset, Checksum&& checksum) {
    const Be16 value = checksum(bytes);
    std::copy_n(reinterpret_cast<const uint8_t*>(&value), sizeof value,
                bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return bytes;
  }

  // A segment that opens or ends a connection carries nothing by itself.
  FrameBytes compose_tcp() const {
    constexpr uint16_t quiet = tcp_flag::syn | tcp_flag::fin | tcp_flag::rst;
    const auto flags = number<uint16_t>(FieldId::tcp_flags);
    FrameBytes out;
    add(out, TcpHeader{port(FieldId::tcp_src),
                       port(FieldId::tcp_dst),
                       {},
                       {},
                       TcpHeader::make_offset_flags(tcp_header_bytes, flags),
                       {},
                       {},
                       {}});
    if (payload_ || (flags & quiet) == 0) {
      add(out, payload_or_usual());
    }
    return out;
  }

  FrameBytes compose_udp() const {
    const auto payload = payload_or_usual();
    FrameBytes out;
    add(out, UdpHeader{port(FieldId::udp_src),
                       port(FieldId::udp_dst),
                       Be16{static_cast<uint16_t>(udp_header_bytes + payload.size())},
                       {}});
    add(out, payload);
    return out;
  }

  FrameBytes compose_sctp() const {
    FrameBytes out;
    add(out, SctpHeader{port(FieldId::sctp_src), port(FieldId::sctp_dst), {}, {}});
    add(out, given_payload());
    store_sctp_crc(out.data() + sctp_checksum_offset, crc32c(out));
    return out;
  }

  FrameBytes compose_icmp(uint8_t type, uint8_t code, bool is_echo) const {
    FrameBytes out;
    add(out, IcmpHeader{type, code, {}, {}});
    add(out, is_echo ? payload_or_usual() : payload_.value_or(std::span<const uint8_t>()));
    return out;
  }

  FrameBytes compose_icmpv4() const {
    const auto type = number<uint8_t>(FieldId::icmp_type);
    const bool is_echo = type == icmp_type::echo_request || type == icmp_type::echo_reply;
    return compose_icmp(type, number<uint8_t>(FieldId::icmp_code), is_echo);
  }

  FrameBytes compose_icmpv6() const {
    const auto type = number<uint8_t>(FieldId::icmpv6_type);
    if (!icmpv6_type::is_neighbor_discovery(type)) {
      const bool is_echo = type == icmpv6_type::echo_request || type == icmpv6_type::echo_reply;
      return compose_icmp(type, number<uint8_t>(FieldId::icmpv6_code), is_echo);
    }
    FrameBytes out;
    add(out, NdHeader{{type, number<uint8_t>(FieldId::icmpv6_code), {}, Be32{number<uint32_t>(FieldId::nd_reserved)}},
                      ipv6(FieldId::nd_target)});
    append_link_address(out, FieldId::nd_sll, nd_option_type::source_link_layer);
    append_link_address(out, FieldId::nd_tll, nd_option_type::target_link_layer);
    add(out, given_payload());
    return out;
  }

  void append_link_address(FrameBytes& out, FieldId id, uint8_t option_type) const {
    if (!match_.is_wild(field(id))) {
      add(out, NdLinkLayerOption{{option_type, 1}, mac(id)});
    }
  }

  const Match& match_;
  const std::optional<std::span<const uint8_t>> payload_;
  FrameBytes frame_;
};

}  // namespace

std::vector<uint8_t> compose_frame(const Match& match, std::optional<std::span<const uint8_t>> payload) {
  assert(!payload || payload->size() <= max_composed_payload);
  return Composer(match, payload).compose();
}

Match find_unsaid(const Match& match, std::span<const uint8_t> frame) {
  constexpr PacketPool::Limits one_packet{1, 1};
  PacketPool pool(one_packet);
  const PacketPtr packet = pool.copy_of(frame);
  FlowKey key;
  if (packet) {
    (void)extract(*packet, key);
  }
  const Flow found(key);
  Match unsaid;
  for (const Field& f : all_fields()) {
    Match alone;
    if (f.has_place() && !match.is_wild(f)) {
      alone.set_masked(f, match.value(f), match.mask(f));
      if (!alone.matches(found)) {
        unsaid.set_masked(f, match.value(f), match.mask(f));
      }
    }
  }
  return unsaid;
}

}  // namespace weft
