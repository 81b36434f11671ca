#include "lib/flow/field_text.h"

#include <algorithm>
#include <utility>

#include "lib/base/ip_address.h"
#include "lib/base/mac_address.h"
#include "lib/flow/flag_names.h"
#include "lib/flow/ipv6_chain.h"
#include "lib/flow/number_text.h"

namespace weft {
namespace {

using Parsed = Result<MaskedValue, TextError>;

constexpr std::pair<std::string_view, MaskedValue> fragment_names[] = {
    {"no", {{0, 0}, {0, 3}}},    {"yes", {{0, 1}, {0, 1}}},       {"first", {{0, 1}, {0, 3}}},
    {"later", {{0, 3}, {0, 3}}}, {"not_later", {{0, 0}, {0, 2}}},
};

std::string quoted(std::string_view word) { return "\"" + std::string(word) + "\""; }

Unexpected<TextError> wrong(std::string_view text, std::string_view word, std::string message) {
  return Unexpected{error_at(text, word, std::move(message))};
}

Ipv6Address to_ipv6(FieldValue value) {
  Ipv6Address address;
  store_be64(address.bytes.data(), value.hi);
  store_be64(address.bytes.data() + 8, value.lo);
  return address;
}

FieldValue from_ipv6(const Ipv6Address& address) {
  return {load_be64(address.bytes.data()), load_be64(address.bytes.data() + 8)};
}

// The three kinds of address: how one is written, read, and abbreviated as a mask.
std::string format_address(const Field& field, FieldValue value) {
  switch (field.format) {
    case FieldFormat::mac:
      return MacAddress::from_uint64(value.lo).to_string();
    case FieldFormat::ipv4:
      return Ipv4Address::from_host(static_cast<uint32_t>(value.lo)).to_string();
    default:
      return to_ipv6(value).to_string();
  }
}

std::optional<FieldValue> parse_address(const Field& field, std::string_view text) {
  const auto wrap = [](auto address, auto convert) {
    return address ? std::optional(convert(*address)) : std::nullopt;
  };
  switch (field.format) {
    case FieldFormat::mac:
      return wrap(MacAddress::parse(text), [](MacAddress mac) { return FieldValue{0, mac.to_uint64()}; });
    case FieldFormat::ipv4:
      return wrap(Ipv4Address::parse(text), [](Ipv4Address ip) { return FieldValue{0, ip.host()}; });
    default:
      return wrap(Ipv6Address::parse(text), from_ipv6);
  }
}

std::optional<unsigned> prefix_length(const Field& field, FieldValue mask) {
  switch (field.format) {
    case FieldFormat::ipv4:
      return Ipv4Address::from_host(static_cast<uint32_t>(mask.lo)).prefix_length();
    case FieldFormat::ipv6:
      return to_ipv6(mask).prefix_length();
    default:
      return std::nullopt;
  }
}

FieldValue prefix_mask(unsigned n_bits, unsigned length) {
  return FieldValue::ones(n_bits) & ~FieldValue::ones(n_bits - length);
}

std::string format_fragment(const MaskedValue& masked) {
  for (const auto& [name, meaning] : fragment_names) {
    if (meaning == masked) {
      return std::string(name);
    }
  }
  // Later but not a fragment: nothing is.
  return "<error>";
}

std::string format_packet_type(FieldValue value) {
  return "(" + std::to_string(value.lo >> 16) + "," + format_hex(value.lo & 0xffff) + ")";
}

const FlagNames& flag_names(const Field& field) {
  switch (field.format) {
    case FieldFormat::tcp_flags:
      return tcp_flag_names;
    case FieldFormat::ct_state:
      return ct_state_names;
    default:
      return tun_flag_names;
  }
}

std::string format_mask(const Field& field, FieldValue mask) {
  switch (field.format) {
    case FieldFormat::mac:
    case FieldFormat::ipv4:
    case FieldFormat::ipv6: {
      const auto prefix = prefix_length(field, mask);
      return prefix ? std::to_string(*prefix) : format_address(field, mask);
    }
    default:
      return format_hex(mask);
  }
}

Parsed parse_fragment(std::string_view text) {
  const auto named = std::ranges::find(fragment_names, text, &std::pair<std::string_view, MaskedValue>::first);
  if (named == std::end(fragment_names)) {
    return wrong(text, text, "unknown fragment type " + quoted(text) + " (no, yes, first, later or not_later)");
  }
  return named->second;
}

Parsed parse_flag_field(const Field& field, std::string_view text) {
  return parse_flags(flag_names(field), all_bits(field).lo, text).transform([](const FlagBits& bits) {
    return MaskedValue{{0, bits.value}, {0, bits.mask}};
  });
}

// "(1,0x800)": namespace and type.
Parsed parse_packet_type(const Field& field, std::string_view text) {
  const bool has_braces = text.size() >= 2 && text.front() == '(' && text.back() == ')';
  const auto parts = has_braces ? split_once(text.substr(1, text.size() - 2), ',') : std::nullopt;
  const auto name_space = parts ? parse_unsigned(parts->first, 0xffff) : std::nullopt;
  const auto type = parts ? parse_unsigned(parts->second, 0xffff) : std::nullopt;
  if (!name_space || !type) {
    return wrong(text, text, "a packet type is written (namespace,type)");
  }
  return MaskedValue{{0, *name_space << 16 | *type}, all_bits(field)};
}

Parsed parse_port_field(const Field& field, std::string_view text, const PortNames* ports) {
  const auto port = parse_port(text, ports);
  if (!port) {
    return wrong(text, text, "no such port: " + quoted(text));
  }
  return MaskedValue{{0, number(*port)}, all_bits(field)};
}

std::string_view address_kind(const Field& field) {
  switch (field.format) {
    case FieldFormat::mac:
      return "Ethernet address";
    case FieldFormat::ipv4:
      return "IPv4 address";
    default:
      return "IPv6 address";
  }
}

Parsed parse_address_field(const Field& field, std::string_view text) {
  const auto parts = split_once(text, '/');
  const std::string_view value_text = parts ? parts->first : text;
  const auto value = parse_address(field, value_text);
  if (!value) {
    return wrong(text, value_text, quoted(value_text) + " is not an " + std::string(address_kind(field)));
  }
  if (!parts) {
    return MaskedValue{*value, all_bits(field)};
  }
  auto mask = parse_address(field, parts->second);
  if (const auto length = parse_unsigned(parts->second, field.n_bits); length && field.format != FieldFormat::mac) {
    mask = prefix_mask(field.n_bits, static_cast<unsigned>(*length));
  }
  if (!mask) {
    return wrong(text, parts->second, quoted(parts->second) + " is neither a mask nor a prefix length");
  }
  return MaskedValue{*value & *mask, *mask};
}

Result<FieldValue, TextError> parse_number_of(const Field& field, std::string_view text, std::string_view word) {
  const auto value = parse_wide_unsigned(word);
  if (!value) {
    return wrong(text, word, quoted(word) + " is not a number");
  }
  if (!(*value & ~FieldValue::ones(field.n_bits)).is_zero()) {
    return wrong(text, word,
                 "value too large for the " + std::to_string(field.n_bits) + "-bit field " + std::string(field.name));
  }
  return *value;
}

Parsed parse_number_field(const Field& field, std::string_view text) {
  const auto parts = split_once(text, '/');
  const auto value = parse_number_of(field, text, parts ? parts->first : text);
  if (!value) {
    return Unexpected{value.error()};
  }
  if (!parts) {
    return MaskedValue{*value & all_bits(field), all_bits(field)};
  }
  const auto mask = parse_number_of(field, text, parts->second);
  if (!mask) {
    return Unexpected{mask.error()};
  }
  return MaskedValue{*value & *mask & all_bits(field), *mask & all_bits(field)};
}

Parsed parse_by_format(const Field& field, std::string_view text, const PortNames* ports) {
  switch (field.format) {
    case FieldFormat::mac:
    case FieldFormat::ipv4:
    case FieldFormat::ipv6:
      return parse_address_field(field, text);
    case FieldFormat::of_port:
      return parse_port_field(field, text, ports);
    case FieldFormat::frag:
      return parse_fragment(text);
    case FieldFormat::tcp_flags:
    case FieldFormat::ct_state:
    case FieldFormat::tun_flags:
      return parse_flag_field(field, text);
    case FieldFormat::packet_type:
      return parse_packet_type(field, text);
    case FieldFormat::decimal:
    case FieldFormat::hexadecimal:
      break;
  }
  return parse_number_field(field, text);
}

bool is_wildcard(const Field& field, std::string_view text) {
  return text == "*" || (text == "ANY" && field.format != FieldFormat::of_port);
}

// A network protocol's reading of a name, as far as the match tells.
const Field* resolve_in_arp(std::string_view name) {
  constexpr std::pair<std::string_view, FieldId> in_arp[] = {
      {"nw_src", FieldId::arp_spa}, {"nw_dst", FieldId::arp_tpa},  {"ip_src", FieldId::arp_spa},
      {"ip_dst", FieldId::arp_tpa}, {"nw_proto", FieldId::arp_op}, {"ip_proto", FieldId::arp_op},
  };
  const auto found = std::ranges::find(in_arp, name, &std::pair<std::string_view, FieldId>::first);
  return found == std::end(in_arp) ? nullptr : &field(found->second);
}

const Field* resolve_ports(bool is_src, const Match& match) {
  const auto choose = [&](FieldId src, FieldId dst) { return &field(is_src ? src : dst); };
  if (match.meets_prerequisite(Prerequisite::udp)) {
    return choose(FieldId::udp_src, FieldId::udp_dst);
  }
  if (match.meets_prerequisite(Prerequisite::sctp)) {
    return choose(FieldId::sctp_src, FieldId::sctp_dst);
  }
  if (match.meets_prerequisite(Prerequisite::icmpv4)) {
    return choose(FieldId::icmp_type, FieldId::icmp_code);
  }
  if (match.meets_prerequisite(Prerequisite::icmpv6)) {
    return choose(FieldId::icmpv6_type, FieldId::icmpv6_code);
  }
  return choose(FieldId::tcp_src, FieldId::tcp_dst);
}

}  // namespace

std::string format_value(const Field& field, FieldValue value, const PortNames* ports) {
  switch (field.format) {
    case FieldFormat::decimal:
      return std::to_string(value.lo);
    case FieldFormat::hexadecimal:
      return format_hex(value);
    case FieldFormat::mac:
    case FieldFormat::ipv4:
    case FieldFormat::ipv6:
      return format_address(field, value);
    case FieldFormat::of_port:
      return format_port(OfPort{static_cast<uint16_t>(value.lo)}, ports);
    case FieldFormat::frag:
      return format_fragment({value, all_bits(field)});
    case FieldFormat::tcp_flags:
    case FieldFormat::ct_state:
    case FieldFormat::tun_flags:
      return format_flags(flag_names(field), value.lo);
    case FieldFormat::packet_type:
      return format_packet_type(value);
  }
  return {};
}

std::string format_value(const Field& field, const MaskedValue& masked, const PortNames* ports) {
  if (masked.mask == all_bits(field)) {
    return format_value(field, masked.value, ports);
  }
  switch (field.format) {
    case FieldFormat::frag:
      return format_fragment(masked);
    case FieldFormat::tcp_flags:
    case FieldFormat::ct_state:
    case FieldFormat::tun_flags:
      return format_signed_flags(flag_names(field), masked.value.lo, masked.mask.lo);
    default:
      return format_value(field, masked.value, ports) + "/" + format_mask(field, masked.mask);
  }
}

Result<MaskedValue, TextError> parse_value(const Field& field, std::string_view text, const PortNames* ports) {
  if (is_wildcard(field, text)) {
    return MaskedValue{};
  }
  const Parsed parsed = parse_by_format(field, text, ports);
  if (parsed && !field.is_maskable() && !parsed->mask.is_zero() && parsed->mask != all_bits(field)) {
    return wrong(text, text, "the field " + std::string(field.name) + " takes no mask");
  }
  return parsed;
}

Result<void, TextError> add_to_match(Match& match, const Field& field, std::string_view text, const PortNames* ports) {
  constexpr uint64_t no_tag = 0xffff;
  if (field.id == FieldId::dl_vlan && parse_unsigned(text, no_tag) == no_tag) {
    match.set(FieldId::vlan_tci, 0);
    return {};
  }
  const auto parsed = parse_value(field, text, ports);
  if (!parsed) {
    return Unexpected{parsed.error()};
  }
  match.set_masked(field, parsed->value, parsed->mask);
  if (is_tunnel_option(field.id)) {  // "*" asks for it, too
    match.set_present(field);
  }
  return {};
}

std::string_view match_for(Prerequisite prerequisite) {
  switch (prerequisite) {
    case Prerequisite::vlan:
      return "dl_vlan=...";
    case Prerequisite::mpls:
      return "mpls";
    case Prerequisite::pbb:
      return "dl_type=0x88e7";
    case Prerequisite::in_port:
      return "in_port";
    case Prerequisite::arp:
      return "arp or rarp";
    case Prerequisite::ipv4:
      return "ip";
    case Prerequisite::ipv6:
      return "ipv6";
    case Prerequisite::ip:
      return "ip or ipv6";
    case Prerequisite::ct:
      return "ct_state=+trk-inv";
    case Prerequisite::tcp:
      return "tcp or tcp6";
    case Prerequisite::udp:
      return "udp or udp6";
    case Prerequisite::sctp:
      return "sctp or sctp6";
    case Prerequisite::icmpv4:
      return "icmp";
    case Prerequisite::icmpv6:
      return "icmp6";
    case Prerequisite::nd:
    case Prerequisite::nd_solicit:
      return "icmp6,icmp_type=135";
    case Prerequisite::nd_advert:
      return "icmp6,icmp_type=136";
    case Prerequisite::none:
      break;
  }
  return "";
}

const Field* resolve_field(std::string_view name, const Match& match) {
  if (match.meets_prerequisite(Prerequisite::arp)) {
    if (const Field* in_arp = resolve_in_arp(name)) {
      return in_arp;
    }
  }
  if (name == "tp_src" || name == "tp_dst") {
    return resolve_ports(name == "tp_src", match);
  }
  if (match.meets_prerequisite(Prerequisite::icmpv6) && (name == "icmp_type" || name == "icmp_code")) {
    return &field(name == "icmp_type" ? FieldId::icmpv6_type : FieldId::icmpv6_code);
  }
  return find_field(name);
}

}  // namespace weft
