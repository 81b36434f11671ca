// VLAN tags: a stack whose outermost two are fields of the flow. Pops and pushes are remembered and told to the
// datapath at the next commit, so that a tag that is pushed and popped again costs nothing.
#include "lib/base/big_endian.h"
#include "lib/flow/extract.h"
#include "lib/packet/ethernet.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {
namespace {

constexpr uint16_t vid_and_presence = 0x0fff | vlan_tag_present;

uint64_t word_of(uint16_t outer_tpid, uint16_t outer_tci, uint16_t inner_tpid, uint16_t inner_tci) {
  return swap_network_order(uint64_t{outer_tpid} << 48 | uint64_t{outer_tci} << 32 | uint64_t{inner_tpid} << 16 |
                            inner_tci);
}

}  // namespace

void PacketState::rebuild_tags() {
  const VlanTag outer = tags_.at(0);
  const VlanTag inner = tags_.at(1);
  flow_.word(KeyWord::vlan) = word_of(outer.tpid, outer.tci, inner.tpid, inner.tci);
  written_.word(KeyWord::vlan) = word_of(outer.known_tpid, outer.known_tci, inner.known_tpid, inner.known_tci);
  if (has_no_more_tags_) {
    const uint16_t beyond_outer = tags_.empty() ? 0xffff : 0;
    const uint16_t beyond_inner = tags_.size() < 2 ? 0xffff : 0;
    written_.word(KeyWord::vlan) |= word_of(beyond_outer, beyond_outer, beyond_inner, beyond_inner);
  }
}

void PacketState::write_tag(uint16_t tci, uint16_t mask) {
  VlanTag& tag = tags_.top();
  tag.tci = static_cast<uint16_t>((tag.tci & ~mask) | (tci & mask));
  tag.known_tci |= mask;
  if (tags_.size() + tags_to_pop_ <= datapath_tag_count_) {
    pending_tci_ |= mask;
  }
  rebuild_tags();
}

void PacketState::push_vlan(uint16_t tpid, LookedAt& looked_at) {
  if (tags_.is_full()) {
    return;
  }
  uint16_t tci = vlan_tag_present;
  if (has_vlan_tag(looked_at)) {
    // The new tag is a copy of the outer one (OpenFlow 1.3.5 section 5.12.1).
    tci |= static_cast<uint16_t>(read(FieldId::vlan_tci, looked_at).lo);
    if (pending_tci_ != 0) {
      // What waits to be set on the outer tag can only be told while that is the outer one: push it anew instead.
      look_at(field(FieldId::vlan_tci), looked_at);
      Flow tpid_bits;
      tpid_bits.word(KeyWord::vlan) = word_of(0xffff, 0, 0, 0);
      look_at(tpid_bits, looked_at);
      VlanTag& outer = tags_.top();
      outer.known_tpid = outer.known_tci = 0xffff;
      ++tags_to_pop_;
      pending_tci_ = 0;
    }
  }
  tags_.push({.tpid = tpid, .tci = tci, .known_tpid = 0xffff, .known_tci = 0xffff});
  tags_moved_ = true;
  rebuild_tags();
}

void PacketState::pop_vlan(LookedAt& looked_at) {
  if (!has_vlan_tag(looked_at)) {
    return;
  }
  if (tags_.size() + tags_to_pop_ <= datapath_tag_count_) {
    ++tags_to_pop_;
    pending_tci_ = 0;
  }
  tags_.pop();
  tags_moved_ = true;
  rebuild_tags();
}

void PacketState::set_vlan(std::optional<uint16_t> vlan, LookedAt& looked_at) {
  if (!vlan) {
    pop_vlan(looked_at);
    return;
  }
  if (!has_vlan_tag(looked_at)) {
    push_vlan(eth_type::vlan, looked_at);
  }
  if ((read(FieldId::vlan_vid, looked_at).lo & vid_and_presence) != (*vlan | vlan_tag_present)) {
    write_tag(*vlan, 0x0fff);
  }
}

void PacketState::commit_tags(datapath::ActionList& actions) {
  const size_t kept = datapath_tag_count_ - tags_to_pop_;
  for (; tags_to_pop_ != 0; --tags_to_pop_) {
    actions.push_back(datapath::PopVlan{});
  }
  for (size_t depth = tags_.size() - kept; depth-- > 0;) {
    const VlanTag tag = tags_.at(depth);
    actions.push_back(datapath::PushVlan{tag.tpid, static_cast<uint16_t>(tag.tci & ~vlan_tag_present)});
  }
  const uint16_t tci = tags_.at(0).tci;
  if (const uint16_t vid = pending_tci_ & 0x0fff; vid != 0) {
    actions.push_back(datapath::SetField{FieldId::vlan_vid, FieldValue{0, uint64_t{tci} & (vid | vlan_tag_present)},
                                         FieldValue{0, uint64_t{vid} | vlan_tag_present}});
  }
  if (const unsigned pcp = pending_tci_ >> 13; pcp != 0) {
    actions.push_back(datapath::SetField{FieldId::vlan_pcp, FieldValue{0, (tci >> 13) & pcp}, FieldValue{0, pcp}});
  }
  pending_tci_ = 0;
  datapath_tag_count_ = static_cast<uint8_t>(tags_.size());
}

}  // namespace weft::ofproto
