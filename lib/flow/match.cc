#include "lib/flow/match.h"

#include <algorithm>

namespace weft {
namespace {

constexpr uint64_t tag_present = swap_network_order(uint64_t{0x1000} << 32);

bool implies_tag(FieldId id) { return id == FieldId::dl_vlan || id == FieldId::dl_vlan_pcp || id == FieldId::vlan_pcp; }

bool is_one_of(const Match& match, FieldId id, std::initializer_list<uint64_t> values) {
  const Field& f = field(id);
  return match.is_exact(f) && std::ranges::find(values, match.value(f).lo) != values.end();
}

// Some bit of ct_state says that there is a connection, or "tracked" and not "invalid" do.
bool has_connection(const Match& match) {
  constexpr uint64_t connection_bits = 0xcf;  // new, est, rel, rpl, snat, dnat
  constexpr uint64_t invalid = 1 << 4;
  constexpr uint64_t tracked = 1 << 5;
  const uint64_t value = match.value(FieldId::ct_state).lo;
  const bool is_valid = (match.mask(FieldId::ct_state).lo & invalid) != 0 && (value & invalid) == 0;
  return (value & connection_bits) != 0 || ((value & tracked) != 0 && is_valid);
}

bool has_protocol(const Match& match, uint64_t protocol) {
  constexpr uint64_t later_fragment = 2;
  return match.meets_prerequisite(Prerequisite::ip) && is_one_of(match, FieldId::ip_proto, {protocol}) &&
         (match.value(FieldId::ip_frag).lo & later_fragment) == 0;
}

}  // namespace

void Match::set(const Field& field, FieldValue value) { set_masked(field, value, all_bits(field)); }

void Match::set_masked(const Field& field, FieldValue value, FieldValue mask) {
  weft::set(value_, field, value & mask);
  weft::set(mask_, field, mask);
  if (mask.is_zero()) {
    return;
  }
  set_present(field);
  if (implies_tag(field.id)) {
    value_.word(KeyWord::vlan) |= tag_present;
    mask_.word(KeyWord::vlan) |= tag_present;
  }
}

void Match::set_present(const Field& field) {
  const Presence presence = presence_of(field);
  value_.word(presence.word) |= presence.bits;
  mask_.word(presence.word) |= presence.bits;
}

void Match::clear(const Field& field) {
  weft::set(value_, field, {});
  weft::set(mask_, field, {});
  const Presence presence = presence_of(field);
  uint64_t unneeded = presence.bits;
  for (const Field& f : all_fields()) {
    if (const Presence other = presence_of(f); other.word == presence.word && !is_wild(f)) {
      unneeded &= ~other.bits;
    }
  }
  value_.word(presence.word) &= ~unneeded;
  mask_.word(presence.word) &= ~unneeded;
}

bool Match::meets_prerequisite(Prerequisite prerequisite) const {
  const auto is_type = [&](std::initializer_list<uint64_t> types) {
    return is_one_of(*this, FieldId::eth_type, types);
  };
  const auto is_nd = [&](std::initializer_list<uint64_t> types) {
    return meets_prerequisite(Prerequisite::icmpv6) && is_one_of(*this, FieldId::icmpv6_type, types);
  };
  // clang-format off
  switch (prerequisite) {
    case Prerequisite::none: return true;
    case Prerequisite::in_port: return !is_wild(field(FieldId::in_port));
    case Prerequisite::vlan: return (value_.word(KeyWord::vlan) & tag_present) != 0;
    case Prerequisite::mpls: return is_type({0x8847, 0x8848});
    case Prerequisite::pbb: return is_type({0x88e7});
    case Prerequisite::arp: return is_type({0x0806, 0x8035});
    case Prerequisite::ipv4: return is_type({0x0800});
    case Prerequisite::ipv6: return is_type({0x86dd});
    case Prerequisite::ip: return is_type({0x0800, 0x86dd});
    case Prerequisite::ct: return has_connection(*this);
    case Prerequisite::tcp: return has_protocol(*this, 6);
    case Prerequisite::udp: return has_protocol(*this, 17);
    case Prerequisite::sctp: return has_protocol(*this, 132);
    case Prerequisite::icmpv4: return is_type({0x0800}) && has_protocol(*this, 1);
    case Prerequisite::icmpv6: return is_type({0x86dd}) && has_protocol(*this, 58);
    case Prerequisite::nd: return is_nd({135, 136});
    case Prerequisite::nd_solicit: return is_nd({135});
    case Prerequisite::nd_advert: return is_nd({136});
  }
  // clang-format on
  return false;
}

bool Match::matches(const Flow& flow) const {
  uint64_t difference = 0;
  for (unsigned i = 0; i < key_word_count; ++i) {
    difference |= (flow.word(i) ^ value_.word(i)) & mask_.word(i);
  }
  return difference == 0;
}

bool Match::overlaps(const Match& other) const {
  uint64_t difference = 0;
  for (unsigned i = 0; i < key_word_count; ++i) {
    difference |= (value_.word(i) ^ other.value_.word(i)) & mask_.word(i) & other.mask_.word(i);
  }
  return difference == 0;
}

bool Match::is_subset_of(const Match& other) const {
  uint64_t difference = 0;
  for (unsigned i = 0; i < key_word_count; ++i) {
    difference |= other.mask_.word(i) & ~mask_.word(i);
    difference |= (value_.word(i) ^ other.value_.word(i)) & other.mask_.word(i);
  }
  return difference == 0;
}

}  // namespace weft
