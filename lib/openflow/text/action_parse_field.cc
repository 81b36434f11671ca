// Actions that write fields: set_field, load, move, and the older mod_ ones, which are set_field too.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "lib/flow/field_text.h"
#include "lib/flow/number_text.h"
#include "lib/openflow/action_codec.h"
#include "lib/openflow/oxm.h"
#include "lib/openflow/text/action_parse.h"
#include "lib/openflow/text/sub_field_text.h"

namespace weft::openflow {
namespace {

// "SOURCE->TARGET"
Result<std::pair<std::string_view, std::string_view>, TextError> split_arrow(const TextSource& source,
                                                                             const Word& word) {
  const size_t arrow = word.value.find("->");
  if (arrow == std::string_view::npos) {
    return source.error(word.place(), fmt::format("{0} is written {0}:VALUE->FIELD", word.key));
  }
  return std::pair(trim(word.value.substr(0, arrow)), trim(word.value.substr(arrow + 2)));
}

// What may be set where is action_rules.h, which the list is asked as a whole.
Parsed check_writable(const TextSource& source, std::string_view word, const Field& f) {
  if (!f.is_writable || !has_oxm(f)) {
    return source.error(word, fmt::format("{} is read-only", f.name));
  }
  return {};
}

// Of ARP and ICMP the names mean fields that 1.0 has no action for.
bool has_own_action(FieldId id) {
  constexpr FieldId fields[] = {FieldId::eth_src, FieldId::eth_dst,  FieldId::ipv4_src, FieldId::ipv4_dst,
                                FieldId::ip_ecn,  FieldId::tcp_src,  FieldId::tcp_dst,  FieldId::udp_src,
                                FieldId::udp_dst, FieldId::sctp_src, FieldId::sctp_dst};
  return std::find(std::begin(fields), std::end(fields), id) != std::end(fields);
}

SetFieldAction set_whole(FieldId id, uint64_t value) {
  return {.field = id, .value = {0, value}, .mask = all_bits(field(id)), .is_mod = true};
}

Result<SubField, TextError> parse_bits(const ActionInput& input, std::string_view word, unsigned max_bits) {
  auto bits = parse_sub_field(input.source, word, input.match);
  if (bits && !has_oxm(field(bits->field))) {
    return input.source.error(word, fmt::format("{} has no number on the wire", field(bits->field).name));
  }
  if (bits && bits->bit_count > max_bits) {
    return input.source.error(word, fmt::format("at most {} bits can be named here", max_bits));
  }
  return bits;
}

Parsed check_vlan_vid(const TextSource& source, std::string_view word, const Field& f, const MaskedValue& value) {
  constexpr uint64_t vid_present = 0x1000;
  if (f.id == FieldId::vlan_vid && (value.mask.lo & vid_present) != 0 && (value.value.lo & vid_present) == 0) {
    return source.error(word, "vlan_vid includes bit 0x1000, which says that there is a tag",
                        std::to_string(value.value.lo | vid_present));
  }
  return {};
}

// The dl_ spellings write the same bits as what OXM can name.
const Field& on_wire(const Field& f) {
  switch (f.id) {
    case FieldId::dl_vlan_pcp:
      return field(FieldId::vlan_pcp);
    case FieldId::in_port_oxm:
      return field(FieldId::in_port);
    default:
      return f;
  }
}

Parsed set_field(const ActionInput& input, const Field& named, std::string_view name_word, std::string_view value_word,
                 ActionList& out) {
  const Field& f = on_wire(named);
  if (auto checked = check_writable(input.source, name_word, f); !checked) {
    return checked;
  }
  const auto value = parse_value(f, value_word, input.source.ports);
  if (!value) {
    return input.source.inside(value_word, value.error());
  }
  if (value->mask.is_zero()) {
    return input.source.error(value_word, "this sets nothing");
  }
  if (auto checked = check_vlan_vid(input.source, value_word, f, *value); !checked) {
    return checked;
  }
  out.emplace_back(SetFieldAction{f.id, value->value, value->mask});
  return {};
}

}  // namespace

Result<SubField, TextError> parse_source(const ActionInput& input, std::string_view word, unsigned max_bits) {
  return parse_bits(input, word, max_bits);
}

Result<SubField, TextError> parse_target(const ActionInput& input, std::string_view word, unsigned max_bits) {
  auto bits = parse_bits(input, word, max_bits);
  if (bits) {
    if (auto checked = check_writable(input.source, word, field(bits->field)); !checked) {
      return Unexpected{checked.error()};
    }
  }
  return bits;
}

Parsed parse_set_field(const ActionInput& input, const Word& word, ActionList& out) {
  const auto parts = split_arrow(input.source, word);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  const auto f = parse_field_name(input.source, parts->second, input.match);
  if (!f) {
    return Unexpected{f.error()};
  }
  return set_field(input, **f, parts->second, parts->first, out);
}

Parsed parse_load(const ActionInput& input, const Word& word, ActionList& out) {
  const auto parts = split_arrow(input.source, word);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  const auto target = parse_sub_field(input.source, parts->second, input.match);
  if (!target) {
    return Unexpected{target.error()};
  }
  const Field& f = field(target->field);
  if (auto checked = check_writable(input.source, parts->second, f); !checked) {
    return checked;
  }
  const auto value = parse_wide_unsigned(parts->first);
  if (!value || !(*value & ~FieldValue::ones(target->bit_count)).is_zero()) {
    return input.source.error(parts->first.empty() ? word.whole : parts->first,
                              fmt::format("expected a number of at most {} bits", target->bit_count));
  }
  // One reg_load writes at most 64 bits.
  const FieldValue mask = FieldValue::ones(target->bit_count) << target->offset;
  const FieldValue placed = *value << target->offset;
  for (const BitRun run : runs_of(mask, f.n_bits)) {
    const FieldValue run_mask = FieldValue::ones(run.count) << run.offset;
    out.emplace_back(SetFieldAction{f.id, placed & run_mask, run_mask, true});
  }
  return {};
}

Parsed parse_move(const ActionInput& input, const Word& word, ActionList& out) {
  const auto parts = split_arrow(input.source, word);
  if (!parts) {
    return Unexpected{parts.error()};
  }
  const auto from = parse_sub_field(input.source, parts->first, input.match);
  const auto to = parse_sub_field(input.source, parts->second, input.match);
  if (!from || !to) {
    return Unexpected{from ? to.error() : from.error()};
  }
  if (!has_oxm(field(from->field))) {
    return input.source.error(parts->first, "this field cannot be moved");
  }
  if (auto checked = check_writable(input.source, parts->second, field(to->field)); !checked) {
    return checked;
  }
  if (from->bit_count != to->bit_count) {
    return input.source.error(word.value, fmt::format("{} bits do not fit into {}", from->bit_count, to->bit_count));
  }
  out.emplace_back(MoveAction{*from, *to});
  return {};
}

// Of a match nw_src is also ARP's sender; an action changes an IP header only.
const Field& modified_field(std::string_view name, const Match& match) {
  if (name == "nw_src" || name == "nw_dst") {
    return field(name == "nw_src" ? FieldId::ipv4_src : FieldId::ipv4_dst);
  }
  return *resolve_field(name, match);
}

// mod_dl_src, mod_dl_dst, mod_nw_src ... set the field of that name; mod_nw_tos is given the whole byte.
Parsed parse_mod(const ActionInput& input, const Word& word, ActionList& out) {
  constexpr std::string_view prefix = "mod_";
  const std::string name = to_lower(word.key).substr(prefix.size());
  if (name == "nw_tos") {
    const auto tos = number_value(input.source, word, "type of service", 0, 255);
    if (!tos) {
      return Unexpected{tos.error()};
    }
    if ((*tos & 3) != 0) {
      return input.source.error(word.value, "the type of service has its two low bits (ECN) zero",
                                std::to_string(*tos & 0xfc));
    }
    out.emplace_back(set_whole(FieldId::ip_dscp, *tos >> 2));
    return {};
  }
  const Field& f = modified_field(name, input.match);
  if (word.value.empty()) {
    return input.source.error(word.whole, std::string(word.key) + " needs a value");
  }
  if (auto parsed = set_field(input, f, word.key, word.value, out); !parsed) {
    return parsed;
  }
  auto& set = std::get<SetFieldAction>(out.back());
  set.is_mod = set.mask == all_bits(f) && has_own_action(f.id);
  return {};
}

Parsed parse_set_tunnel(const ActionInput& input, const Word& word, ActionList& out) {
  const auto id = number_value(input.source, word, "tunnel id", 0, ~uint64_t{0});
  if (!id) {
    return Unexpected{id.error()};
  }
  out.emplace_back(set_whole(FieldId::tun_id, *id));
  return {};
}

Parsed parse_set_mpls(const ActionInput& input, const Word& word, ActionList& out) {
  const FieldId id = to_lower(word.key) == "set_mpls_tc" ? FieldId::mpls_tc : FieldId::mpls_label;
  const auto value = number_value(input.source, word, field(id).description, 0, all_bits(field(id)).lo);
  if (!value) {
    return Unexpected{value.error()};
  }
  out.emplace_back(set_whole(id, *value));
  return {};
}

// "push:FIELD[BITS]" and "pop:FIELD[BITS]".
Parsed parse_push(const ActionInput& input, const Word& word, ActionList& out) {
  return parse_source(input, word.place()).transform([&](const SubField& bits) {
    out.emplace_back(StackPushAction{bits});
  });
}

Parsed parse_pop(const ActionInput& input, const Word& word, ActionList& out) {
  return parse_target(input, word.place()).transform([&](const SubField& bits) {
    out.emplace_back(StackPopAction{bits});
  });
}

// "check_pkt_larger(SIZE)->FIELD[BIT]"
Parsed parse_check_pkt_larger(const ActionInput& input, const Word& word, ActionList& out) {
  CheckPacketLargerAction action;
  if (auto parsed = parse_option(input, word, action.size); !parsed) {
    return parsed;
  }
  if (word.target.empty()) {
    return input.source.error(word.whole, "check_pkt_larger is written check_pkt_larger(SIZE)->FIELD[BIT]");
  }
  const auto to = parse_target(input, word.target);
  if (!to) {
    return Unexpected{to.error()};
  }
  if (to->bit_count != 1) {
    return input.source.error(word.target, "the result is one bit: FIELD[BIT]");
  }
  action.to = *to;
  out.emplace_back(action);
  return {};
}

Parsed parse_delete_field(const ActionInput& input, const Word& word, ActionList& out) {
  const Field* f = find_field(word.value);
  if (f == nullptr || !is_tunnel_option(f->id)) {
    return input.source.error(word.place(), "only a tunnel option can be deleted: tun_metadata0 to tun_metadata63");
  }
  out.emplace_back(DeleteFieldAction{f->id});
  return {};
}

}  // namespace weft::openflow
