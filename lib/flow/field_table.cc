#include "lib/flow/field.h"

#include <cstddef>

namespace weft {
namespace {

using F = FieldFormat;
using P = Prerequisite;
using W = KeyWord;

// Names of numbered fields ("reg7"), spelled at compile time.
template <size_t n>
struct NumberedNames {
  char text[n][24]{};
  size_t size[n]{};

  constexpr std::string_view operator[](size_t i) const { return {text[i], size[i]}; }
};

template <size_t n>
consteval NumberedNames<n> numbered(std::string_view stem) {
  NumberedNames<n> names;
  for (size_t i = 0; i < n; ++i) {
    size_t& size = names.size[i];
    for (const char c : stem) {
      names.text[i][size++] = c;
    }
    if (i >= 10) {
      names.text[i][size++] = static_cast<char>('0' + i / 10);
    }
    names.text[i][size++] = static_cast<char>('0' + i % 10);
  }
  return names;
}

constexpr auto reg_names = numbered<16>("reg");
constexpr auto nxm_reg_names = numbered<16>("NXM_NX_REG");
constexpr auto xreg_names = numbered<8>("xreg");
constexpr auto oxm_pkt_reg_names = numbered<8>("OXM_OF_PKT_REG");
constexpr auto xxreg_names = numbered<4>("xxreg");
constexpr auto nxm_xxreg_names = numbered<4>("NXM_NX_XXREG");
constexpr auto tun_metadata_names = numbered<64>("tun_metadata");
constexpr auto nxm_tun_metadata_names = numbered<64>("NXM_NX_TUN_METADATA");

constexpr std::string_view tun_id_also[] = {"tunnel_id"};
constexpr std::string_view eth_dst_also[] = {"dl_dst"};
constexpr std::string_view eth_src_also[] = {"dl_src"};
constexpr std::string_view eth_type_also[] = {"dl_type"};
constexpr std::string_view ip_src_also[] = {"nw_src", "ipv4_src"};
constexpr std::string_view ip_dst_also[] = {"nw_dst", "ipv4_dst"};
constexpr std::string_view nw_proto_also[] = {"ip_proto"};
constexpr std::string_view nw_ecn_also[] = {"ip_ecn"};
constexpr std::string_view nw_ttl_also[] = {"ip_ttl"};
constexpr std::string_view ip_frag_also[] = {"nw_frag"};
constexpr std::string_view tcp_src_also[] = {"tp_src"};
constexpr std::string_view tcp_dst_also[] = {"tp_dst"};
constexpr std::string_view icmp_type_also[] = {"icmpv4_type"};
constexpr std::string_view icmp_code_also[] = {"icmpv4_code"};
constexpr std::string_view ipv6_label_also[] = {"ipv6_flabel"};

constexpr uint16_t at(KeyWord word, unsigned bit = 0) { return static_cast<uint16_t>(index(word) * 64 + bit); }

// One row, said left to right: what it is, then what is not usual about it.
struct Row {
  Field f;

  constexpr Row(FieldId id, std::string_view name, FieldFormat format, unsigned n_bits, uint16_t key_bit,
                std::string_view description) {
    f.id = id;
    f.name = name;
    f.format = format;
    f.n_bits = static_cast<uint16_t>(n_bits);
    f.key_bit = key_bit;
    f.description = description;
  }
  constexpr Row also(std::span<const std::string_view> names) const {
    Row x = *this;
    x.f.aliases = names;
    return x;
  }
  constexpr Row exact() const {
    Row x = *this;
    x.f.mask_rule = MaskRule::exact;
    return x;
  }
  constexpr Row writable() const {
    Row x = *this;
    x.f.is_writable = true;
    return x;
  }
  constexpr Row in(Prerequisite prerequisite, unsigned presence_bits = 0) const {
    Row x = *this;
    x.f.prerequisite = prerequisite;
    x.f.presence = static_cast<uint16_t>(presence_bits);
    return x;
  }
  constexpr Row zero_bits(uint8_t n) const {
    Row x = *this;
    x.f.n_zero_bits = n;
    return x;
  }
  constexpr Row basic(unsigned number, std::string_view name, unsigned size = 0) const {
    Row x = *this;
    x.f.oxm = oxm_id(name, oxm_class::basic, number, 0, size);
    return x;
  }
  constexpr Row packet_register(unsigned number, std::string_view name) const {
    Row x = *this;
    x.f.oxm = oxm_id(name, oxm_class::registers, number, 0, 0);
    return x;
  }
  constexpr Row experimenter(uint32_t who, unsigned number, std::string_view name, unsigned size = 0) const {
    Row x = *this;
    x.f.oxm_experimenter = oxm_id(name, oxm_class::experimenter, number, who, size);
    return x;
  }
  constexpr Row ericsson(unsigned number, std::string_view name) const {
    Row x = *this;
    x.f.oxm_experimenter = oxm_id(name, oxm_class::ericsson, number, 0, 0);
    return x;
  }
  constexpr Row nxm0(unsigned number, std::string_view name) const {
    Row x = *this;
    x.f.nxm = oxm_id(name, oxm_class::nxm_0, number, 0, 0);
    return x;
  }
  constexpr Row nxm1(unsigned number, std::string_view name, unsigned size = 0) const {
    Row x = *this;
    x.f.nxm = oxm_id(name, oxm_class::nxm_1, number, 0, size);
    return x;
  }

 private:
  // A size of 0 is what the width needs.
  constexpr OxmId oxm_id(std::string_view name, uint16_t cls, unsigned number, uint32_t who, unsigned size) const {
    return {name, cls, static_cast<uint8_t>(number), who, static_cast<uint8_t>(size != 0 ? size : f.size())};
  }
};

// clang-format off
constexpr Row tunnel_rows[] = {
    Row(FieldId::tun_id, "tun_id", F::hexadecimal, 64, at(W::tun_id), "tunnel key: VNI, VSID, GRE key")
        .also(tun_id_also).writable().basic(38, "OXM_OF_TUNNEL_ID").nxm1(16, "NXM_NX_TUN_ID"),
    Row(FieldId::tun_src, "tun_src", F::ipv4, 32, at(W::tun_ipv4, 0), "tunnel's outer IPv4 source")
        .writable().nxm1(31, "NXM_NX_TUN_IPV4_SRC"),
    Row(FieldId::tun_dst, "tun_dst", F::ipv4, 32, at(W::tun_ipv4, 32), "tunnel's outer IPv4 destination")
        .writable().nxm1(32, "NXM_NX_TUN_IPV4_DST"),
    Row(FieldId::tun_ipv6_src, "tun_ipv6_src", F::ipv6, 128, at(W::tun_ipv6_src), "tunnel's outer IPv6 source")
        .writable().nxm1(109, "NXM_NX_TUN_IPV6_SRC"),
    Row(FieldId::tun_ipv6_dst, "tun_ipv6_dst", F::ipv6, 128, at(W::tun_ipv6_dst), "tunnel's outer IPv6 destination")
        .writable().nxm1(110, "NXM_NX_TUN_IPV6_DST"),
    Row(FieldId::tun_flags, "tun_flags", F::tun_flags, 1, at(W::tun_misc, 15), "tunnel flags: OAM")
        .writable().nxm1(104, "NXM_NX_TUN_FLAGS", 2),
    Row(FieldId::tun_tos, "tun_tos", F::hexadecimal, 8, at(W::tun_misc, 16), "tunnel's outer type of service"),
    Row(FieldId::tun_ttl, "tun_ttl", F::decimal, 8, at(W::tun_misc, 24), "tunnel's outer time to live"),
    Row(FieldId::tun_gbp_id, "tun_gbp_id", F::decimal, 16, at(W::tun_misc, 32), "VXLAN group policy id")
        .writable().nxm1(38, "NXM_NX_TUN_GBP_ID"),
    Row(FieldId::tun_gbp_flags, "tun_gbp_flags", F::hexadecimal, 8, at(W::tun_misc, 48), "VXLAN group policy flags")
        .writable().nxm1(39, "NXM_NX_TUN_GBP_FLAGS"),
};

constexpr Row metadata_rows[] = {
    Row(FieldId::metadata, "metadata", F::hexadecimal, 64, at(W::metadata), "OpenFlow metadata")
        .writable().basic(2, "OXM_OF_METADATA"),
    Row(FieldId::pkt_mark, "pkt_mark", F::hexadecimal, 32, at(W::mark_recirc, 0), "packet mark")
        .writable().nxm1(33, "NXM_NX_PKT_MARK"),
    Row(FieldId::recirc_id, "recirc_id", F::hexadecimal, 32, at(W::mark_recirc, 32), "recirculation id")
        .exact().nxm1(36, "NXM_NX_RECIRC_ID"),
    Row(FieldId::dp_hash, "dp_hash", F::hexadecimal, 32, at(W::hash_port, 0), "hash the datapath computed")
        .experimenter(nicira_experimenter, 0, "NXOXM_ET_DP_HASH").nxm1(35, "NXM_NX_DP_HASH"),
    Row(FieldId::in_port, "in_port", F::of_port, 16, at(W::hash_port, 48), "port the packet came in by")
        .exact().writable().nxm0(0, "NXM_OF_IN_PORT"),
    Row(FieldId::in_port_oxm, "in_port_oxm", F::of_port, 16, at(W::hash_port, 48), "in_port, 32 bits on the wire")
        .exact().writable().basic(0, "OXM_OF_IN_PORT", 4),
    Row(FieldId::in_phy_port, "in_phy_port", F::of_port, 16, at(W::packet_type, 48), "physical port below in_port")
        .exact().in(P::in_port).basic(1, "OXM_OF_IN_PHY_PORT", 4),
    Row(FieldId::packet_type, "packet_type", F::packet_type, 32, at(W::packet_type, 0), "Ethernet is 0")
        .exact().basic(44, "OXM_OF_PACKET_TYPE"),
    Row(FieldId::actset_output, "actset_output", F::of_port, 16, at(W::ct_ports, 48), "output port of the action set")
        .exact().basic(43, "OXM_OF_ACTSET_OUTPUT", 4)
        .experimenter(onf_experimenter, 43, "ONFOXM_ET_ACTSET_OUTPUT", 4),
    Row(FieldId::conj_id, "conj_id", F::decimal, 32, at(W::ct_zone_conj, 32), "id of a conjunction that holds")
        .exact().nxm1(37, "NXM_NX_CONJ_ID"),
};

constexpr Row conntrack_rows[] = {
    Row(FieldId::ct_state, "ct_state", F::ct_state, 8, at(W::ct_state_mark, 24), "connection state")
        .nxm1(105, "NXM_NX_CT_STATE", 4),
    Row(FieldId::ct_zone, "ct_zone", F::hexadecimal, 16, at(W::ct_zone_conj, 0), "connection zone")
        .exact().nxm1(106, "NXM_NX_CT_ZONE"),
    Row(FieldId::ct_mark, "ct_mark", F::hexadecimal, 32, at(W::ct_state_mark, 32), "connection mark")
        .writable().nxm1(107, "NXM_NX_CT_MARK"),
    Row(FieldId::ct_label, "ct_label", F::hexadecimal, 128, at(W::ct_label), "connection label")
        .writable().nxm1(108, "NXM_NX_CT_LABEL"),
    Row(FieldId::ct_nw_proto, "ct_nw_proto", F::decimal, 8, at(W::ct_zone_conj, 16), "original direction's protocol")
        .exact().in(P::ct).nxm1(119, "NXM_NX_CT_NW_PROTO"),
    Row(FieldId::ct_nw_src, "ct_nw_src", F::ipv4, 32, at(W::ct_ipv4, 0), "original direction's IPv4 source")
        .in(P::ct).nxm1(120, "NXM_NX_CT_NW_SRC"),
    Row(FieldId::ct_nw_dst, "ct_nw_dst", F::ipv4, 32, at(W::ct_ipv4, 32), "original direction's IPv4 destination")
        .in(P::ct).nxm1(121, "NXM_NX_CT_NW_DST"),
    Row(FieldId::ct_ipv6_src, "ct_ipv6_src", F::ipv6, 128, at(W::ct_ipv6_src), "original direction's IPv6 source")
        .in(P::ct).nxm1(122, "NXM_NX_CT_IPV6_SRC"),
    Row(FieldId::ct_ipv6_dst, "ct_ipv6_dst", F::ipv6, 128, at(W::ct_ipv6_dst), "original direction's IPv6 destination")
        .in(P::ct).nxm1(123, "NXM_NX_CT_IPV6_DST"),
    Row(FieldId::ct_tp_src, "ct_tp_src", F::decimal, 16, at(W::ct_ports, 0), "original direction's source port")
        .in(P::ct).nxm1(124, "NXM_NX_CT_TP_SRC"),
    Row(FieldId::ct_tp_dst, "ct_tp_dst", F::decimal, 16, at(W::ct_ports, 16), "original direction's destination port")
        .in(P::ct).nxm1(125, "NXM_NX_CT_TP_DST"),
};

constexpr Row link_rows[] = {
    Row(FieldId::eth_dst, "eth_dst", F::mac, 48, at(W::eth_dst, 0), "Ethernet destination")
        .also(eth_dst_also).writable().basic(3, "OXM_OF_ETH_DST").nxm0(1, "NXM_OF_ETH_DST"),
    Row(FieldId::eth_src, "eth_src", F::mac, 48, at(W::eth_dst, 48), "Ethernet source")
        .also(eth_src_also).writable().basic(4, "OXM_OF_ETH_SRC").nxm0(2, "NXM_OF_ETH_SRC"),
    Row(FieldId::eth_type, "eth_type", F::hexadecimal, 16, at(W::eth_src_type, 32), "type behind all tags")
        .also(eth_type_also).exact().writable().basic(5, "OXM_OF_ETH_TYPE").nxm0(3, "NXM_OF_ETH_TYPE"),
    Row(FieldId::vlan_tci, "vlan_tci", F::hexadecimal, 16, at(W::vlan, 16), "outer tag; bit 0x1000: there is one")
        .writable().nxm0(4, "NXM_OF_VLAN_TCI"),
    Row(FieldId::dl_vlan, "dl_vlan", F::decimal, 12, at(W::vlan, 20), "VLAN id of a tagged packet").writable(),
    Row(FieldId::dl_vlan_pcp, "dl_vlan_pcp", F::decimal, 3, at(W::vlan, 16), "VLAN priority of a tagged packet")
        .exact().writable(),
    Row(FieldId::vlan_vid, "vlan_vid", F::decimal, 13, at(W::vlan, 19), "VLAN id with bit 0x1000: tagged")
        .writable().basic(6, "OXM_OF_VLAN_VID"),
    Row(FieldId::vlan_pcp, "vlan_pcp", F::decimal, 3, at(W::vlan, 16), "VLAN priority")
        .exact().writable().in(P::vlan).basic(7, "OXM_OF_VLAN_PCP"),
    Row(FieldId::mpls_label, "mpls_label", F::decimal, 20, at(W::mpls01, 0), "outermost MPLS label")
        .exact().writable().in(P::mpls, present::mpls).basic(34, "OXM_OF_MPLS_LABEL", 4),
    Row(FieldId::mpls_tc, "mpls_tc", F::decimal, 3, at(W::mpls01, 20), "outermost MPLS traffic class")
        .exact().writable().in(P::mpls, present::mpls).basic(35, "OXM_OF_MPLS_TC"),
    Row(FieldId::mpls_bos, "mpls_bos", F::decimal, 1, at(W::mpls01, 23), "outermost MPLS bottom of stack")
        .exact().writable().in(P::mpls, present::mpls).basic(36, "OXM_OF_MPLS_BOS"),
    Row(FieldId::mpls_ttl, "mpls_ttl", F::decimal, 8, at(W::mpls01, 24), "outermost MPLS time to live")
        .exact().writable().in(P::mpls, present::mpls).nxm1(30, "NXM_NX_MPLS_TTL"),
    Row(FieldId::pbb_isid, "pbb_isid", F::decimal, 24, at(W::mpls2_pbb, 32), "PBB service instance")
        .writable().in(P::pbb, present::pbb).basic(37, "OXM_OF_PBB_ISID"),
    Row(FieldId::pbb_uca, "pbb_uca", F::decimal, 1, at(W::mpls2_pbb, 63), "PBB use-customer-address bit")
        .exact().writable().in(P::pbb, present::pbb).basic(41, "OXM_OF_PBB_UCA"),
    Row(FieldId::arp_op, "arp_op", F::decimal, 16, at(W::nd_sll, 48), "ARP operation")
        .exact().writable().in(P::arp, present::arp).basic(21, "OXM_OF_ARP_OP").nxm0(15, "NXM_OF_ARP_OP"),
    Row(FieldId::arp_spa, "arp_spa", F::ipv4, 32, at(W::arp_ip, 0), "ARP sender's IPv4 address")
        .writable().in(P::arp, present::arp).basic(22, "OXM_OF_ARP_SPA").nxm0(16, "NXM_OF_ARP_SPA"),
    Row(FieldId::arp_tpa, "arp_tpa", F::ipv4, 32, at(W::arp_ip, 32), "ARP target's IPv4 address")
        .writable().in(P::arp, present::arp).basic(23, "OXM_OF_ARP_TPA").nxm0(17, "NXM_OF_ARP_TPA"),
    Row(FieldId::arp_sha, "arp_sha", F::mac, 48, at(W::arp_sha, 0), "ARP sender's Ethernet address")
        .writable().in(P::arp, present::arp).basic(24, "OXM_OF_ARP_SHA").nxm1(17, "NXM_NX_ARP_SHA"),
    Row(FieldId::arp_tha, "arp_tha", F::mac, 48, at(W::arp_tha, 0), "ARP target's Ethernet address")
        .writable().in(P::arp, present::arp).basic(25, "OXM_OF_ARP_THA").nxm1(18, "NXM_NX_ARP_THA"),
};

constexpr Row network_rows[] = {
    Row(FieldId::ipv4_src, "ip_src", F::ipv4, 32, at(W::ipv4, 0), "IPv4 source")
        .also(ip_src_also).writable().in(P::ipv4, present::ip).basic(11, "OXM_OF_IPV4_SRC").nxm0(7, "NXM_OF_IP_SRC"),
    Row(FieldId::ipv4_dst, "ip_dst", F::ipv4, 32, at(W::ipv4, 32), "IPv4 destination")
        .also(ip_dst_also).writable().in(P::ipv4, present::ip).basic(12, "OXM_OF_IPV4_DST").nxm0(8, "NXM_OF_IP_DST"),
    Row(FieldId::ipv6_src, "ipv6_src", F::ipv6, 128, at(W::ipv6_src), "IPv6 source")
        .writable().in(P::ipv6, present::ip).basic(26, "OXM_OF_IPV6_SRC").nxm1(19, "NXM_NX_IPV6_SRC"),
    Row(FieldId::ipv6_dst, "ipv6_dst", F::ipv6, 128, at(W::ipv6_dst), "IPv6 destination")
        .writable().in(P::ipv6, present::ip).basic(27, "OXM_OF_IPV6_DST").nxm1(20, "NXM_NX_IPV6_DST"),
    Row(FieldId::ipv6_label, "ipv6_label", F::hexadecimal, 20, at(W::ip_misc, 12), "IPv6 flow label")
        .also(ipv6_label_also).writable().in(P::ipv6, present::ip).basic(28, "OXM_OF_IPV6_FLABEL", 4)
        .nxm1(27, "NXM_NX_IPV6_LABEL", 4),
    Row(FieldId::ipv6_exthdr, "ipv6_exthdr", F::hexadecimal, 9, at(W::icmp, 23), "which IPv6 extension headers")
        .in(P::ipv6, present::ip_protocol).basic(39, "OXM_OF_IPV6_EXTHDR"),
    Row(FieldId::ip_proto, "nw_proto", F::decimal, 8, at(W::ip_misc, 56), "IP protocol, extension headers skipped")
        .also(nw_proto_also).exact().writable().in(P::ip, present::ip_protocol)
        .basic(10, "OXM_OF_IP_PROTO").nxm0(6, "NXM_OF_IP_PROTO"),
    Row(FieldId::nw_tos, "nw_tos", F::decimal, 8, at(W::ip_misc, 40), "type of service byte, ECN bits zero")
        .zero_bits(2).exact().writable().in(P::ip, present::ip).nxm0(5, "NXM_OF_IP_TOS"),
    Row(FieldId::ip_dscp, "ip_dscp", F::decimal, 6, at(W::ip_misc, 40), "differentiated services code point")
        .exact().writable().in(P::ip, present::ip).basic(8, "OXM_OF_IP_DSCP"),
    Row(FieldId::ip_ecn, "nw_ecn", F::decimal, 2, at(W::ip_misc, 46), "explicit congestion notification")
        .also(nw_ecn_also).exact().writable().in(P::ip, present::ip).basic(9, "OXM_OF_IP_ECN")
        .nxm1(28, "NXM_NX_IP_ECN"),
    Row(FieldId::nw_ttl, "nw_ttl", F::decimal, 8, at(W::ip_misc, 48), "time to live or hop limit")
        .also(nw_ttl_also).exact().writable().in(P::ip, present::ip).nxm1(29, "NXM_NX_IP_TTL"),
    Row(FieldId::ip_frag, "ip_frag", F::frag, 2, at(W::ip_misc, 38), "fragment: bit 0 any, bit 1 not the first")
        .also(ip_frag_also).in(P::ip, present::ip_protocol).nxm1(26, "NXM_NX_IP_FRAG"),
};

constexpr Row transport_rows[] = {
    Row(FieldId::tcp_src, "tcp_src", F::decimal, 16, at(W::l4, 0), "TCP source port")
        .also(tcp_src_also).writable().in(P::tcp, present::ports).basic(13, "OXM_OF_TCP_SRC")
        .nxm0(9, "NXM_OF_TCP_SRC"),
    Row(FieldId::tcp_dst, "tcp_dst", F::decimal, 16, at(W::l4, 16), "TCP destination port")
        .also(tcp_dst_also).writable().in(P::tcp, present::ports).basic(14, "OXM_OF_TCP_DST")
        .nxm0(10, "NXM_OF_TCP_DST"),
    Row(FieldId::tcp_flags, "tcp_flags", F::tcp_flags, 12, at(W::l4, 36), "TCP flags")
        .in(P::tcp, present::tcp_flags).basic(42, "OXM_OF_TCP_FLAGS")
        .experimenter(onf_experimenter, 42, "ONFOXM_ET_TCP_FLAGS").nxm1(34, "NXM_NX_TCP_FLAGS"),
    Row(FieldId::udp_src, "udp_src", F::decimal, 16, at(W::l4, 0), "UDP source port")
        .writable().in(P::udp, present::ports).basic(15, "OXM_OF_UDP_SRC").nxm0(11, "NXM_OF_UDP_SRC"),
    Row(FieldId::udp_dst, "udp_dst", F::decimal, 16, at(W::l4, 16), "UDP destination port")
        .writable().in(P::udp, present::ports).basic(16, "OXM_OF_UDP_DST").nxm0(12, "NXM_OF_UDP_DST"),
    Row(FieldId::sctp_src, "sctp_src", F::decimal, 16, at(W::l4, 0), "SCTP source port")
        .writable().in(P::sctp, present::ports).basic(17, "OXM_OF_SCTP_SRC"),
    Row(FieldId::sctp_dst, "sctp_dst", F::decimal, 16, at(W::l4, 16), "SCTP destination port")
        .writable().in(P::sctp, present::ports).basic(18, "OXM_OF_SCTP_DST"),
    Row(FieldId::icmp_type, "icmp_type", F::decimal, 8, at(W::icmp, 0), "ICMP type")
        .also(icmp_type_also).exact().writable().in(P::icmpv4, present::icmp).basic(19, "OXM_OF_ICMPV4_TYPE")
        .nxm0(13, "NXM_OF_ICMP_TYPE"),
    Row(FieldId::icmp_code, "icmp_code", F::decimal, 8, at(W::icmp, 8), "ICMP code")
        .also(icmp_code_also).exact().writable().in(P::icmpv4, present::icmp).basic(20, "OXM_OF_ICMPV4_CODE")
        .nxm0(14, "NXM_OF_ICMP_CODE"),
    Row(FieldId::icmpv6_type, "icmpv6_type", F::decimal, 8, at(W::icmp, 0), "ICMPv6 type")
        .exact().writable().in(P::icmpv6, present::icmp).basic(29, "OXM_OF_ICMPV6_TYPE")
        .nxm1(21, "NXM_NX_ICMPV6_TYPE"),
    Row(FieldId::icmpv6_code, "icmpv6_code", F::decimal, 8, at(W::icmp, 8), "ICMPv6 code")
        .exact().writable().in(P::icmpv6, present::icmp).basic(30, "OXM_OF_ICMPV6_CODE")
        .nxm1(22, "NXM_NX_ICMPV6_CODE"),
    Row(FieldId::nd_target, "nd_target", F::ipv6, 128, at(W::nd_target), "neighbour discovery target")
        .writable().in(P::nd, present::nd).basic(31, "OXM_OF_IPV6_ND_TARGET").nxm1(23, "NXM_NX_ND_TARGET"),
    Row(FieldId::nd_sll, "nd_sll", F::mac, 48, at(W::nd_sll, 0), "neighbour discovery source link address")
        .writable().in(P::nd_solicit, present::nd_sll).basic(32, "OXM_OF_IPV6_ND_SLL").nxm1(24, "NXM_NX_ND_SLL"),
    Row(FieldId::nd_tll, "nd_tll", F::mac, 48, at(W::nd_tll, 0), "neighbour discovery target link address")
        .writable().in(P::nd_advert, present::nd_tll).basic(33, "OXM_OF_IPV6_ND_TLL").nxm1(25, "NXM_NX_ND_TLL"),
    Row(FieldId::nd_reserved, "nd_reserved", F::decimal, 32, at(W::icmp, 32), "flags of a neighbour message")
        .exact().writable().in(P::nd, present::nd).ericsson(1, "ERICOXM_OF_ICMPV6_ND_RESERVED"),
    Row(FieldId::nd_options_type, "nd_options_type", F::decimal, 8, at(W::nd_tll, 48), "first neighbour option")
        .exact().writable().in(P::nd, present::nd).ericsson(2, "ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE"),
};
// clang-format on

consteval std::array<Field, field_count> make_table() {
  std::array<Field, field_count> table{};
  const auto place = [&](const Row& row) { table[static_cast<size_t>(row.f.id)] = row.f; };
  for (const std::span<const Row> rows :
       {std::span<const Row>(tunnel_rows), std::span<const Row>(metadata_rows), std::span<const Row>(conntrack_rows),
        std::span<const Row>(link_rows), std::span<const Row>(network_rows), std::span<const Row>(transport_rows)}) {
    for (const Row& row : rows) {
      place(row);
    }
  }
  const auto regs = [](unsigned bit) { return static_cast<uint16_t>(at(W::regs) + bit); };
  for (unsigned i = 0; i < 16; ++i) {
    place(Row(FieldId::reg0 + i, reg_names[i], F::hexadecimal, 32, regs(32 * i), "register")
              .writable()
              .nxm1(i, nxm_reg_names[i]));
  }
  for (unsigned i = 0; i < 8; ++i) {
    place(Row(FieldId::xreg0 + i, xreg_names[i], F::hexadecimal, 64, regs(64 * i), "two registers")
              .writable()
              .packet_register(i, oxm_pkt_reg_names[i]));
  }
  for (unsigned i = 0; i < 4; ++i) {
    place(Row(FieldId::xxreg0 + i, xxreg_names[i], F::hexadecimal, 128, regs(128 * i), "four registers")
              .writable()
              .nxm1(111 + i, nxm_xxreg_names[i]));
  }
  for (unsigned i = 0; i < 64; ++i) {
    const auto options = [](unsigned bit) { return static_cast<uint16_t>(at(W::tun_options) + bit); };
    place(Row(FieldId::tun_metadata0 + i, tun_metadata_names[i], F::hexadecimal, 32, options(32 * i),
              "Geneve option that is mapped to the field (weft-ofctl add-tlv-map)")
              .writable()
              .nxm1(40 + i, nxm_tun_metadata_names[i]));
  }
  return table;
}

}  // namespace

constinit const std::array<Field, field_count> field_table = make_table();

}  // namespace weft
