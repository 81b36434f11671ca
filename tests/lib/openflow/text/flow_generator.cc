#include "tests/lib/openflow/text/flow_generator.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "lib/flow/field.h"
#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"
#include "lib/openflow/oxm.h"

namespace weft::openflow::testing {
namespace {

// What a rule has to match before it may say anything of the field.
std::string base_of(const Field& f) {
  switch (f.prerequisite) {
    case Prerequisite::none:
      return "";
    case Prerequisite::in_port:
      return "in_port=1,";
    case Prerequisite::vlan:
      return "vlan_tci=0x1000/0x1000,";
    case Prerequisite::mpls:
      return "mpls,";
    case Prerequisite::pbb:
      return "dl_type=0x88e7,";
    case Prerequisite::arp:
      return "arp,";
    case Prerequisite::ipv4:
    case Prerequisite::ip:
      return "ip,";
    case Prerequisite::ipv6:
      return "ipv6,";
    case Prerequisite::tcp:
      return "tcp,";
    case Prerequisite::udp:
      return "udp,";
    case Prerequisite::sctp:
      return "sctp,";
    case Prerequisite::icmpv4:
      return "icmp,";
    case Prerequisite::icmpv6:
      return "icmp6,";
    case Prerequisite::nd:
    case Prerequisite::nd_solicit:
      return "icmp6,icmp_type=135,icmp_code=0,";
    case Prerequisite::nd_advert:
      return "icmp6,icmp_type=136,icmp_code=0,";
    case Prerequisite::ct:
      return f.format == FieldFormat::ipv6 ? "ct_state=+trk+est,ipv6," : "ct_state=+trk+est,ip,";
  }
  return "";
}

// Something else than what the field stands on.
std::string wrong_base_of(const Field& f) {
  return f.prerequisite == Prerequisite::udp ? "tcp," : f.prerequisite == Prerequisite::ct ? "ip," : "udp,";
}

// A value that has ones and zeros in each byte, cut to what the field may hold; for some fields only a few mean anything.
FieldValue sample_value(const Field& f, bool other) {
  switch (f.id) {
    case FieldId::in_port:
    case FieldId::in_port_oxm:
    case FieldId::in_phy_port:
    case FieldId::actset_output:
      return {0, other ? 65534U : 1U};
    case FieldId::vlan_vid:
    case FieldId::vlan_tci:
      return {0, other ? 0x1fffU : 0x1005U};
    case FieldId::packet_type:
      return {0, other ? 0x10800U : 0U};
    case FieldId::eth_type:
      return {0, other ? 0x88ccU : 0x0806U};
    case FieldId::ip_proto:
      return {0, other ? 47U : 6U};
    default:
      return FieldValue{0x123456789abcdef0, other ? uint64_t{1} : uint64_t{0x3b5d79f1864207e5}} & all_bits(f);
  }
}

// The high half of the field, and a mask with holes.
FieldValue sample_mask(const Field& f, bool with_holes) {
  if (with_holes) {
    return FieldValue{0xf0f00ff000ff00ff, 0xf0ff00f0a0ff0f05} & all_bits(f);
  }
  const unsigned half = f.n_bits / 2U;
  return (all_bits(f) >> half) << half;
}

// Fields with bits of names have their own notation.
std::vector<std::string> own_values(const Field& f) {
  switch (f.id) {
    case FieldId::ct_state:
      return {"+trk", "+trk+est-new", "-trk", "+trk+inv", "+trk+rpl+snat+dnat+rel", "0x21/0x23", "33"};
    case FieldId::tun_flags:
      return {"+oam", "-oam", "oam", "0"};
    case FieldId::tcp_flags:
      return {"+syn-ack", "0x12", "0x12/0x3f", "+fin+rst", "-psh+urg", "0xfff"};
    case FieldId::ip_frag:
      return {"no", "yes", "first", "later", "not_later"};
    default:
      return {};
  }
}

bool is_numbered(FieldId id, FieldId first, unsigned count) { return id >= first && id < first + count; }
bool is_tunnel_option(const Field& f) { return is_numbered(f.id, FieldId::tun_metadata0, 64); }

// Of the many that are alike only some are put through every action.
bool is_typical(const Field& f) {
  const auto middle_of = [&](FieldId first, unsigned count) { return is_numbered(f.id, first + 1, count - 2); };
  return !middle_of(FieldId::tun_metadata0, 64) && !middle_of(FieldId::reg0, 16) && !middle_of(FieldId::xreg0, 8) &&
         !middle_of(FieldId::xxreg0, 4);
}

std::string spec_name(const Field& f) { return std::string(f.nxm ? f.nxm->name : f.oxm ? f.oxm->name : f.name); }

class Generator {
 public:
  std::vector<GeneratedFlow> run() {
    for (const Field& f : all_fields()) {
      add_matches(f);
      if (has_oxm(f) && is_typical(f)) {
        add_actions(f);
      }
    }
    add_examples();
    return std::move(flows_);
  }

 private:
  void add(FlowCategory category, std::string_view about, std::string text) {
    flows_.push_back({category, std::string(about), std::move(text)});
  }
  void add_match(FlowCategory category, const Field& f, const std::string& base, const std::string& match) {
    add(category, f.name, fmt::format("{}{},actions=drop", base, match));
  }
  void add_action(FlowCategory category, const Field& f, const std::string& base, const std::string& action) {
    add(category, f.name, fmt::format("{}actions={}", base, action));
  }

  void add_examples() {
    std::ifstream file("tests/lib/openflow/text/action_examples.txt");
    std::string action;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('[')) {
        action = line.substr(1, line.size() - 2);
      } else if (line.starts_with("ok  ")) {
        add(FlowCategory::action, action, line.substr(4));
      } else if (line.starts_with("bad ")) {
        add(FlowCategory::bad_action, action, line.substr(4));
      }
    }
  }

  void add_matches(const Field& f) {
    const std::string base = base_of(f);
    const std::string name(f.name);
    for (const std::string& value : own_values(f)) {
      add_match(FlowCategory::match_exact, f, base, name + "=" + value);
    }
    const bool is_own = !own_values(f).empty();
    if (!is_own) {
      add_match(FlowCategory::match_exact, f, base, name + "=" + value_text(f, false));
      add_match(FlowCategory::match_exact, f, base, name + "=" + value_text(f, true));
      const FlowCategory masked = f.is_maskable() ? FlowCategory::match_masked : FlowCategory::match_bad_mask;
      add_match(masked, f, base, name + "=" + masked_text(f, false));
      add_match(masked, f, base, name + "=" + masked_text(f, true));
    }
    add(FlowCategory::match_absent, f.name, fmt::format("priority={},{}actions=drop", 1 + flows_.size() % 1000, base));
    add_match(FlowCategory::match_any, f, base, name + "=*");
    const std::string value = is_own ? own_values(f).front() : value_text(f, false);
    for (const std::string_view alias : f.aliases) {
      add_match(FlowCategory::match_alias, f, base, fmt::format("{}={}", alias, value));
    }
    if (!base.empty()) {
      add_match(FlowCategory::match_without_base, f, "", name + "=" + value);
      add_match(FlowCategory::match_without_base, f, wrong_base_of(f), name + "=" + value);
    }
  }

  void add_actions(const Field& f) {
    const std::string base = base_of(f);
    const std::string name(f.name);
    const std::string value = fmt::format("set_field:{}->{}", value_text(f, false), name);
    if (!f.is_writable) {
      add_action(FlowCategory::set_read_only, f, base, value);
      add_action(FlowCategory::set_read_only, f, base, fmt::format("load:0->{}[]", spec_name(f)));
    } else {
      add_writes(f, base, name, value);
    }
    add_reads(f, base);
    add_learns(f, base, name);
  }

  void add_writes(const Field& f, const std::string& base, const std::string& name, const std::string& set) {
    add_action(FlowCategory::set_exact, f, base, set);
    add_action(FlowCategory::set_exact, f, base, fmt::format("set_field:{}->{},output:1", value_text(f, true), name));
    add_action(FlowCategory::set_masked, f, base, fmt::format("set_field:{}->{}", masked_text(f, false), name));
    add_action(FlowCategory::set_masked, f, base, fmt::format("set_field:{}->{}", masked_text(f, true), name));
    const unsigned part = std::max(f.n_bits / 2U, 1U);
    add_action(FlowCategory::set_load, f, base, fmt::format("load:1->{}[]", spec_name(f)));
    add_action(FlowCategory::set_load, f, base, fmt::format("load:0x1->{}[0..{}]", name, part - 1));
    add_action(FlowCategory::move_to, f, base,
               fmt::format("move:NXM_NX_XXREG1[0..{}]->{}[]", std::min(f.n_bits, uint16_t{128}) - 1, spec_name(f)));
    if (!base.empty()) {
      add_action(FlowCategory::set_without_base, f, "", set);
      add_action(FlowCategory::set_without_base, f, wrong_base_of(f), set);
    }
  }

  void add_reads(const Field& f, const std::string& base) {
    const unsigned last = std::min<unsigned>(f.n_bits, 128) - 1;
    add_action(FlowCategory::move_from, f, base,
               fmt::format("move:{}[0..{}]->NXM_NX_XXREG3[0..{}]", spec_name(f), last, last));
    add_action(FlowCategory::stack, f, base, fmt::format("push:{}[]", spec_name(f)));
    add_action(FlowCategory::stack, f, base, fmt::format("pop:{}[0]", f.name));
    add_action(FlowCategory::output_field, f, base, fmt::format("output:{}[0..{}]", spec_name(f), std::min(last, 15U)));
  }

  void add_learns(const Field& f, const std::string& base, const std::string& name) {
    const std::string learned = learned_base_of(f);
    add_action(FlowCategory::learn_field, f, base,
               fmt::format("learn(table=3,{}{}={})", learned, name, value_text(f, false)));
    add_action(FlowCategory::learn_field, f, base, fmt::format("learn(table=3,{}{}[])", learned, spec_name(f)));
    add_action(FlowCategory::learn_field, f, base,
               fmt::format("learn(table=3,{}load:{}[0]->NXM_NX_REG5[7])", learned, spec_name(f)));
    add_action(FlowCategory::learn_field, f, base,
               fmt::format("learn(table=3,{}load:1->{}[0])", learned, spec_name(f)));
  }

  // As base_of, in the notation of learn.
  static std::string learned_base_of(const Field& f) {
    constexpr std::pair<Prerequisite, std::string_view> bases[] = {
        {Prerequisite::vlan, "vlan_tci[12]=1,"},
        {Prerequisite::mpls, "eth_type=0x8847,"},
        {Prerequisite::pbb, "eth_type=0x88e7,"},
        {Prerequisite::arp, "eth_type=0x806,"},
        {Prerequisite::ipv4, "eth_type=0x800,"},
        {Prerequisite::ip, "eth_type=0x800,"},
        {Prerequisite::ipv6, "eth_type=0x86dd,"},
        {Prerequisite::tcp, "eth_type=0x800,nw_proto=6,"},
        {Prerequisite::udp, "eth_type=0x800,nw_proto=17,"},
        {Prerequisite::sctp, "eth_type=0x800,nw_proto=132,"},
        {Prerequisite::icmpv4, "eth_type=0x800,nw_proto=1,"},
        {Prerequisite::icmpv6, "eth_type=0x86dd,nw_proto=58,"},
        {Prerequisite::nd, "eth_type=0x86dd,nw_proto=58,icmpv6_type=135,icmpv6_code=0,"},
        {Prerequisite::nd_solicit, "eth_type=0x86dd,nw_proto=58,icmpv6_type=135,icmpv6_code=0,"},
        {Prerequisite::nd_advert, "eth_type=0x86dd,nw_proto=58,icmpv6_type=136,icmpv6_code=0,"},
    };
    for (const auto& [prerequisite, text] : bases) {
      if (prerequisite == f.prerequisite) {
        return std::string(text);
      }
    }
    return "";
  }

  static std::string value_text(const Field& f, bool other) {
    return is_tunnel_option(f) ? (other ? "0x1" : "0x5a") : format_value(f, sample_value(f, other));
  }
  static std::string masked_text(const Field& f, bool with_holes) {
    if (is_tunnel_option(f)) {
      return with_holes ? "0x5/0xf5" : "0x10/0xf0";
    }
    if (!f.is_maskable()) {  // no notation of its own
      return fmt::format("{}/{}", value_text(f, false), format_hex(sample_mask(f, with_holes)));
    }
    const FieldValue mask = sample_mask(f, with_holes);
    return format_value(f, MaskedValue{sample_value(f, false) & mask, mask});
  }

  std::vector<GeneratedFlow> flows_;
};

}  // namespace

std::vector<GeneratedFlow> generated_flows() { return Generator().run(); }

std::string_view to_string(FlowCategory category) {
  constexpr std::array<std::string_view, 19> names = {
      "match exact",
      "match masked",
      "match with a mask that is not allowed",
      "match absent",
      "match any",
      "match by another name",
      "match without base",
      "set_field",
      "set_field masked",
      "load",
      "set_field without base",
      "set_field of what is read-only",
      "move from",
      "move to",
      "stack",
      "learn",
      "output",
      "action",
      "wrong action",
  };
  return names[static_cast<size_t>(category)];
}

}  // namespace weft::openflow::testing
