#include "ofproto/translate/packet_state.h"

#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/flow/nd_options.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/icmp.h"
#include "lib/packet/ipv4.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t whole_word = ~uint64_t{0};

// Bits of a word as they are written, the most significant first.
constexpr uint64_t word_bits(uint64_t host) { return swap_network_order(host); }

constexpr uint64_t vlan_presence_bits = word_bits(uint64_t{vlan_tag_present} << 32);
constexpr uint64_t second_vlan_presence_bits = word_bits(vlan_tag_present);
constexpr uint64_t ttl_bits = word_bits(0xff00);
constexpr uint64_t third_label_bits = word_bits(uint64_t{0xffffffff} << 32);
constexpr uint64_t in_port_bits = word_bits(0xffffffff);
constexpr uint64_t recirc_id_bits = word_bits(0xffffffff);
constexpr uint64_t conj_id_bits = word_bits(0xffffffff);

bool is_pipeline_word(unsigned i) { return i >= index(KeyWord::tun_id) && i < index(KeyWord::regs) + 8; }

// A word of two tunnel options that are not there: it is zero for all packets that agree on this.
bool holds_absent_options(unsigned i, uint64_t present) {
  const unsigned first = index(KeyWord::tun_options);
  return i >= first && i < index(KeyWord::tun_options_present) && (present >> 2 * (i - first) & 3) == 0;
}

VlanTag tag_from(uint64_t host_word, unsigned shift) {
  return {.tpid = static_cast<uint16_t>(host_word >> (shift + 16)), .tci = static_cast<uint16_t>(host_word >> shift)};
}

// Words that start as zero whatever the packet: nobody needs to look at it to know them.
void mark_pipeline_words(Flow& written) {
  written.word(KeyWord::metadata) = whole_word;
  written.word(KeyWord::ct_zone_conj) |= conj_id_bits;
  for (unsigned i = 0; i < 8; ++i) {
    written.word(index(KeyWord::regs) + i) = whole_word;
  }
}

void mark_tunnel_words(Flow& written) {
  for (unsigned i = index(KeyWord::tun_id); i < index(KeyWord::metadata); ++i) {
    written.word(i) = whole_word;
  }
}

}  // namespace

PacketState::PacketState(const FlowKey& key, OfPort in_port, const MiniMatch& pipeline)
    : PacketState(key, in_port, true) {
  const Match known = pipeline.expand();
  for (unsigned i = 0; i < key_word_count; ++i) {
    if (is_pipeline_word(i)) {
      set_constant(static_cast<KeyWord>(i), known.value().word(i), known.mask().word(i));
    }
  }
  base_ = flow_;
}

// Tunnel fields that no action wrote come back with the packet, unless the datapath was told others meanwhile.
Match PacketState::pipeline(LookedAt& looked_at) const {
  Match known;
  for (unsigned i = 0; i < key_word_count; ++i) {
    if (is_pipeline_word(i)) {
      uint64_t bits = written_.word(i);
      if (tunnel_sent_) {
        if (!holds_absent_options(i, flow_.word(KeyWord::tun_options_present))) {
          mark_word(static_cast<KeyWord>(i), whole_word, looked_at);
        }
        bits = whole_word;
      }
      known.mask().word(i) = bits;
      known.value().word(i) = flow_.word(i) & bits;
    }
  }
  return known;
}

PacketState::PacketState(const FlowKey& key, OfPort in_port, bool is_from_tunnel) : flow_(key) {
  mark_pipeline_words(written_);
  flow_.word(KeyWord::metadata) = 0;
  for (unsigned i = 0; i < 8; ++i) {
    flow_.word(index(KeyWord::regs) + i) = 0;
  }
  if (!is_from_tunnel) {
    mark_tunnel_words(written_);
    for (unsigned i = index(KeyWord::tun_id); i < index(KeyWord::metadata); ++i) {
      flow_.word(i) = 0;
    }
  }
  set_in_port(in_port);
  // How often a packet came by is nothing to match on: it is another packet that the tables see.
  set_constant(KeyWord::mark_recirc, 0, recirc_id_bits);
  note_own_labels();
  set_in_phy_port(in_port);
  set_action_set_output(of_port::unset);
  base_ = flow_;
  const uint64_t tags = swap_network_order(flow_.word(KeyWord::vlan));
  for (const unsigned shift : {0U, 32U}) {
    if (const VlanTag tag = tag_from(tags, shift); (tag.tci & vlan_tag_present) != 0) {
      tags_.push(tag);
    }
  }
  datapath_tag_count_ = static_cast<uint8_t>(tags_.size());
}

Flow PacketState::known(const LookedAt& looked_at) const {
  Flow known = looked_at.mask;
  const auto only_if_all = [&](KeyWord word, uint64_t bits) {
    if ((known.word(word) & bits) != bits) {
      known.word(word) &= ~bits;
    }
  };
  if (tags_moved_) {
    only_if_all(KeyWord::vlan, whole_word);
  }
  if (labels_moved_) {
    only_if_all(KeyWord::mpls01, whole_word);
    only_if_all(KeyWord::mpls2_pbb, third_label_bits);
  }
  if (ttl_decrements_ != 0) {
    only_if_all(KeyWord::ip_misc, ttl_bits);
  }
  for (unsigned i = 0; i < key_word_count; ++i) {
    known.word(i) |= written_.word(i);
  }
  return known;
}

bool PacketState::looks_like(const PacketState& other) const {
  return flow_ == other.flow_ && written_ == other.written_ && tags_moved_ == other.tags_moved_ &&
         labels_moved_ == other.labels_moved_ && (ttl_decrements_ == 0) == (other.ttl_decrements_ == 0);
}

OfPort PacketState::in_port() const {
  return OfPort{static_cast<uint16_t>(swap_network_order(flow_.word(KeyWord::hash_port)))};
}

void PacketState::set_in_port(OfPort port) { set_constant(KeyWord::hash_port, word_bits(number(port)), in_port_bits); }

void PacketState::set_conjunction(uint32_t id) { set_constant(KeyWord::ct_zone_conj, word_bits(id), conj_id_bits); }

void PacketState::cross_patch(OfPort in_port) {
  set_in_port(in_port);
  set_in_phy_port(in_port);
  mark_pipeline_words(written_);
  mark_tunnel_words(written_);
  for (unsigned i = index(KeyWord::tun_id); i < index(KeyWord::regs) + 8; ++i) {
    flow_.word(i) = 0;
  }
  set_action_set_output(of_port::unset);
}

// No port of ours lies on another that packets could be said to come in by.
void PacketState::set_in_phy_port(OfPort port) {
  set_constant(KeyWord::packet_type, word_bits(number(port)), in_port_bits);
}

void PacketState::set_action_set_output(OfPort port) {
  set_constant(KeyWord::ct_ports, word_bits(number(port)), in_port_bits);
}

void PacketState::set_constant(KeyWord word, uint64_t value, uint64_t bits) {
  flow_.word(word) = (flow_.word(word) & ~bits) | (value & bits);
  written_.word(word) |= bits;
}

// --- looking

void PacketState::mark_word(KeyWord word, uint64_t bits, LookedAt& looked_at) const {
  bits &= ~written_.word(word);
  if (bits == 0) {
    return;
  }
  Flow& mask = looked_at.mask;
  if (word == KeyWord::vlan && tags_moved_) {
    mask.word(word) = whole_word;
  } else if ((word == KeyWord::mpls01 || word == KeyWord::mpls2_pbb) && labels_moved_) {
    mask.word(KeyWord::mpls01) = whole_word;
    mask.word(KeyWord::mpls2_pbb) |= third_label_bits | bits;
  } else if (word == KeyWord::ip_misc && ttl_decrements_ != 0 && (bits & ttl_bits) != 0) {
    mask.word(word) |= bits | ttl_bits;
  } else {
    mask.word(word) |= bits;
  }
}

// All words alike, which vectors do; then again those whose bits may have moved.
void PacketState::look_at(const Flow& bits, LookedAt& looked_at) const {
  for (unsigned i = 0; i < key_word_count; ++i) {
    looked_at.mask.word(i) |= bits.word(i) & ~written_.word(i);
  }
  for (const KeyWord word : {KeyWord::vlan, KeyWord::mpls01, KeyWord::mpls2_pbb, KeyWord::ip_misc}) {
    mark_word(word, bits.word(word), looked_at);
  }
}

// As add_to_mask(), without a whole flow to add to.
void PacketState::look_at(const Field& field, FieldValue bits, LookedAt& looked_at) const {
  if (field.has_place()) {
    const unsigned stored = detail::stored_bits(field);
    const FieldValue placed = ((bits >> field.n_zero_bits) & FieldValue::ones(stored))
                              << (128 - field.first_bit() - stored);
    mark_word(static_cast<KeyWord>(field.first_word()), word_bits(placed.hi), looked_at);
    if (placed.lo != 0) {
      mark_word(static_cast<KeyWord>(field.first_word() + 1), word_bits(placed.lo), looked_at);
    }
  }
  const Presence presence = presence_of(field);
  mark_word(presence.word, presence.bits, looked_at);
}

void PacketState::look_at(const Field& field, LookedAt& looked_at) const { look_at(field, all_bits(field), looked_at); }

FieldValue PacketState::read(FieldId id, LookedAt& looked_at) const {
  look_at(field(id), looked_at);
  return get(flow_, id);
}

bool PacketState::has_presence(uint16_t bits, LookedAt& looked_at) const {
  mark_word(present_word, present_in_word(bits), looked_at);
  return (present_from_word(flow_.word(present_word)) & bits) == bits;
}

bool PacketState::has_eth_type(uint16_t a, uint16_t b, LookedAt& looked_at) const {
  const uint64_t type = read(FieldId::eth_type, looked_at).lo;
  return type == a || type == b;
}

bool PacketState::is_ip(LookedAt& looked_at) const {
  return has_eth_type(eth_type::ipv4, eth_type::ipv6, looked_at) && has_presence(present::ip, looked_at);
}

bool PacketState::is_mpls(LookedAt& looked_at) const {
  return has_eth_type(eth_type::mpls, eth_type::mpls_multicast, looked_at) && has_presence(present::mpls, looked_at);
}

bool PacketState::has_vlan_tag(LookedAt& looked_at) const {
  mark_word(KeyWord::vlan, vlan_presence_bits, looked_at);
  return !tags_.empty();
}

bool PacketState::has_second_vlan_tag(LookedAt& looked_at) const {
  mark_word(KeyWord::vlan, second_vlan_presence_bits, looked_at);
  return tags_.size() > 1;
}

bool PacketState::has_target_link_option(LookedAt& looked_at) const { return has_presence(present::nd_tll, looked_at); }

bool PacketState::has_other_nd_options(LookedAt& looked_at) const {
  mark_word(KeyWord::nd_tll, nd_other_options_in_word, looked_at);
  return (flow_.word(KeyWord::nd_tll) & nd_other_options_in_word) != 0;
}

bool PacketState::has_protocol(Prerequisite prerequisite, LookedAt& looked_at) const {
  if (!is_ip(looked_at)) {
    return false;
  }
  const uint64_t protocol = read(FieldId::ip_proto, looked_at).lo;
  const bool is_v6 = get(flow_, FieldId::eth_type).lo == eth_type::ipv6;
  switch (prerequisite) {
    case Prerequisite::tcp:
      return protocol == ip_protocol::tcp;
    case Prerequisite::udp:
      return protocol == ip_protocol::udp;
    case Prerequisite::sctp:
      return protocol == ip_protocol::sctp;
    case Prerequisite::icmpv4:
      return !is_v6 && protocol == ip_protocol::icmp;
    default:
      return is_v6 && protocol == ip_protocol::icmpv6;
  }
}

bool PacketState::has_neighbor_message(Prerequisite prerequisite, LookedAt& looked_at) const {
  if (!has_protocol(Prerequisite::icmpv6, looked_at) || !has_presence(present::icmp, looked_at)) {
    return false;
  }
  const uint64_t type = read(FieldId::icmpv6_type, looked_at).lo;
  const bool is_solicit = type == icmpv6_type::neighbor_solicitation;
  const bool is_advert = type == icmpv6_type::neighbor_advertisement;
  return (is_solicit && prerequisite != Prerequisite::nd_advert) ||
         (is_advert && prerequisite != Prerequisite::nd_solicit);
}

bool PacketState::has_header_of(const Field& field, LookedAt& looked_at) const {
  bool is_there = true;
  switch (field.prerequisite) {
    case Prerequisite::none:
    case Prerequisite::in_port:
      break;
    case Prerequisite::vlan:
      is_there = has_vlan_tag(looked_at);
      break;
    case Prerequisite::mpls:
      is_there = is_mpls(looked_at);
      break;
    case Prerequisite::pbb:
      is_there = has_eth_type(eth_type::pbb, eth_type::pbb, looked_at);
      break;
    case Prerequisite::arp:
      is_there = has_eth_type(eth_type::arp, eth_type::rarp, looked_at);
      break;
    case Prerequisite::ipv4:
      is_there = has_eth_type(eth_type::ipv4, eth_type::ipv4, looked_at);
      break;
    case Prerequisite::ipv6:
      is_there = has_eth_type(eth_type::ipv6, eth_type::ipv6, looked_at);
      break;
    case Prerequisite::ip:
      is_there = is_ip(looked_at);
      break;
    case Prerequisite::tcp:
    case Prerequisite::udp:
    case Prerequisite::sctp:
    case Prerequisite::icmpv4:
    case Prerequisite::icmpv6:
      is_there = has_protocol(field.prerequisite, looked_at);
      break;
    case Prerequisite::nd:
    case Prerequisite::nd_solicit:
    case Prerequisite::nd_advert:
      is_there = has_neighbor_message(field.prerequisite, looked_at);
      break;
    case Prerequisite::ct:
      is_there = false;
      break;
  }
  return is_there && (field.presence == 0 || has_presence(field.presence, looked_at));
}

}  // namespace weft::ofproto
