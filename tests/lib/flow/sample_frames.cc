#include "tests/lib/flow/sample_frames.h"

#include "lib/packet/ipv4.h"

namespace weft {
namespace {

Frame sample_v4() { return frame().ipv4("10.0.0.1", "10.0.0.2"); }
Frame sample_v6() { return frame().ipv6("2001:db8::1", "2001:db8::2"); }

std::vector<SampleFrame> link_frames() {
  return {
      {"ethernet", frame().eth_type(0x1234).payload("hello")},
      {"llc", frame().length_type().raw({0x42, 0x42, 3, 0, 0, 0, 0, 0, 0, 0})},
      {"snap", frame().length_type().llc_snap().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x")},
      {"snap_type_below_min", frame().length_type().raw({0xaa, 0xaa, 3, 0, 0, 0, 0x05, 0xff, 1, 2})},
      {"vlan", frame().vlan(10, 3).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)},
      {"vlan_with_dei", frame().vlan_tci(0x1005).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)},
      {"qinq", frame().vlan(100, 7, 0x88a8).vlan(20, 1).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)},
      {"three_tags", frame().vlan(1).vlan(2).vlan(3).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)},
      {"vlan_llc", frame().vlan(9).length_type().raw({0x42, 0x42, 3, 0})},
      {"mpls", frame().mpls(100, 3, 5).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)},
      {"mpls_three", frame().mpls(1).mpls(2).mpls(3).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)},
      {"mpls_four", frame().mpls(1).mpls(2).mpls(3).mpls(4).ipv4("10.0.0.1", "10.0.0.2")},
      {"pbb", frame().eth_type(0x88e7).raw({0x68, 1, 2, 3, 2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0})},
      {"arp", frame().arp_request("10.0.0.1", "10.0.0.2")},
      {"arp_reply", frame().arp(2, "02:00:00:00:00:09", "10.0.0.9", "02:00:00:00:00:08", "10.0.0.8")},
      {"rarp", frame().rarp(3, "02:00:00:00:00:09", "0.0.0.0", "02:00:00:00:00:09", "0.0.0.0")},
      {"arp_other_hardware", frame().eth_type(0x0806).raw(Bytes(28, 6))},
  };
}

std::vector<SampleFrame> ipv4_frames() {
  return {
      {"tcp", sample_v4().tos(0xb9).ttl(63).tcp(4000, 80, 0x012).payload("GET")},
      {"tcp_options", sample_v4().tcp(4000, 80, 0xfff).tcp_options({2, 4, 5, 0xb4}).payload("x")},
      {"udp", sample_v4().udp(4000, 53).payload("query")},
      {"udp_padded", sample_v4().udp(4000, 53).padded(60)},
      {"udp_short_length", sample_v4().udp(4000, 53).udp_length(7)},
      {"sctp", sample_v4().sctp(5, 6).payload("12345678")},
      {"icmp", sample_v4().icmp(8, 0, 0x00010002).payload("ping")},
      {"icmpv6_in_ipv4", sample_v4().protocol(58).raw(Bytes(24, 0x87))},
      {"gre", sample_v4().protocol(47).raw({0, 0, 8, 0})},
      {"ip_options", sample_v4().ip_options({7, 7, 4, 0, 0, 0, 0}).udp(1, 2)},
      {"first_fragment", sample_v4().fragment(0, true).udp(4000, 53).payload_size(24)},
      {"later_fragment", sample_v4().fragment(32, false).protocol(17).payload_size(24)},
      {"ip_length_too_long", sample_v4().udp(1, 2).ip_length(60)},
      {"ip_length_below_header", sample_v4().udp(1, 2).ip_length(19)},
      {"vxlan", sample_v4().udp(50000, 4789).vxlan(5, frame().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2))},
  };
}

std::vector<SampleFrame> ipv6_frames() {
  const Frame all = sample_v6().extension(ip_protocol::hop_by_hop).extension(ip_protocol::destination_options, 16);
  return {
      {"tcp6", sample_v6().tos(0x2e).ttl(7).flow_label(0x12345).tcp(1, 2, 0x002)},
      {"udp6", sample_v6().udp(546, 547).payload("dhcp")},
      {"sctp6", sample_v6().sctp(5, 6)},
      {"icmp6", sample_v6().icmpv6(128, 0, 7).payload("ping")},
      {"icmp_in_ipv6", sample_v6().protocol(1).raw(Bytes(8, 8))},
      {"ns", sample_v6().nd_ns("fe80::2", "02:00:00:00:00:01")},
      {"na", sample_v6().nd_na("fe80::2", "02:00:00:00:00:01")},
      {"ns_with_code", sample_v6().icmpv6(135, 1).raw(Bytes(16, 3))},
      {"ns_empty_option", sample_v6().icmpv6(135).raw(Bytes(16, 3)).raw({1, 0, 2, 0, 0, 0, 0, 1})},
      {"ns_two_sources",
       sample_v6().icmpv6(135).raw(Bytes(16, 3)).raw({1, 1, 2, 0, 0, 0, 0, 1, 1, 1, 2, 0, 0, 0, 0, 2})},
      {"na_other_option",
       sample_v6().icmpv6(136).raw(Bytes(16, 3)).raw({14, 1, 0, 0, 0, 0, 0, 0, 2, 1, 2, 0, 0, 0, 0, 2})},
      {"extensions", all.extension(ip_protocol::routing).extension(ip_protocol::ah, 12).tcp(1, 2)},
      {"extensions_twice", all.extension(ip_protocol::hop_by_hop).udp(1, 2)},
      {"first_fragment6", sample_v6().fragment(0, true).udp(1, 2).payload_size(24)},
      {"later_fragment6", sample_v6().fragment(64, false).protocol(17).payload_size(24)},
      {"atomic_fragment6", sample_v6().fragment(0, false).udp(1, 2)},
      {"no_next_header", sample_v6().protocol(59)},
      {"esp6", sample_v6().protocol(50).raw(Bytes(16, 1))},
  };
}

}  // namespace

std::vector<SampleFrame> sample_frames() {
  std::vector<SampleFrame> all;
  for (const auto& frames : {link_frames(), ipv4_frames(), ipv6_frames()}) {
    all.insert(all.end(), frames.begin(), frames.end());
  }
  return all;
}

}  // namespace weft
