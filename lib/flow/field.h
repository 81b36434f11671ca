// The field registry: the only place that describes a match field.
//
// One row a field: its names, width, place in the key, OXM and NXM numbers, what must be matched before it
// may be (prerequisites), whether it may be masked and set, and how its values are written in text. Parser,
// printer, wire codecs, set-field, classifier tests and the documentation read the row; nobody else knows.
//
// Sources: OpenFlow 1.5.1 section 7.2.3 (OXM), Open vSwitch's ovs-fields(7) for names and NXM numbers.
// Registers of three widths are views of one 64-byte array, and some fields of the same header are further
// views of the same bits (vlan_tci and vlan_vid; tcp_src and udp_src): their places overlap on purpose.
//
// Threads: constant data, readable from anywhere. Cost: by id or number, an array access; by name, a hash.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/big_endian.h"
#include "lib/flow/flow_key.h"

namespace weft {

// clang-format off
// tun_metadata0..63, reg0..15, xreg0..7 and xxreg0..3 are consecutive.
enum class FieldId : uint16_t {
  tun_id, tun_src, tun_dst, tun_ipv6_src, tun_ipv6_dst, tun_flags, tun_tos, tun_ttl, tun_gbp_id, tun_gbp_flags,
  tun_metadata0, tun_metadata63 = tun_metadata0 + 63,
  metadata,
  reg0, reg15 = reg0 + 15,
  xreg0, xreg7 = xreg0 + 7,
  xxreg0, xxreg3 = xxreg0 + 3,
  pkt_mark, recirc_id, dp_hash, in_port /* 16 bits, NXM form */, in_port_oxm /* 32 bits, same place */, in_phy_port,
  packet_type, actset_output, conj_id,
  ct_state, ct_zone, ct_mark, ct_label, ct_nw_proto, ct_nw_src, ct_nw_dst, ct_ipv6_src, ct_ipv6_dst,
  ct_tp_src, ct_tp_dst,
  eth_dst, eth_src, eth_type,
  vlan_tci /* NXM */, dl_vlan /* text and 1.0 */, dl_vlan_pcp /* text and 1.0 */, vlan_vid /* OXM, 13 bits */, vlan_pcp,
  mpls_label, mpls_tc, mpls_bos, mpls_ttl, pbb_isid, pbb_uca,
  ipv4_src, ipv4_dst, ipv6_src, ipv6_dst, ipv6_label, ipv6_exthdr,
  ip_proto, nw_tos /* NXM: the byte, ECN bits clear */, ip_dscp /* 6 bits */, ip_ecn, nw_ttl, ip_frag,
  arp_op, arp_spa, arp_tpa, arp_sha, arp_tha,
  tcp_src, tcp_dst, tcp_flags, udp_src, udp_dst, sctp_src, sctp_dst,
  icmp_type, icmp_code, icmpv6_type, icmpv6_code,
  nd_target, nd_sll, nd_tll, nd_reserved, nd_options_type,
  count
};
// clang-format on
inline constexpr unsigned field_count = static_cast<unsigned>(FieldId::count);
constexpr FieldId operator+(FieldId base, unsigned n) { return static_cast<FieldId>(static_cast<unsigned>(base) + n); }
constexpr unsigned operator-(FieldId a, FieldId b) { return static_cast<unsigned>(a) - static_cast<unsigned>(b); }

// tun_metadata n, which exists where a packet has the option that is mapped to it.
constexpr bool is_tunnel_option(FieldId id) { return id - FieldId::tun_metadata0 < 64; }

// A value or mask of up to 128 bits, right-aligned: an 8-bit field's value stands in the low 8 bits of `lo`.
struct FieldValue {
  uint64_t hi = 0;
  uint64_t lo = 0;

  static constexpr FieldValue ones(unsigned n_bits) {
    const auto low = [](unsigned n) { return n == 0 ? 0 : ~uint64_t{0} >> (64 - n); };
    return n_bits > 64 ? FieldValue{low(n_bits > 128 ? 64 : n_bits - 64), low(64)} : FieldValue{0, low(n_bits)};
  }
  constexpr bool is_zero() const { return (hi | lo) == 0; }
  friend constexpr bool operator==(const FieldValue&, const FieldValue&) = default;
  friend constexpr auto operator<=>(const FieldValue&, const FieldValue&) = default;
  friend constexpr FieldValue operator&(FieldValue a, FieldValue b) { return {a.hi & b.hi, a.lo & b.lo}; }
  friend constexpr FieldValue operator|(FieldValue a, FieldValue b) { return {a.hi | b.hi, a.lo | b.lo}; }
  friend constexpr FieldValue operator~(FieldValue a) { return {~a.hi, ~a.lo}; }
  friend constexpr FieldValue operator<<(FieldValue a, unsigned n) {
    if (n == 0) {
      return a;
    }
    return n < 64    ? FieldValue{a.hi << n | a.lo >> (64 - n), a.lo << n}
           : n < 128 ? FieldValue{a.lo << (n - 64), 0}
                     : FieldValue{};
  }
  friend constexpr FieldValue operator>>(FieldValue a, unsigned n) {
    if (n == 0) {
      return a;
    }
    return n < 64    ? FieldValue{a.hi >> n, a.lo >> n | a.hi << (64 - n)}
           : n < 128 ? FieldValue{0, a.hi >> (n - 64)}
                     : FieldValue{};
  }
};

// OXM/NXM identity: class, field number and, for class 0xffff, the experimenter id. `size` is the payload's
// size in bytes without a mask and without the experimenter id. `name` is the specification's: NXM_NX_REG0.
struct OxmId {
  std::string_view name;
  uint16_t oxm_class;
  uint8_t field;
  uint32_t experimenter;  // 0 unless oxm_class is 0xffff
  uint8_t size;
};

namespace oxm_class {
inline constexpr uint16_t nxm_0 = 0x0000;
inline constexpr uint16_t nxm_1 = 0x0001;
inline constexpr uint16_t ericsson = 0x1000;
inline constexpr uint16_t basic = 0x8000;
inline constexpr uint16_t registers = 0x8001;
inline constexpr uint16_t experimenter = 0xffff;
}  // namespace oxm_class
inline constexpr uint32_t onf_experimenter = 0x4f4e4600;
inline constexpr uint32_t nicira_experimenter = 0x00002320;

// of_port: the key holds the 16-bit numbering of OfPort. Where the wire form has four bytes the codec converts
// with to_wire32() and from_wire32().
enum class FieldFormat : uint8_t {
  decimal,
  hexadecimal,
  mac,
  ipv4,
  ipv6,
  of_port,
  frag,
  tcp_flags,
  ct_state,
  tun_flags,
  packet_type,
};

enum class MaskRule : uint8_t { exact, any };  // `any`: arbitrary bit masks, as Open vSwitch allows

// What a rule must also match before it may match or set the field. Checked by match.h.
enum class Prerequisite : uint8_t {
  none,
  in_port /* any of them */,
  vlan,
  mpls,
  pbb,
  arp /* ARP or RARP */,
  ipv4,
  ipv6,
  ip /* either */,
  tcp,
  udp,
  sctp,
  icmpv4,
  icmpv6,
  nd /* NS or NA */,
  nd_solicit,
  nd_advert,
  ct /* ct_state says there is a connection */,
};

inline constexpr uint16_t no_place = 0xffff;

struct Field {
  FieldId id{};
  std::string_view name;                      // in text, as ovs-ofctl prints it in actions (eth_src, ip_src)
  std::span<const std::string_view> aliases;  // other accepted names: dl_src for eth_src ...
  std::string_view description;               // one line for people
  uint16_t n_bits = 0;                        // width of the value
  uint8_t n_zero_bits = 0;                    // low bits of the value that are always zero and not in the key
  uint16_t key_bit = no_place;                // first bit in the key: word index * 64 + bit, 0 = most significant
  std::optional<OxmId> oxm;                   // OpenFlow basic or register class
  std::optional<OxmId> oxm_experimenter;      // class 0xffff or 0x1000: before the field became standard
  std::optional<OxmId> nxm;                   // classes 0 and 1
  Prerequisite prerequisite = Prerequisite::none;
  uint16_t presence = 0;  // bits of `present` that must be set for the field to exist; presence_of() says all
  MaskRule mask_rule = MaskRule::any;
  bool is_writable = false;  // by set-field or load
  FieldFormat format = FieldFormat::hexadecimal;

  constexpr unsigned size() const { return (n_bits + 7u) / 8u; }
  constexpr bool is_maskable() const { return mask_rule != MaskRule::exact; }
  constexpr bool has_place() const { return key_bit != no_place; }
  constexpr unsigned first_word() const { return key_bit / 64u; }
  constexpr unsigned first_bit() const { return key_bit % 64u; }
};

// Where it stands that a field exists: all these bits of the word are set. No bits: it always does.
struct Presence {
  KeyWord word = present_word;
  uint64_t bits = 0;
};
constexpr Presence presence_of(const Field& field) {
  return is_tunnel_option(field.id)
             ? Presence{KeyWord::tun_options_present, uint64_t{1} << (field.id - FieldId::tun_metadata0)}
             : Presence{present_word, present_in_word(field.presence)};
}
inline bool is_there(const Flow& flow, const Field& field) {
  const Presence presence = presence_of(field);
  return (flow.word(presence.word) & presence.bits) == presence.bits;
}

extern const std::array<Field, field_count> field_table;  // by FieldId: field_table.cc

inline const Field& field(FieldId id) { return field_table[static_cast<size_t>(id)]; }
std::span<const Field> all_fields();
// By name, alias or the specification's name of any of its numbers ("NXM_OF_ETH_SRC", "OXM_OF_ETH_SRC").
const Field* find_field(std::string_view name_or_alias);

struct NumberedField {
  const Field* field = nullptr;
  const OxmId* id = nullptr;  // which of the field's numbers it was
};
// `oxm_class`, `field_number` and `experimenter` as on the wire. Nulls when unknown.
NumberedField find_numbered(uint16_t oxm_class, uint8_t field_number, uint32_t experimenter = 0);

// Reads and writes the field's bits in a dense flow.
inline FieldValue get(const Flow& flow, const Field& field);
FieldValue get(const FlowKey& key, const Field& field);
inline void set(Flow& flow, const Field& field, FieldValue value);
inline void set_masked(Flow& flow, const Field& field, FieldValue value, FieldValue mask);
inline FieldValue get(const Flow& flow, FieldId id) { return get(flow, field(id)); }
inline FieldValue get(const FlowKey& key, FieldId id) { return get(key, field(id)); }
inline void set(Flow& flow, FieldId id, FieldValue value) { set(flow, field(id), value); }

// The words that the field's bits and its presence bits lie in.
WordSet field_words(const Field& field);

// All bits that a value of this field may have: narrower than ones(n_bits) only for nw_tos.
constexpr FieldValue all_bits(const Field& field) {
  return FieldValue::ones(field.n_bits) & ~FieldValue::ones(field.n_zero_bits);
}

// Notes in a mask that these bits of the field were looked at, and with them whether the field was there.
void add_to_mask(Flow& mask, const Field& field);
void add_to_mask(Flow& mask, const Field& field, FieldValue bits);

// --- Most fields lie in one word; reading flow-mods spends its time here.

namespace detail {
constexpr unsigned stored_bits(const Field& f) { return f.n_bits - unsigned{f.n_zero_bits}; }
// How far the field's last bit is from the end of its first word; negative when it goes on in the next.
constexpr int bits_behind(const Field& f) { return 64 - static_cast<int>(f.first_bit() + stored_bits(f)); }
FieldValue get_from_two_words(const Flow& flow, const Field& field);
void set_in_two_words(Flow& flow, const Field& field, FieldValue value, FieldValue mask);
}  // namespace detail

inline FieldValue get(const Flow& flow, const Field& field) {
  const int behind = detail::bits_behind(field);
  if (!field.has_place()) {
    return {};
  }
  if (behind < 0) {
    return detail::get_from_two_words(flow, field);
  }
  const uint64_t word = swap_network_order(flow.word(field.first_word())) >> behind;
  return {0, (word & FieldValue::ones(detail::stored_bits(field)).lo) << field.n_zero_bits};
}

inline void set(Flow& flow, const Field& field, FieldValue value) { set_masked(flow, field, value, all_bits(field)); }

inline void set_masked(Flow& flow, const Field& field, FieldValue value, FieldValue mask) {
  const int behind = detail::bits_behind(field);
  if (!field.has_place()) {
    return;
  }
  if (behind < 0) {
    return detail::set_in_two_words(flow, field, value, mask);
  }
  const uint64_t bits = ((mask.lo >> field.n_zero_bits) & FieldValue::ones(detail::stored_bits(field)).lo) << behind;
  uint64_t& word = flow.word(field.first_word());
  const uint64_t new_bits = swap_network_order((value.lo >> field.n_zero_bits) << behind & bits);
  word = (word & ~swap_network_order(bits)) | new_bits;
}

}  // namespace weft
