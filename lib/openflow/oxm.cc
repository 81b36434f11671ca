#include "lib/openflow/oxm.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <string>

#include <fmt/format.h>

#include "lib/openflow/nicira_error.h"

namespace weft::openflow {
namespace {

constexpr uint16_t match_type_oxm = 1;  // OFPMT_OXM
constexpr size_t match_header_size = 4;
constexpr size_t header_size = 4;
constexpr size_t experimenter_size = 4;

bool has_experimenter(uint16_t oxm_class) { return oxm_class == oxm_class::experimenter; }

struct OxmHeader {
  uint16_t oxm_class = 0;
  uint8_t number = 0;
  bool has_mask = false;
  uint8_t length = 0;  // of all that follows the four bytes
  uint32_t experimenter = 0;

  size_t size() const { return has_experimenter(oxm_class) ? header_size + experimenter_size : header_size; }
  // What is left of `length` for value and mask; negative when it is less than the experimenter's id.
  int payload_size() const { return length + static_cast<int>(header_size) - static_cast<int>(size()); }
  NumberedField find() const { return find_numbered(oxm_class, number, experimenter); }
};

// Small and inlined, as is what follows: a million flows are ten million of these.
[[gnu::always_inline]] inline bool read_header(std::span<const uint8_t> bytes, OxmHeader& header) {
  if (bytes.size() < header_size) {
    return false;
  }
  const uint32_t word = load_be32(bytes.data());
  header.oxm_class = static_cast<uint16_t>(word >> 16);
  header.number = (word >> 9) & 0x7f;
  header.has_mask = (word >> 8 & 1) != 0;
  header.length = word & 0xff;
  if (!has_experimenter(header.oxm_class)) {
    return true;
  }
  if (bytes.size() < header_size + experimenter_size) {
    return false;
  }
  header.experimenter = load_be32(bytes.data() + header_size);
  return true;
}

FieldValue from_any_bytes(std::span<const uint8_t> bytes) {
  FieldValue value;
  for (const uint8_t byte : bytes) {
    value.hi = value.hi << 8 | value.lo >> 56;
    value.lo = value.lo << 8 | byte;
  }
  return value;
}

[[gnu::always_inline]] inline FieldValue from_bytes(std::span<const uint8_t> bytes) {
  switch (bytes.size()) {
    case 1:
      return {0, bytes[0]};
    case 2:
      return {0, load_be16(bytes.data())};
    case 4:
      return {0, load_be32(bytes.data())};
    case 6:
      return {0, uint64_t{load_be16(bytes.data())} << 32 | load_be32(bytes.data() + 2)};
    default:
      return from_any_bytes(bytes);
  }
}

// Of tunnel options peers write as many bytes as the value needs, or as the largest option has: what is missing in front
// is zero. A mask of no bytes, or of zeros, asks for the option, whatever its value. False: it does not fit the field.
bool read_option_payload(std::span<const uint8_t> payload, OxmEntry& entry) {
  const size_t size = entry.has_mask ? payload.size() / 2 : payload.size();
  const bool is_whole = size * (entry.has_mask ? 2 : 1) == payload.size();
  if ((size == 0 && !entry.has_mask) || size > max_tunnel_option_size || !is_whole) {
    return false;
  }
  const size_t kept = std::min<size_t>(size, entry.field->size());
  const auto has_more = [&](std::span<const uint8_t> bytes) {
    return std::ranges::any_of(bytes.first(size - kept), [](uint8_t byte) { return byte != 0; });
  };
  entry.value = from_any_bytes(payload.subspan(size - kept, kept));
  entry.mask = entry.has_mask ? from_any_bytes(payload.last(kept)) : all_bits(*entry.field);
  return !has_more(payload);
}

void write_bytes(WireWriter& out, FieldValue value, unsigned size) {
  for (unsigned i = size; i-- > 0;) {
    out.u8(i >= 8 ? value.hi >> (8 * (i - 8)) : value.lo >> (8 * i));
  }
}

bool is_wide_port(const Field& field, const OxmId& id) { return field.format == FieldFormat::of_port && id.size == 4; }

// Port numbers are 32 bits wide on the wire, and exact.
bool narrow_port(FieldValue& value) {
  const auto port = from_wire32(static_cast<uint32_t>(value.lo));
  value.lo = port ? number(*port) : 0;
  return port.has_value();
}

// Section 7.2.3.5 lets a mask of ones stand for none and one of zeros for an omitted field; Open vSwitch takes both for
// a field that has no other masks, and mask bits beyond the width of any field (0xffffffff for the 8 of ct_state).
bool says_all_or_nothing(std::span<const uint8_t> mask) {
  return std::ranges::all_of(mask, [&](uint8_t byte) { return byte == mask[0] && (byte == 0 || byte == 0xff); });
}

// OpenFlow 1.3.5 section 7.2.3.7: VLAN ids other than "none" carry OFPVID_PRESENT.
bool is_possible_vid(FieldValue value, FieldValue mask) {
  constexpr uint64_t present = 0x1000;
  const bool exact = mask == all_bits(field(FieldId::vlan_vid));
  return !exact || value.lo == 0 || (value.lo & present) != 0;
}

[[gnu::always_inline]] inline std::optional<OxmFault> check(const OxmEntry& entry, FieldValue all) {
  if (!(entry.value & ~all).is_zero()) {
    return OxmFault::bad_value;
  }
  if (!(entry.value & ~entry.mask).is_zero()) {
    return OxmFault::value_outside_mask;
  }
  if (entry.field->id == FieldId::vlan_vid && !is_possible_vid(entry.value, entry.mask)) {
    return OxmFault::bad_value;
  }
  return std::nullopt;
}

// The OXM at the front of `bytes`, which then begins behind it.
[[gnu::always_inline]] inline std::optional<OxmFault> read_entry(std::span<const uint8_t>& bytes, bool takes_any_mask,
                                                                 OxmEntry& entry) {
  OxmHeader header;
  if (!read_header(bytes, header) || header.payload_size() < 0) {
    return OxmFault::cut_short;
  }
  const size_t payload_size = static_cast<size_t>(header.payload_size());
  if (bytes.size() < header.size() + payload_size) {
    return OxmFault::cut_short;
  }
  const auto payload = bytes.subspan(header.size(), payload_size);
  bytes = bytes.subspan(header.size() + payload_size);
  const auto [f, id] = header.find();
  if (f == nullptr || !f->has_place()) {
    return OxmFault::unknown_field;
  }
  const FieldValue all = all_bits(*f);
  entry.field = f;
  entry.has_mask = header.has_mask;
  if (payload_size != size_t{id->size} * (header.has_mask ? 2 : 1)) {
    return is_tunnel_option(f->id) && read_option_payload(payload, entry) ? check(entry, all) : OxmFault::bad_length;
  }
  entry.value = from_bytes(payload.first(id->size));
  entry.mask = all;
  if (header.has_mask) {
    const auto mask = payload.subspan(id->size);
    if (!takes_any_mask && !f->is_maskable() && !says_all_or_nothing(mask)) {
      return OxmFault::bad_mask;
    }
    entry.mask = from_bytes(mask) & all;
  }
  if (is_wide_port(*f, *id) && !narrow_port(entry.value)) {
    return OxmFault::bad_value;
  }
  return check(entry, all);
}

OpenFlowError match_error(OxmFault fault, const Field* field) {
  const std::string name = field != nullptr ? std::string(field->name) : "";
  switch (fault) {
    case OxmFault::cut_short:
    case OxmFault::bad_length:
      return {ErrorCode::ofpbmc_bad_len, name};
    case OxmFault::unknown_field:
      if (field != nullptr && is_tunnel_option(field->id)) {
        return nicira_error(NiciraError::tlv_field_unmapped, name);
      }
      return {ErrorCode::ofpbmc_bad_field, name};
    case OxmFault::bad_value:
      return {ErrorCode::ofpbmc_bad_value, name};
    case OxmFault::bad_mask:
      return {ErrorCode::ofpbmc_bad_mask, name};
    case OxmFault::value_outside_mask:
      return {ErrorCode::ofpbmc_bad_wildcards, name};
  }
  return {ErrorCode::ofpbmc_bad_field, name};
}

// The order of a match on the wire: what is a prerequisite comes before what needs it. Of views of the same bits
// only one is here; L4 ports and ICMP are chosen by protocol.
constexpr std::array metadata_order{FieldId::dp_hash,     FieldId::recirc_id,   FieldId::conj_id,
                                    FieldId::in_port_oxm, FieldId::in_phy_port, FieldId::actset_output,
                                    FieldId::packet_type};
constexpr std::array ethernet_order{FieldId::eth_src, FieldId::eth_dst, FieldId::eth_type};
constexpr std::array header_order{FieldId::mpls_tc,  FieldId::mpls_bos, FieldId::mpls_ttl,   FieldId::mpls_label,
                                  FieldId::pbb_isid, FieldId::pbb_uca,  FieldId::ipv4_src,   FieldId::ipv4_dst,
                                  FieldId::ipv6_src, FieldId::ipv6_dst, FieldId::ip_frag,    FieldId::ip_dscp,
                                  FieldId::ip_ecn,   FieldId::nw_ttl,   FieldId::ipv6_label, FieldId::ipv6_exthdr,
                                  FieldId::ip_proto, FieldId::arp_op,   FieldId::arp_spa,    FieldId::arp_tpa,
                                  FieldId::arp_sha,  FieldId::arp_tha};
constexpr std::array tcp_order{FieldId::tcp_src, FieldId::tcp_dst, FieldId::tcp_flags};
constexpr std::array udp_order{FieldId::udp_src, FieldId::udp_dst};
constexpr std::array sctp_order{FieldId::sctp_src, FieldId::sctp_dst};
constexpr std::array icmp_order{FieldId::icmp_type, FieldId::icmp_code};
constexpr std::array icmpv6_order{FieldId::icmpv6_type, FieldId::icmpv6_code,     FieldId::nd_target,
                                  FieldId::nd_reserved, FieldId::nd_options_type, FieldId::nd_sll,
                                  FieldId::nd_tll};
constexpr std::array tunnel_order{FieldId::tun_id,     FieldId::tun_flags,    FieldId::tun_src,
                                  FieldId::tun_dst,    FieldId::tun_ipv6_src, FieldId::tun_ipv6_dst,
                                  FieldId::tun_gbp_id, FieldId::tun_gbp_flags};
constexpr std::array state_order{FieldId::pkt_mark,    FieldId::ct_state,    FieldId::ct_zone,   FieldId::ct_mark,
                                 FieldId::ct_label,    FieldId::ct_nw_src,   FieldId::ct_nw_dst, FieldId::ct_ipv6_src,
                                 FieldId::ct_ipv6_dst, FieldId::ct_nw_proto, FieldId::ct_tp_src, FieldId::ct_tp_dst,
                                 FieldId::metadata};

std::span<const FieldId> transport_order(const Match& match) {
  switch (match.value(FieldId::ip_proto).lo) {
    case 6:
      return tcp_order;
    case 17:
      return udp_order;
    case 132:
      return sctp_order;
    case 1:
      return icmp_order;
    case 58:
      return icmpv6_order;
    default:
      return {};
  }
}

constexpr uint64_t oxm_vid_present = 0x1000;
constexpr uint64_t all_of_vid = 0x1fff;
constexpr uint64_t all_of_tci = 0xffff;
constexpr uint64_t all_of_pcp = 7;

// "No tag" is said by vlan_vid alone; the priority bits of vlan_tci=0 add nothing.
void forget_priority_of_untagged(Match& match) {
  if (match.mask(FieldId::vlan_tci).lo == all_of_tci && match.value(FieldId::vlan_tci).is_zero()) {
    match.clear(field(FieldId::vlan_tci));
    match.set(FieldId::vlan_vid, 0);
  }
}

// The view of the same bits that NXM has a number for.
FieldId as_nxm(FieldId id) {
  switch (id) {
    case FieldId::in_port_oxm:
      return FieldId::in_port;
    case FieldId::ip_dscp:
      return FieldId::nw_tos;
    default:
      return id;
  }
}

class MatchWriter {
 public:
  MatchWriter(WireWriter& out, const Match& match, Version version) : out_(out), match_(match), version_(version) {}

  // vlan_vid and vlan_pcp where they can say it; a masked or unfounded priority is left to NXM's vlan_tci.
  void write_vlan() {
    const uint64_t vid_mask = match_.mask(FieldId::vlan_vid).lo;
    const uint64_t vid = match_.value(FieldId::vlan_vid).lo;
    const uint64_t pcp_mask = match_.mask(FieldId::vlan_pcp).lo;
    const bool is_untagged = vid_mask == all_of_vid && vid == 0 && match_.value(FieldId::vlan_pcp).is_zero();
    if (is_nxm()) {
      return is_untagged ? write_entry(field(FieldId::vlan_tci), {0, all_of_tci}) : write(FieldId::vlan_tci);
    }
    if (pcp_mask == 0 || is_untagged) {
      return write(FieldId::vlan_vid);
    }
    if (pcp_mask == all_of_pcp && (vid & oxm_vid_present) != 0) {
      write(FieldId::vlan_vid);
      return write(FieldId::vlan_pcp);
    }
    write(FieldId::vlan_tci);
  }

  // 1.5's packet registers are pairs of 32 bits.
  void write_registers() {
    const bool in_pairs = version_ >= Version::v1_5;
    for (unsigned i = 0; i < (in_pairs ? 8 : 16); ++i) {
      write((in_pairs ? FieldId::xreg0 : FieldId::reg0) + i);
    }
  }

  // Almost no match has any.
  void write_tunnel_options() {
    for (uint64_t rest = match_.mask().word(KeyWord::tun_options_present); rest != 0; rest &= rest - 1) {
      const Field& option = field(FieldId::tun_metadata0 + static_cast<unsigned>(std::countr_zero(rest)));
      write_entry(option, match_.mask(option));
    }
  }

  void write(std::span<const FieldId> fields) {
    for (const FieldId id : fields) {
      write(id);
    }
  }

  void write(FieldId id) {
    const Field& f = field(is_nxm() ? as_nxm(id) : id);
    if (match_.mask().word(f.first_word()) == 0 && (f.n_bits <= 32 || match_.is_wild(f))) {
      return;
    }
    const FieldValue mask = match_.mask(f);
    if (!mask.is_zero()) {
      write_entry(f, mask);
    }
  }

 private:
  bool is_nxm() const { return version_ < Version::v1_2; }

  void write_entry(const Field& f, FieldValue mask) {
    if (f.id != FieldId::tun_flags) {
      return write_oxm(out_, f, match_.value(f), mask, version_);
    }
    // Sixteen bits there, of which we know one: named by its mask.
    const OxmId& id = preferred_oxm(f, version_);
    write_oxm_header(out_, id, true);
    write_bytes(out_, match_.value(f), id.size);
    write_bytes(out_, mask, id.size);
  }

  WireWriter& out_;
  const Match& match_;
  Version version_;
};

// An OXM of a match that is wrong, told by the field that its header names.
Unexpected<OpenFlowError> refuse_entry(OxmFault fault, std::span<const uint8_t> bytes) {
  OxmHeader header;
  return Unexpected{match_error(fault, read_header(bytes, header) ? header.find().field : nullptr)};
}

Unexpected<OpenFlowError> refuse_field(ErrorCode code, const Field& f) {
  return Unexpected{OpenFlowError{code, std::string(f.name)}};
}

using FieldSet = std::bitset<field_count>;

// "A later fragment" behind a port takes away what the port stood on.
const Field* find_unfounded(const Match& match, const FieldSet& seen) {
  if (!seen[static_cast<size_t>(FieldId::ip_frag)]) {
    return nullptr;
  }
  const auto found = std::ranges::find_if(all_fields(), [&](const Field& f) {
    return seen[static_cast<size_t>(f.id)] && !match.is_wild(f) && !match.meets_prerequisite(f);
  });
  return found != all_fields().end() ? &*found : nullptr;
}

}  // namespace

Result<OxmEntry, OxmFault> read_oxm(WireReader& in, bool takes_any_mask) {
  auto bytes = in.rest();
  OxmEntry entry;
  const auto fault = read_entry(bytes, takes_any_mask, entry);
  in.take(in.remaining() - bytes.size());
  return fault ? Result<OxmEntry, OxmFault>(Unexpected{*fault}) : entry;
}

bool has_oxm(const Field& field) { return field.oxm || field.oxm_experimenter || field.nxm; }

const OxmId& preferred_oxm(const Field& field, Version version) {
  const bool prefers_nxm = version == Version::v1_0 || version == Version::v1_1;
  if (field.nxm && (prefers_nxm || !field.oxm)) {
    return *field.nxm;
  }
  // Standard since 1.5, an experimenter's before.
  if (field.oxm_experimenter && (!field.oxm || version < Version::v1_5)) {
    return *field.oxm_experimenter;
  }
  return *field.oxm;
}

void write_oxm_header(WireWriter& out, const OxmId& id, bool has_mask) {
  const size_t id_size = has_experimenter(id.oxm_class) ? experimenter_size : 0;
  out.u16(id.oxm_class);
  out.u8(id.field << 1 | (has_mask ? 1 : 0));
  out.u8(id_size + size_t{id.size} * (has_mask ? 2 : 1));
  if (id_size != 0) {
    out.u32(id.experimenter);
  }
}

Result<const Field*, OxmFault> read_oxm_header(WireReader& in) {
  OxmHeader header;
  if (!read_header(in.rest(), header)) {
    return Unexpected{OxmFault::cut_short};
  }
  in.take(header.size());
  const auto [f, id] = header.find();
  if (f == nullptr || !f->has_place()) {
    return Unexpected{OxmFault::unknown_field};
  }
  const bool is_size_right = header.payload_size() == id->size ||
                             (is_tunnel_option(f->id) && header.payload_size() <= int{max_tunnel_option_size});
  if (header.has_mask || !is_size_right) {
    return Unexpected{OxmFault::bad_length};
  }
  return f;
}

void write_oxm(WireWriter& out, const Field& field, FieldValue value, FieldValue mask, Version version) {
  const OxmId& id = preferred_oxm(field, version);
  const bool has_mask = mask != all_bits(field);
  if (is_wide_port(field, id)) {
    value.lo = to_wire32(OfPort{static_cast<uint16_t>(value.lo)});
  }
  write_oxm_header(out, id, has_mask);
  write_bytes(out, value, id.size);
  if (has_mask) {
    write_bytes(out, mask, id.size);
  }
}

Result<void, OpenFlowError> read_oxm_list(std::span<const uint8_t> bytes, Match& match) {
  FieldSet seen;
  while (!bytes.empty()) {
    const auto from = bytes;
    OxmEntry entry;
    if (const auto fault = read_entry(bytes, false, entry)) {
      return refuse_entry(*fault, from);
    }
    if (!match.is_wild(*entry.field)) {
      return refuse_field(ErrorCode::ofpbmc_dup_field, *entry.field);
    }
    if (!match.meets_prerequisite(*entry.field)) {
      return refuse_field(ErrorCode::ofpbmc_bad_prereq, *entry.field);
    }
    match.set_masked(*entry.field, entry.value, entry.mask);
    if (is_tunnel_option(entry.field->id)) {
      match.set_present(*entry.field);
    }
    seen.set(static_cast<size_t>(entry.field->id));
  }
  if (const Field* unfounded = find_unfounded(match, seen)) {
    return refuse_field(ErrorCode::ofpbmc_bad_prereq, *unfounded);
  }
  forget_priority_of_untagged(match);
  return {};
}

void write_oxm_list(WireWriter& out, const Match& match, Version version) {
  MatchWriter writer(out, match, version);
  writer.write(metadata_order);
  writer.write(ethernet_order);
  writer.write_vlan();
  writer.write(header_order);
  writer.write(transport_order(match));
  writer.write(tunnel_order);
  writer.write_tunnel_options();
  writer.write_registers();
  writer.write(state_order);
}

Result<void, OpenFlowError> read_match(WireReader& in, Match& match) {
  if (in.remaining() < match_header_size) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbmc_bad_len}};
  }
  const uint16_t type = in.u16();
  const uint16_t length = in.u16();
  if (type != match_type_oxm) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbmc_bad_type, fmt::format("match type {}", type)}};
  }
  const size_t padded = (size_t{length} + 7) / 8 * 8;
  if (length < match_header_size || in.remaining() < padded - match_header_size) {
    return Unexpected{OpenFlowError{ErrorCode::ofpbmc_bad_len, fmt::format("match of {} bytes", length)}};
  }
  const auto body = in.take(padded - match_header_size);
  return read_oxm_list(body.first(length - match_header_size), match);
}

void write_match(WireWriter& out, const Match& match, Version version) {
  const size_t begin = out.size();
  out.u16(match_type_oxm);
  out.u16(0);
  write_oxm_list(out, match, version);
  out.patch_u16(begin + 2, out.size() - begin);
  out.pad_to(begin);
}

}  // namespace weft::openflow
