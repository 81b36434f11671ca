// Writing fields, and telling the datapath what was written.
#include <bit>

#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/packet/ethernet.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {
namespace {

// Every field that lives in the frame, once: views of the same bits are left out, and what has views by protocol (a
// port, an ICMP type) is named by the protocol's own field where it is committed.
constexpr FieldId committed_fields[] = {
    FieldId::pkt_mark,        FieldId::eth_dst,   FieldId::eth_src,  FieldId::mpls_label, FieldId::mpls_tc,
    FieldId::mpls_bos,        FieldId::mpls_ttl,  FieldId::pbb_isid, FieldId::pbb_uca,    FieldId::arp_op,
    FieldId::arp_spa,         FieldId::arp_tpa,   FieldId::arp_sha,  FieldId::arp_tha,    FieldId::ipv4_src,
    FieldId::ipv4_dst,        FieldId::ipv6_src,  FieldId::ipv6_dst, FieldId::ipv6_label, FieldId::ip_dscp,
    FieldId::ip_ecn,          FieldId::nw_ttl,    FieldId::tcp_src,  FieldId::tcp_dst,    FieldId::icmp_type,
    FieldId::icmp_code,       FieldId::nd_target, FieldId::nd_sll,   FieldId::nd_tll,     FieldId::nd_reserved,
    FieldId::nd_options_type,
};

constexpr uint16_t vid_bits = 0x0fff;
constexpr uint16_t pcp_bits = 0xe000;
constexpr unsigned pcp_shift = 13;

// Fields outside the frame are known to the switch alone; tunnel fields reach the datapath with SetTunnel.
bool is_in_frame(const Field& field) {
  return field.id == FieldId::pkt_mark || (field.has_place() && field.first_word() >= index(KeyWord::eth_dst));
}

FieldId named_by_protocol(FieldId id, const Flow& flow) {
  const bool is_v6 = get(flow, FieldId::eth_type).lo == eth_type::ipv6;
  const uint64_t protocol = get(flow, FieldId::ip_proto).lo;
  const auto port = [&](FieldId tcp, FieldId udp, FieldId sctp) {
    return protocol == 6 ? tcp : protocol == 17 ? udp : sctp;
  };
  switch (id) {
    case FieldId::tcp_src:
      return port(FieldId::tcp_src, FieldId::udp_src, FieldId::sctp_src);
    case FieldId::tcp_dst:
      return port(FieldId::tcp_dst, FieldId::udp_dst, FieldId::sctp_dst);
    case FieldId::icmp_type:
      return is_v6 ? FieldId::icmpv6_type : id;
    case FieldId::icmp_code:
      return is_v6 ? FieldId::icmpv6_code : id;
    default:
      return id;
  }
}

bool is_vlan_field(FieldId id) {
  return id == FieldId::vlan_tci || id == FieldId::vlan_vid || id == FieldId::dl_vlan || id == FieldId::vlan_pcp ||
         id == FieldId::dl_vlan_pcp;
}

}  // namespace

// A word whose bits may have moved, be derived or be uncovered: equality with what the mask names proves nothing there.
bool PacketState::is_always_told(const Field& field) const {
  switch (field.id) {
    case FieldId::nw_ttl:
    case FieldId::mpls_label:
    case FieldId::mpls_tc:
    case FieldId::mpls_bos:
    case FieldId::mpls_ttl:
    case FieldId::pbb_isid:
    case FieldId::pbb_uca:
      return true;
    case FieldId::eth_dst:
    case FieldId::eth_src:
      return addresses_uncovered_;
    case FieldId::ip_dscp:
      return is_metered_;
    default:
      return false;
  }
}

void PacketState::write(const Field& field, FieldValue value, FieldValue mask) {
  weft::set_masked(flow_, field, value, mask);
  weft::set_masked(written_, field, mask, mask);
  if (is_tunnel_option(field.id)) {
    const Presence presence = presence_of(field);
    set_constant(presence.word, presence.bits, presence.bits);
  }
  if (is_in_frame(field)) {
    weft::set_masked(pending_, field, mask, mask);
    has_pending_ = true;
  }
}

void PacketState::set_field(const Field& field, FieldValue value, FieldValue mask, LookedAt& looked_at) {
  mask = mask & all_bits(field);
  if (!field.has_place() || mask.is_zero()) {
    return;
  }
  if (field.id == FieldId::in_port || field.id == FieldId::in_port_oxm) {
    set_in_port(OfPort{static_cast<uint16_t>(value.lo)});
    return;
  }
  if (is_vlan_field(field.id)) {
    set_vlan_field(field, value, mask, looked_at);
    return;
  }
  if (!has_header_of(field, looked_at)) {
    return;
  }
  if (field.id == FieldId::nw_ttl) {
    // What was decremented before no longer matters, but a part of the byte needs the rest to be known.
    if (mask != all_bits(field)) {
      value = (read(field.id, looked_at) & ~mask) | (value & mask);
    }
    write(field, value, all_bits(field));
    ttl_decrements_ = ttl_uncommitted_ = 0;
    return;
  }
  if (field.id == FieldId::mpls_ttl) {
    unknown_label_ttls_ &= static_cast<uint8_t>(~1U);
  }
  write(field, value, mask);
}

void PacketState::delete_option(const Field& option) {
  weft::set(flow_, option, FieldValue{});
  weft::set(written_, option, all_bits(option));
  const Presence presence = presence_of(option);
  set_constant(presence.word, 0, presence.bits);
}

// Its mask says which there are not, too.
std::optional<TunnelOptions> PacketState::read_options(uint64_t fields, LookedAt& looked_at) const {
  mark_word(KeyWord::tun_options_present, fields, looked_at);
  TunnelOptions options;
  for (uint64_t rest = flow_.word(KeyWord::tun_options_present) & fields; rest != 0; rest &= rest - 1) {
    const auto n = static_cast<unsigned>(std::countr_zero(rest));
    if (!options.set(n, static_cast<uint32_t>(read(FieldId::tun_metadata0 + n, looked_at).lo))) {
      return std::nullopt;
    }
  }
  return options;
}

// A value without the bit that says "tagged" takes the tag away; one with it tags a packet that has none.
void PacketState::set_vlan_field(const Field& field, FieldValue value, FieldValue mask, LookedAt& looked_at) {
  const bool is_pcp = field.id == FieldId::vlan_pcp || field.id == FieldId::dl_vlan_pcp;
  const unsigned shift = is_pcp ? pcp_shift : 0;
  auto tci = static_cast<uint16_t>(value.lo << shift);
  auto bits = static_cast<uint16_t>(mask.lo << shift);
  const bool is_tagged = has_vlan_tag(looked_at);
  if (is_pcp && !is_tagged) {
    return;
  }
  if (is_pcp || field.id == FieldId::dl_vlan) {
    tci |= vlan_tag_present;
    bits |= vlan_tag_present;
  }
  if ((bits & vlan_tag_present) != 0 && (tci & vlan_tag_present) == 0) {
    pop_vlan(looked_at);
    return;
  }
  if (!is_tagged) {
    if ((bits & vlan_tag_present) == 0) {
      return;
    }
    push_vlan(eth_type::vlan, looked_at);
  }
  write_tag(tci, bits & (vid_bits | pcp_bits));
}

bool PacketState::decrement_ttl(LookedAt& looked_at) {
  const Field& ttl_field = field(FieldId::nw_ttl);
  if (!is_ip(looked_at)) {
    return true;
  }
  const auto ttl = static_cast<unsigned>(get(flow_, ttl_field).lo);
  if (get(written_, ttl_field) == all_bits(ttl_field)) {
    if (ttl < 2) {
      return false;
    }
    write(ttl_field, FieldValue{0, ttl - 1}, all_bits(ttl_field));
    return true;
  }
  // The packet's own TTL must be `needed`. A few of its high bits prove that for a whole range of values.
  const unsigned original = ttl + ttl_decrements_;
  const unsigned needed = ttl_decrements_ + 2U;
  unsigned proof = original < needed ? (ttl_decrements_ == 0 ? 0xfeU : 0xffU) : 0;
  if (original >= needed) {
    for (unsigned bit = 0x80; (original & proof) < needed; bit >>= 1) {
      proof |= original & bit;
    }
  }
  weft::set_masked(looked_at.mask, ttl_field, FieldValue{0, proof}, FieldValue{0, proof});
  if (original < needed) {
    return false;
  }
  weft::set(flow_, ttl_field, FieldValue{0, ttl - 1});
  ++ttl_decrements_;
  ++ttl_uncommitted_;
  return true;
}

// --- telling the datapath

bool PacketState::has_uncommitted() const {
  return has_pending_ || tags_to_pop_ != 0 || tags_.size() + tags_to_pop_ != datapath_tag_count_ || pending_tci_ != 0 ||
         ttl_uncommitted_ != 0;
}

// All of a field's pending bits are told unless each is known to be so already.
void PacketState::commit_field(const Field& field, const LookedAt& looked_at, datapath::ActionList& actions) {
  const FieldValue bits = get(pending_, field);
  if (bits.is_zero()) {
    return;
  }
  const FieldValue known = get(committed_, field) | get(looked_at.mask, field);
  const FieldValue value = get(flow_, field);
  const FieldValue base = get(base_, field);
  const FieldValue same = known & ~FieldValue{value.hi ^ base.hi, value.lo ^ base.lo};
  if ((bits & ~same).is_zero() && !is_always_told(field)) {
    return;
  }
  actions.push_back(datapath::SetField{field.id, value & bits, bits});
}

void PacketState::commit_fields(const LookedAt& looked_at, datapath::ActionList& actions) {
  if (!has_pending_) {
    return;
  }
  for (const FieldId id : committed_fields) {
    commit_field(field(named_by_protocol(id, flow_)), looked_at, actions);
  }
  for (unsigned i = 0; i < key_word_count; ++i) {
    committed_.word(i) |= pending_.word(i);
  }
  pending_ = Flow();
  has_pending_ = false;
}

void PacketState::commit_ttl(datapath::ActionList& actions) {
  for (; ttl_uncommitted_ != 0; --ttl_uncommitted_) {
    actions.push_back(datapath::DecTtl{});
  }
}

void PacketState::commit(const LookedAt& looked_at, datapath::ActionList& actions) {
  commit_tags(actions);
  commit_ttl(actions);
  commit_fields(looked_at, actions);
  base_ = flow_;
}

}  // namespace weft::ofproto
