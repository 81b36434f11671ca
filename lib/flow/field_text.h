// Values of match fields as text, in Open vSwitch's notation: what stands right of the "=" in a flow and before the
// "->" in set_field.
//
// The field's FieldFormat decides: numbers in decimal or hexadecimal, addresses with prefix lengths or masks, ports by
// number or name, fragments and flag bits by name. Either spelling of a number is read everywhere. A value without a
// mask is exact; "*" and "ANY" say that the field does not matter.
//
// Errors point into the text given; a caller with a longer text moves them (shifted() in lib/base/text.h).
//
// Threads: pure functions. Cost: allocates; not for the packet path.
// Not here: field lists and keywords of a whole match (match_text.h prints them, lib/openflow/text reads them).
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/field.h"
#include "lib/flow/match.h"
#include "lib/flow/port_names.h"

namespace weft {

struct MaskedValue {
  FieldValue value;  // bits outside the mask are zero
  FieldValue mask;

  friend bool operator==(const MaskedValue&, const MaskedValue&) = default;
};

// An exact value, and one under a mask. A mask of all bits prints as an exact value.
std::string format_value(const Field& field, FieldValue value, const PortNames* ports = nullptr);
std::string format_value(const Field& field, const MaskedValue& masked, const PortNames* ports = nullptr);

// Checks width and mask rule. dl_vlan accepts 0xffff ("no tag") only in add_to_match().
Result<MaskedValue, TextError> parse_value(const Field& field, std::string_view text, const PortNames* ports = nullptr);

// Parses and puts it into the match.
Result<void, TextError> add_to_match(Match& match, const Field& field, std::string_view text,
                                     const PortNames* ports = nullptr);

// What a rule has to match for the prerequisite to hold, as a flow says it: "tcp or tcp6". Empty for none.
std::string_view match_for(Prerequisite prerequisite);

// The field that a name means in a match that says this much already: tp_src is udp_src where nw_proto is 17 and
// icmp_type where it is ICMP; nw_src, nw_dst and nw_proto are arp_spa, arp_tpa and arp_op where eth_type is ARP;
// icmp_type is icmpv6_type in IPv6. Null for an unknown name.
const Field* resolve_field(std::string_view name, const Match& match);

}  // namespace weft
