#include "lib/flow/match_text.h"

#include <algorithm>
#include <array>

#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"

namespace weft {
namespace {

constexpr uint64_t tci_tag_present = 0x1000;
constexpr uint64_t vid_bits = 0x0fff;
constexpr uint64_t pcp_bits = 0xe000;

struct Keyword {
  std::string_view name;
  uint16_t eth_type;
  int protocol = -1;  // none: any protocol that has no keyword of its own
};

// Protocols come before the type they run in.
constexpr Keyword keywords[] = {
    {"icmp", 0x0800, 1},   {"tcp", 0x0800, 6},  {"udp", 0x0800, 17},  {"sctp", 0x0800, 132},  {"ip", 0x0800},
    {"icmp6", 0x86dd, 58}, {"tcp6", 0x86dd, 6}, {"udp6", 0x86dd, 17}, {"sctp6", 0x86dd, 132}, {"ipv6", 0x86dd},
    {"arp", 0x0806},       {"rarp", 0x8035},    {"mpls", 0x8847},     {"mplsm", 0x8848},
};

constexpr auto keyword_names = [] {
  std::array<std::string_view, std::size(keywords)> names;
  std::ranges::transform(keywords, names.begin(), &Keyword::name);
  return names;
}();

// How a field's value is written; most as everywhere, some their own way in a match.
enum class Style { usual, hex4, hex5 };

struct Line {
  FieldId id;
  std::string_view name;
  Style style = Style::usual;
};

constexpr Line before_keyword[] = {
    {FieldId::pkt_mark, "pkt_mark"},
    {FieldId::recirc_id, "recirc_id"},
    {FieldId::dp_hash, "dp_hash"},
    {FieldId::conj_id, "conj_id"},
    {FieldId::actset_output, "actset_output"},
    {FieldId::ct_state, "ct_state"},
    {FieldId::ct_zone, "ct_zone"},
    {FieldId::ct_mark, "ct_mark"},
    {FieldId::ct_label, "ct_label"},
    {FieldId::ct_nw_src, "ct_nw_src"},
    {FieldId::ct_ipv6_src, "ct_ipv6_src"},
    {FieldId::ct_nw_dst, "ct_nw_dst"},
    {FieldId::ct_ipv6_dst, "ct_ipv6_dst"},
    {FieldId::ct_nw_proto, "ct_nw_proto"},
    {FieldId::ct_tp_src, "ct_tp_src"},
    {FieldId::ct_tp_dst, "ct_tp_dst"},
};

constexpr Line tunnel_lines[] = {
    {FieldId::tun_id, "tun_id"},
    {FieldId::tun_src, "tun_src"},
    {FieldId::tun_dst, "tun_dst"},
    {FieldId::tun_ipv6_src, "tun_ipv6_src"},
    {FieldId::tun_ipv6_dst, "tun_ipv6_dst"},
    {FieldId::tun_gbp_id, "tun_gbp_id"},
    {FieldId::tun_gbp_flags, "tun_gbp_flags"},
    {FieldId::tun_tos, "tun_tos"},
    {FieldId::tun_ttl, "tun_ttl"},
};

constexpr Line metadata_lines[] = {
    {FieldId::metadata, "metadata"},
    {FieldId::in_port, "in_port"},
    {FieldId::in_phy_port, "in_phy_port"},
};

constexpr Line ethernet_lines[] = {{FieldId::eth_src, "dl_src"}, {FieldId::eth_dst, "dl_dst"}};

constexpr Line network_lines[] = {
    {FieldId::ipv6_src, "ipv6_src"},
    {FieldId::ipv6_dst, "ipv6_dst"},
    {FieldId::ipv6_label, "ipv6_label", Style::hex5},
    {FieldId::ipv6_exthdr, "ipv6_exthdr"},
    {FieldId::arp_spa, "arp_spa"},
    {FieldId::arp_tpa, "arp_tpa"},
    {FieldId::ipv4_src, "nw_src"},
    {FieldId::ipv4_dst, "nw_dst"},
};

constexpr Line transport_lines[] = {
    {FieldId::arp_op, "arp_op"},           {FieldId::arp_sha, "arp_sha"},
    {FieldId::arp_tha, "arp_tha"},         {FieldId::nw_tos, "nw_tos"},
    {FieldId::ip_ecn, "nw_ecn"},           {FieldId::nw_ttl, "nw_ttl"},
    {FieldId::mpls_label, "mpls_label"},   {FieldId::mpls_tc, "mpls_tc"},
    {FieldId::mpls_ttl, "mpls_ttl"},       {FieldId::mpls_bos, "mpls_bos"},
    {FieldId::pbb_isid, "pbb_isid"},       {FieldId::pbb_uca, "pbb_uca"},
    {FieldId::ip_frag, "nw_frag"},         {FieldId::icmp_type, "icmp_type"},
    {FieldId::icmp_code, "icmp_code"},     {FieldId::nd_target, "nd_target"},
    {FieldId::nd_sll, "nd_sll"},           {FieldId::nd_tll, "nd_tll"},
    {FieldId::nd_reserved, "nd_reserved"}, {FieldId::nd_options_type, "nd_options_type"},
    {FieldId::tcp_src, "tp_src"},          {FieldId::tcp_dst, "tp_dst"},
    {FieldId::tcp_flags, "tcp_flags"},
};

// One half of the vlan word: TPID and TCI of a tag.
struct Tag {
  uint64_t tpid;
  uint64_t tci;
};

Tag tag_of(const Flow& flow, bool inner) {
  const uint64_t word = swap_network_order(flow.word(KeyWord::vlan)) >> (inner ? 0 : 32);
  return {word >> 16 & 0xffff, word & 0xffff};
}

class Printer {
 public:
  Printer(const Match& match, const PortNames* ports) : match_(match), ports_(ports) {}

  std::string print() {
    lines(before_keyword);
    packet_type();
    const Keyword* shown = keyword();
    registers();
    lines(tunnel_lines);
    tun_flags();
    tunnel_options();
    lines(metadata_lines);
    tag(false);
    tag(true);
    lines(ethernet_lines);
    if (shown == nullptr) {
      line({FieldId::eth_type, "dl_type", Style::hex4});
    }
    lines(network_lines);
    if (shown == nullptr || shown->protocol < 0) {
      line({FieldId::ip_proto, "nw_proto"});
    }
    lines(transport_lines);
    deeper_labels();
    return std::move(text_);
  }

 private:
  void word(std::string_view text) {
    text_ += text_.empty() ? "" : ",";
    text_ += text;
  }
  void pair(std::string_view name, std::string_view value) { word(std::string(name) + "=" + std::string(value)); }

  void lines(std::span<const Line> all) {
    std::ranges::for_each(all, [&](const Line& one) { line(one); });
  }

  void line(const Line& one) {
    const Field& f = field(one.id);
    if (!match_.is_wild(f)) {
      pair(one.name, value_text(f, {match_.value(f), match_.mask(f)}, one.style));
    }
  }

  std::string value_text(const Field& f, const MaskedValue& v, Style style) const {
    if (style != Style::usual) {
      return padded(f, v, style == Style::hex4 ? 4 : 5);
    }
    // Under a mask a decimal field is hexadecimal here, as the mask is.
    if (f.format == FieldFormat::decimal && !match_.is_exact(f)) {
      return format_hex(v.value) + "/" + format_hex(v.mask);
    }
    // ct_zone is hexadecimal elsewhere.
    return f.id == FieldId::ct_zone ? std::to_string(v.value.lo) : format_value(f, v, ports_);
  }

  std::string padded(const Field& f, const MaskedValue& v, unsigned digits) const {
    const std::string value = format_padded_hex(v.value.lo, digits);
    return match_.is_exact(f) ? value : value + "/" + format_padded_hex(v.mask.lo, digits);
  }

  // Ethernet goes without saying.
  void packet_type() {
    if (!match_.value(FieldId::packet_type).is_zero()) {
      line({FieldId::packet_type, "packet_type"});
    }
  }

  const Keyword* keyword() {
    if (!match_.is_exact(field(FieldId::eth_type))) {
      return nullptr;
    }
    const uint64_t type = match_.value(FieldId::eth_type).lo;
    const bool has_protocol = match_.is_exact(field(FieldId::ip_proto));
    const uint64_t protocol = match_.value(FieldId::ip_proto).lo;
    for (const Keyword& k : keywords) {
      if (k.eth_type == type && (k.protocol < 0 || (has_protocol && static_cast<uint64_t>(k.protocol) == protocol))) {
        word(k.name);
        return &k;
      }
    }
    return nullptr;
  }

  void registers() {
    for (unsigned i = 0; i < 16; ++i) {
      line({FieldId::reg0 + i, field(FieldId::reg0 + i).name});
    }
  }

  // The only bit has a sign even where it is the whole field.
  void tun_flags() {
    if (!match_.is_wild(field(FieldId::tun_flags))) {
      pair("tun_flags", match_.value(FieldId::tun_flags).is_zero() ? "-oam" : "+oam");
    }
  }

  // Without a value: that the option is there.
  void tunnel_options() {
    for (unsigned i = 0; i < 64; ++i) {
      const Field& option = field(FieldId::tun_metadata0 + i);
      line({option.id, option.name});
      if (match_.is_wild(option) && (match_.value().word(KeyWord::tun_options_present) >> i & 1) != 0) {
        word(option.name);
      }
    }
  }

  void tag(bool inner) {
    const Tag mask = tag_of(match_.mask(), inner);
    const Tag value = tag_of(match_.value(), inner);
    const std::string suffix = inner ? "1" : "";
    if (mask.tci != 0) {
      tci(suffix, value.tci, mask.tci);
    }
    if (mask.tpid != 0 && value.tpid != 0 && value.tpid != 0x8100) {
      pair("vlan_tpid" + suffix, format_padded_hex(value.tpid, 4));
    }
  }

  void tci(const std::string& suffix, uint64_t value, uint64_t mask) {
    const uint64_t vid = mask & vid_bits;
    const uint64_t pcp = mask & pcp_bits;
    const bool whole_parts = (vid == 0 || vid == vid_bits) && (pcp == 0 || pcp == pcp_bits) && (vid | pcp) != 0;
    if ((mask & value & tci_tag_present) != 0 && whole_parts) {
      if (vid != 0) {
        pair("dl_vlan" + suffix, std::to_string(value & vid_bits));
      }
      if (pcp != 0) {
        pair("dl_vlan_pcp" + suffix, std::to_string(value >> 13));
      }
      return;
    }
    const std::string text = format_padded_hex(value, 4);
    pair("vlan_tci" + suffix, mask == 0xffff ? text : text + "/" + format_padded_hex(mask, 4));
  }

  void deeper_labels() {
    label("mpls_lse1", KeyWord::mpls01, 0);
    label("mpls_lse2", KeyWord::mpls2_pbb, 32);
  }

  void label(std::string_view name, KeyWord where, unsigned shift) {
    const uint64_t mask = swap_network_order(match_.mask().word(where)) >> shift & 0xffffffff;
    const uint64_t value = swap_network_order(match_.value().word(where)) >> shift & 0xffffffff;
    if (mask != 0) {
      pair(name, mask == 0xffffffff ? format_hex(value) : format_hex(value) + "/" + format_hex(mask));
    }
  }

  const Match& match_;
  const PortNames* ports_;
  std::string text_;
};

bool is_register_view(FieldId id) {
  return (id >= FieldId::xreg0 && id <= FieldId::xreg7) || (id >= FieldId::xxreg0 && id <= FieldId::xxreg3);
}

// Other views of bits that another field of the list shows.
bool is_second_view(FieldId id) {
  switch (id) {
    case FieldId::in_port_oxm:
    case FieldId::dl_vlan:
    case FieldId::dl_vlan_pcp:
    case FieldId::vlan_vid:
    case FieldId::vlan_pcp:
    case FieldId::ip_dscp:
      return true;
    default:
      return is_register_view(id);
  }
}

bool is_link_field(FieldId id) {
  return id == FieldId::eth_dst || id == FieldId::eth_src || id == FieldId::eth_type || id == FieldId::vlan_tci ||
         id == FieldId::in_port;
}

}  // namespace

bool add_keyword(Match& match, std::string_view keyword) {
  const auto found = std::ranges::find(keywords, keyword, &Keyword::name);
  if (found == std::end(keywords)) {
    return false;
  }
  match.set(FieldId::eth_type, found->eth_type);
  if (found->protocol >= 0) {
    match.set(FieldId::ip_proto, static_cast<uint64_t>(found->protocol));
  }
  return true;
}

std::span<const std::string_view> match_keywords() { return keyword_names; }

std::string format_match(const Match& match, const PortNames* ports) { return Printer(match, ports).print(); }

Match match_of(const Flow& flow) {
  Match match;
  for (const Field& f : all_fields()) {
    const bool may_be_absent = presence_of(f).bits != 0;
    const bool is_shown = is_link_field(f.id) || (may_be_absent ? is_there(flow, f) : !get(flow, f).is_zero());
    if (is_shown && !is_second_view(f.id) && match.meets_prerequisite(f)) {
      match.set(f, get(flow, f));
    }
  }
  return match;
}

std::string format_flow(const Flow& flow, const PortNames* ports) { return format_match(match_of(flow), ports); }

}  // namespace weft
