// Actions that hold actions: clone and ct; with ct come nat and ct_clear.
#include <fmt/format.h>

#include "lib/openflow/nicira_action.h"

namespace weft::openflow {
namespace {

namespace ct_flag {
constexpr uint16_t commit = 1;
constexpr uint16_t force = 2;
}  // namespace ct_flag

namespace nat_flag {
constexpr uint16_t source = 1;
constexpr uint16_t destination = 2;
constexpr uint16_t persistent = 4;
constexpr uint16_t hash = 8;
constexpr uint16_t random = 16;
constexpr uint16_t all = 31;
}  // namespace nat_flag

// Which values of a range follow, in this order.
namespace nat_range {
constexpr uint16_t ipv4_min = 1;
constexpr uint16_t ipv4_max = 2;
constexpr uint16_t ipv6_min = 4;
constexpr uint16_t ipv6_max = 8;
constexpr uint16_t port_min = 16;
constexpr uint16_t port_max = 32;
constexpr uint16_t any_ipv4 = ipv4_min | ipv4_max;
constexpr uint16_t any_ipv6 = ipv6_min | ipv6_max;
constexpr uint16_t all = 63;
}  // namespace nat_range

constexpr uint8_t no_recirculation = 0xff;
constexpr uint16_t zone_bits = 16;

Boxed<NestedActions> read_nested(ActionBody& from, ActionContext context) {
  auto actions = read_actions(from.in.take_rest(), from.version, context, from.depth + 1);
  if (!actions) {
    from.in.fail(actions.error());
    return {};
  }
  return NestedActions{std::move(*actions)};
}

// A field's 16 bits, or without a field the zone itself.
std::variant<uint16_t, SubField> read_zone(ActionBody& from) {
  const auto header = from.in.rest();
  if (header.size() < 4 || load_be<uint32_t>(header.data()) == 0) {
    from.in.pad(4);
    return from.in.u16();
  }
  const FieldId id = read_short_field(from).id;
  const SubField bits = unpack_bits(id, from.in.u16());
  check_source(from.in, bits);
  if (bits.bit_count != zone_bits) {
    from.in.fail({ErrorCode::ofpbac_bad_set_len, fmt::format("a zone of {} bits", bits.bit_count)});
  }
  return bits;
}

// What only a commit can do needs it: naming a range, writing to the connection.
void check_commit(WireReader& in, const CtAction& action) {
  if (action.commit) {
    return;
  }
  if (action.force) {
    in.fail(bad_argument("ct(force) without commit"));
  }
  for (const Action& nested : action.nested->actions) {
    const auto* nat = std::get_if<NatAction>(&nested);
    if (nat == nullptr) {
      in.fail(bad_argument("ct(exec(...)) without commit"));
    } else if (nat->direction != NatDirection::existing) {
      in.fail(bad_argument("nat(src) or nat(dst) without commit"));
    }
  }
}

void read_nat_flags(WireReader& in, NatAction& action) {
  const uint16_t flags = in.u16();
  const auto has = [flags](uint16_t flag) { return (flags & flag) != 0; };
  action.persistent = has(nat_flag::persistent);
  action.hash = has(nat_flag::hash);
  action.random = has(nat_flag::random);
  if ((flags & ~nat_flag::all) != 0 || (has(nat_flag::source) && has(nat_flag::destination))) {
    in.fail(bad_argument(fmt::format("nat flags {:#06x}", flags)));
  } else if (has(nat_flag::source)) {
    action.direction = NatDirection::source;
  } else if (has(nat_flag::destination)) {
    action.direction = NatDirection::destination;
  } else if (flags != 0) {
    in.fail(bad_argument("nat with flags, but without direction"));
  }
  if (action.hash && action.random) {
    in.fail(bad_argument("nat by hash and at random"));
  }
}

Ipv4Address read_ipv4(WireReader& in) { return Ipv4Address::from_host(in.u32()); }

Ipv6Address read_ipv6(WireReader& in) {
  Ipv6Address address;
  for (uint8_t& byte : address.bytes) {
    byte = in.u8();
  }
  return address;
}

void read_nat_range(WireReader& in, uint16_t present, NatAction& action) {
  const auto has = [present](uint16_t value) { return (present & value) != 0; };
  if (has(nat_range::ipv4_min)) {
    action.address_min = read_ipv4(in);
  }
  if (has(nat_range::ipv4_max)) {
    action.address_max = read_ipv4(in);
  }
  if (has(nat_range::ipv6_min)) {
    action.address_min = read_ipv6(in);
  }
  if (has(nat_range::ipv6_max)) {
    action.address_max = read_ipv6(in);
  }
  if (has(nat_range::port_min)) {
    in.u16(action.port_min);
  }
  if (has(nat_range::port_max)) {
    in.u16(action.port_max);
  }
}

// Absent, or not before what it ends.
template <class T>
bool is_end_of(const T& max, const T& min) {
  return max == T{} || !(max < min);
}

bool is_possible(uint16_t present, const NatAction& action) {
  const bool both_families = (present & nat_range::any_ipv4) != 0 && (present & nat_range::any_ipv6) != 0;
  const bool has_address = (present & (nat_range::ipv4_min | nat_range::ipv6_min)) != 0;
  const bool has_end_only = ((present & (nat_range::ipv4_max | nat_range::ipv6_max)) != 0 && !has_address) ||
                            (action.port_max != 0 && action.port_min == 0);
  const bool needs_direction = present != 0 && action.direction == NatDirection::existing;
  return (present & ~nat_range::all) == 0 && !both_families && !has_end_only && !needs_direction &&
         is_end_of(action.address_max, action.address_min) && is_end_of(action.port_max, action.port_min);
}

uint16_t flags_of(const NatAction& action) {
  return static_cast<uint16_t>((action.direction == NatDirection::source ? nat_flag::source : 0) |
                               (action.direction == NatDirection::destination ? nat_flag::destination : 0) |
                               (action.persistent ? nat_flag::persistent : 0) | (action.hash ? nat_flag::hash : 0) |
                               (action.random ? nat_flag::random : 0));
}

uint16_t range_of(const NatAction& action) {
  const bool is_v6 = action.address_min && action.address_min->is_v6();
  return static_cast<uint16_t>((action.address_min ? (is_v6 ? nat_range::ipv6_min : nat_range::ipv4_min) : 0) |
                               (action.address_max ? (is_v6 ? nat_range::ipv6_max : nat_range::ipv4_max) : 0) |
                               (action.port_min != 0 ? nat_range::port_min : 0) |
                               (action.port_max != 0 ? nat_range::port_max : 0));
}

void write_address(WireWriter& out, const std::optional<IpAddress>& address) {
  if (address && address->is_v4()) {
    out.u32(address->v4().host());
  } else if (address) {
    out.bytes(address->v6().bytes);
  }
}

}  // namespace

Action read_clone(ActionBody& from) {
  from.in.pad(6);
  return CloneAction{read_nested(from, from.context)};
}

Action read_ct(ActionBody& from) {
  CtAction action;
  const uint16_t flags = from.in.u16();
  action.commit = (flags & ct_flag::commit) != 0;
  action.force = (flags & ct_flag::force) != 0;
  action.zone = read_zone(from);
  const uint8_t table = from.in.u8();
  if (table != no_recirculation) {
    action.table = table;
  }
  from.in.pad(3);
  from.in.u16(action.alg);
  action.nested = read_nested(from, ActionContext::tracked);
  check_commit(from.in, action);
  return action;
}

Action read_nat(ActionBody& from) {
  NatAction action;
  from.in.pad(2);
  read_nat_flags(from.in, action);
  const uint16_t present = from.in.u16();
  read_nat_range(from.in, present, action);
  if (!is_possible(present, action)) {
    from.in.fail(bad_argument("a nat range that is none"));
  }
  skip_padding(from.in);
  return action;
}

void write_nicira(WireWriter& out, const CloneAction& action, Version version, bool is_tagged) {
  write_nicira_action(out, subtype::clone, [&] {
    out.pad(6);
    write_actions(out, action.nested->actions, version, is_tagged);
  });
}

void write_nicira(WireWriter& out, const CtAction& action, Version version) {
  write_nicira_action(out, subtype::ct, [&] {
    out.u16((action.commit ? ct_flag::commit : 0) | (action.force ? ct_flag::force : 0));
    if (const auto* bits = std::get_if<SubField>(&action.zone)) {
      write_oxm_header(out, nxm_first(bits->field));
      out.u16(pack_bits(*bits));
    } else {
      out.u32(0);
      out.u16(std::get<uint16_t>(action.zone));
    }
    out.u8(action.table.value_or(no_recirculation));
    out.pad(3);
    out.u16(action.alg);
    write_actions(out, action.nested->actions, version);
  });
}

void write_nicira(WireWriter& out, const NatAction& action) {
  write_nicira_action(out, subtype::nat, [&] {
    out.pad(2);
    out.u16(flags_of(action));
    out.u16(range_of(action));
    write_address(out, action.address_min);
    write_address(out, action.address_max);
    if (action.port_min != 0) {
      out.u16(action.port_min);
    }
    if (action.port_max != 0) {
      out.u16(action.port_max);
    }
  });
}

}  // namespace weft::openflow
