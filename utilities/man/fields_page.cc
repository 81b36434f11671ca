#include "utilities/man/fields_page.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "lib/flow/field.h"
#include "lib/flow/field_text.h"
#include "lib/flow/match_text.h"
#include "lib/openflow/action_rules.h"
#include "lib/openflow/oxm.h"

namespace weft::man {
namespace {

constexpr std::string_view beginning = R"(.\" Made from the field registry by utilities/man/fields_page.cc.
.Dd November 27, 2026
.Dt WEFT-FIELDS 7
.Os weft
.Sh NAME
.Nm weft-fields
.Nd match fields of weft
.Sh DESCRIPTION
A flow matches packets by fields:
.Dl in_port=1,tcp,nw_dst=10.0.0.0/8,tp_dst=80
Actions read and write them:
.Dl actions=set_field:5001->tun_id,move:eth_src[]->reg0[0..31]
.Pp
In a match,
.Ar field Ns Li = Ns Ar value
asks for exactly this value,
.Ar field Ns Li = Ns Ar value Ns Li / Ns Ar mask
for the bits that are 1 in
.Ar mask ,
and
.Ar field Ns Li =*
for nothing.
In actions
.Ar field Ns Bq Ar first Ns Li .. Ns Ar last
names bits, 0 being the lowest,
.Ar field Ns Bq Ar bit
one of them, and
.Ar field Ns Li \&[]
all.
A name on the wire, such as
.Li NXM_OF_ETH_SRC
or
.Li OXM_OF_ETH_SRC ,
is understood wherever a field's name is.
.Pp
Where an entry says
.Em "needs" ,
the match must say that much before the field has a meaning;
so must it where an action names the field.
Keywords say it shortly:
)";

constexpr std::string_view after_keywords = R"(.Pp
The names
.Li nw_src ,
.Li nw_dst ,
.Li nw_proto ,
.Li tp_src ,
.Li tp_dst ,
.Li icmp_type
and
.Li icmp_code
mean the field that fits the rest of the match: with
.Li udp ,
.Li tp_dst
is
.Li udp_dst ;
with
.Li arp ,
.Li nw_src
is
.Li arp_spa .
.Ss Values
Numbers may be given in decimal or in hexadecimal with
.Li 0x ;
ports by number, by their name, or as
.Li LOCAL
and
.Li IN_PORT ;
Ethernet addresses as six bytes with colons;
IPv4 and IPv6 addresses as usual, masked by
.Li / Ns Ar length
or
.Li / Ns Ar mask .
.Ss Versions
Where an entry names a version of OpenFlow, that form is part of the standard
from this version on.
An extension is a form that Open vSwitch understands in all versions, as weft does.
weft speaks OpenFlow 1.0, 1.3, 1.4 and 1.5.
In 1.0 a match that its fixed fields cannot say is sent in the extended form
.Pq Nicira extended match .
)";

constexpr std::string_view ending = R"(.Sh EXAMPLES
Two flows that let a web server answer and nobody else speak:
.Bd -literal -offset indent
weft-ofctl add-flow br0 'priority=10,tcp,nw_dst=192.0.2.80,tp_dst=80,actions=normal'
weft-ofctl add-flow br0 'priority=10,tcp,nw_src=192.0.2.80,tp_src=80,actions=normal'
.Ed
.Pp
The message that a flow becomes, and what one says that needs more:
.Bd -literal -offset indent
$ weft-ofctl parse-flow 'udp,udp_src=53,actions=drop'
OFPT_FLOW_MOD (OF1.3) (xid=0x1): ADD udp,tp_src=53 actions=drop
$ weft-ofctl parse-flow 'ip,tcp_dst=80,actions=drop'
weft-ofctl: tcp_dst needs tcp or tcp6 in the match
  ip,tcp_dst=80,actions=drop
     ^~~~~~~
.Ed
.Sh SEE ALSO
.Xr weft-actions 7 ,
.Xr weft-ofctl 8
)";

struct Section {
  FieldId first;  // of its fields
  std::string_view title;
};

constexpr Section sections[] = {
    {FieldId::tun_id, "Tunnel"},
    {FieldId::metadata, "Metadata and registers"},
    {FieldId::pkt_mark, "Ports and the packet's way"},
    {FieldId::ct_state, "Connection tracking"},
    {FieldId::eth_dst, "Ethernet"},
    {FieldId::vlan_tci, "VLAN"},
    {FieldId::mpls_label, "MPLS and provider backbone bridges"},
    {FieldId::ipv4_src, "IPv4 and IPv6"},
    {FieldId::arp_op, "ARP"},
    {FieldId::tcp_src, "TCP, UDP and SCTP"},
    {FieldId::icmp_type, "ICMP and neighbour discovery"},
};

// What the fixed match of OpenFlow 1.0 holds (1.0.1 section 5.2.3), each under the registry's own name of it.
constexpr FieldId in_1_0[] = {
    FieldId::in_port,     FieldId::eth_src,  FieldId::eth_dst,  FieldId::eth_type, FieldId::dl_vlan,
    FieldId::dl_vlan_pcp, FieldId::ipv4_src, FieldId::ipv4_dst, FieldId::ip_proto, FieldId::nw_tos,
    FieldId::arp_op,      FieldId::arp_spa,  FieldId::arp_tpa,  FieldId::tcp_src,  FieldId::tcp_dst,
    FieldId::udp_src,     FieldId::udp_dst,  FieldId::sctp_src, FieldId::sctp_dst, FieldId::icmp_type,
    FieldId::icmp_code,
};

// The OpenFlow version that brought a number of the basic class, and the packet registers.
std::string_view version_of(const OxmId& id) {
  if (id.oxm_class == oxm_class::registers) {
    return "1.5";
  }
  return id.field <= 35 ? "1.2" : id.field <= 39 ? "1.3" : id.field <= 41 ? "1.4" : "1.5";
}

std::string_view notation(FieldFormat format) {
  switch (format) {
    case FieldFormat::decimal:
      return "decimal";
    case FieldFormat::hexadecimal:
      return "hexadecimal";
    case FieldFormat::mac:
      return "Ethernet address";
    case FieldFormat::ipv4:
      return "IPv4 address";
    case FieldFormat::ipv6:
      return "IPv6 address";
    case FieldFormat::of_port:
      return "OpenFlow port";
    case FieldFormat::frag:
      return "no, yes, first, later or not_later";
    case FieldFormat::tcp_flags:
      return "names of flags: +syn-ack, or fin|ack for all of them";
    case FieldFormat::ct_state:
      return "names of flags: +trk-new";
    case FieldFormat::tun_flags:
      return "names of flags: +oam";
    case FieldFormat::packet_type:
      return "(name space,type)";
  }
  return "";
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view stem(std::string_view name) {
  while (!name.empty() && is_digit(name.back())) {
    name.remove_suffix(1);
  }
  return name;
}

// reg4 comes with reg3, vlan_tci1 would not with vlan_tci.
bool is_next(const Field& before, const Field& f) {
  return is_digit(before.name.back()) && is_digit(f.name.back()) && stem(before.name) == stem(f.name);
}

// The fields that share an entry with the first of them.
std::span<const Field> run_of(std::span<const Field> fields) {
  size_t count = 1;
  while (count < fields.size() && is_next(fields[count - 1], fields[count])) {
    ++count;
  }
  return fields.first(count);
}

// The name by which a match shows the field.
std::string shown_name(const Field& f) {
  Match match;
  match.set(f, all_bits(f));
  const std::string shown = format_match(match);
  return shown.substr(0, shown.find('='));
}

std::string heading(std::span<const Field> run) {
  std::string text = fmt::format(".It Cm {}", run.front().name);
  if (run.size() > 1) {
    return text + fmt::format(" No to Cm {}\n", run.back().name);
  }
  for (const std::string_view alias : run.front().aliases) {
    text += fmt::format(" , {}", alias);
  }
  return text + "\n";
}

// Of the two VLAN fields without a number set_field takes one, for vlan_pcp.
std::string_view writing(const Field& f) {
  if (openflow::is_connection_field(f.id)) {
    return "written by ct(exec(...)) only";
  }
  const bool has_form = openflow::has_oxm(f) || f.id == FieldId::dl_vlan_pcp;
  return f.is_writable && has_form ? "actions may write it" : "read-only";
}

std::string properties(const Field& f) {
  std::string text = fmt::format("{} bit{}, {};\n", f.n_bits, f.n_bits == 1 ? "" : "s", notation(f.format));
  text += f.is_maskable() ? "any mask;\n" : "no mask;\n";
  if (const std::string_view needs = match_for(f.prerequisite); !needs.empty()) {
    text += fmt::format("needs {};\n", needs);
  }
  return text + fmt::format("{}.\n", writing(f));
}

std::string number(std::span<const Field> run, std::optional<OxmId> Field::*member, std::string_view since) {
  const OxmId& first = *(run.front().*member);
  const OxmId& last = *(run.back().*member);
  std::string text = fmt::format(".br\n.Li {}", first.name);
  text += run.size() > 1 ? fmt::format("\nto\n.Li {}\n", last.name) : "\n";
  text += fmt::format("({:#06x}, {}", first.oxm_class, first.field);
  text += run.size() > 1 ? fmt::format(" to {}", last.field) : "";
  text +=
      first.oxm_class == oxm_class::experimenter ? fmt::format(", experimenter {:#010x})", first.experimenter) : ")";
  return text + (since.empty() ? ", extension.\n" : fmt::format(", OpenFlow {} and later.\n", since));
}

std::string numbers(std::span<const Field> run) {
  const Field& f = run.front();
  std::string text;
  if (std::ranges::find(in_1_0, f.id) != std::end(in_1_0)) {
    text += ".br\nIn the match of OpenFlow 1.0.\n";
  }
  if (f.oxm) {
    text += number(run, &Field::oxm, version_of(*f.oxm));
  }
  if (f.oxm_experimenter) {
    text += number(run, &Field::oxm_experimenter, "");
  }
  if (f.nxm) {
    text += number(run, &Field::nxm, "");
  }
  return text.empty() ? ".br\nShown in traces and megaflows only: no message can say it.\n" : text;
}

// With a capital letter, unless it begins with a field's name.
std::string sentence(std::string_view description) {
  std::string text(description);
  const std::string_view first_word = description.substr(0, description.find_first_of(" ,"));
  if (first_word.find('_') == std::string_view::npos && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  return text;
}

std::string entry(std::span<const Field> run) {
  const Field& f = run.front();
  std::string text = heading(run);
  text += fmt::format("{}.\n", sentence(f.description));
  if (const std::string shown = shown_name(f); run.size() == 1 && shown != f.name) {
    text += fmt::format("Shown as\n.Li {}\nwhere all of it is matched.\n", shown);
  }
  if (is_tunnel_option(f.id)) {
    text += "Without a value it asks for a packet that has the option.\n";
  }
  return text + ".br\n" + properties(f) + numbers(run);
}

std::string keywords() {
  std::string text = ".Bl -column \"sctp6mm\" \"dl_type=0x86dd\" -offset indent\n";
  for (const std::string_view keyword : match_keywords()) {
    Match match;
    add_keyword(match, keyword);
    text += fmt::format(".It Cm {} Ta Li dl_type={:#06x}", keyword, match.value(FieldId::eth_type).lo);
    if (!match.mask(FieldId::ip_proto).is_zero()) {
      text += fmt::format(",nw_proto={}", match.value(FieldId::ip_proto).lo);
    }
    text += "\n";
  }
  return text + ".El\n";
}

std::string list_of_fields() {
  std::string text = ".Sh FIELDS\n";
  std::string_view list_end;
  for (auto rest = all_fields(); !rest.empty();) {
    const auto run = run_of(rest);
    const auto section = std::ranges::find(sections, run.front().id, &Section::first);
    if (section != std::end(sections)) {
      text += fmt::format("{}.Ss {}\n.Bl -tag -width Ds\n", list_end, section->title);
      list_end = ".El\n";
    }
    text += entry(run);
    rest = rest.subspan(run.size());
  }
  return text + std::string(list_end);
}

}  // namespace

std::string fields_page() {
  return std::string(beginning) + keywords() + std::string(after_keywords) + list_of_fields() + std::string(ending);
}

}  // namespace weft::man
