// MPLS labels: told to the datapath at once, because the fields behind a label come and go with it.
#include <algorithm>

#include "lib/base/big_endian.h"
#include "lib/packet/ethernet.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t all_ones = ~uint64_t{0};
constexpr uint32_t bottom_of_stack = 0x100;
constexpr uint32_t ttl_mask = 0xff;
constexpr uint64_t default_ttl = 64;
constexpr uint64_t pbb_half = 0xffffffff;
constexpr uint8_t own_label_count = 3;

// The three entries that the key holds, outermost first.
struct Labels {
  uint32_t entry[3];

  explicit Labels(const Flow& flow) {
    const uint64_t first = swap_network_order(flow.word(KeyWord::mpls01));
    entry[0] = static_cast<uint32_t>(first >> 32);
    entry[1] = static_cast<uint32_t>(first);
    entry[2] = static_cast<uint32_t>(swap_network_order(flow.word(KeyWord::mpls2_pbb)) >> 32);
  }
  void store(Flow& flow) const {
    flow.word(KeyWord::mpls01) = swap_network_order(uint64_t{entry[0]} << 32 | entry[1]);
    uint64_t& last = flow.word(KeyWord::mpls2_pbb);
    last = swap_network_order((swap_network_order(last) & pbb_half) | uint64_t{entry[2]} << 32);
  }
  void shift_out(uint32_t outermost) {
    entry[2] = entry[1];
    entry[1] = entry[0];
    entry[0] = outermost;
  }
  void shift_in(uint32_t innermost) {
    entry[0] = entry[1];
    entry[1] = entry[2];
    entry[2] = innermost;
  }
};

}  // namespace

void PacketState::hide_words_from(KeyWord first) {
  for (unsigned i = index(first); i < key_word_count; ++i) {
    flow_.word(i) = 0;
    written_.word(i) = all_ones;
  }
}

// The packet is of another type now, and what lay behind the old one is out of sight.
void PacketState::replace_network_layer(uint16_t eth_type, uint16_t present_bits) {
  hide_words_from(KeyWord::ipv4);
  set_constant(KeyWord::eth_src_type, swap_network_order(uint64_t{eth_type} << 16 | present_bits),
               swap_network_order(uint64_t{0xffffffff}));
  ttl_decrements_ = ttl_uncommitted_ = 0;
}

void PacketState::note_own_labels() {
  const Labels labels(flow_);
  for (unsigned i = 0; i < own_label_count; ++i) {
    own_bottoms_ |= static_cast<uint8_t>((labels.entry[i] & bottom_of_stack) != 0 ? 1U << i : 0U);
  }
}

void PacketState::note_pop(bool has_more) {
  if (labels_pushed_ == 0) {
    ++own_labels_popped_;
  } else {
    --labels_pushed_;
  }
  known_label_count_ -= known_label_count_ > 0 ? 1 : 0;
  // What is said to be a label and is none nobody has read either.
  is_network_hidden_ = !has_more || is_network_hidden_ || (is_bottom_pushed_ && labels_pushed_ == 0);
}

// A stack is one that extraction reads to its bottom, or three entries of it. So once a label of the packet's own is gone,
// the bottom has to be in sight, and not among those that were popped.
bool PacketState::is_parsed(LookedAt& looked_at) const {
  if (is_network_hidden_ || known_label_count_ == 0) {
    return false;
  }
  if (own_labels_popped_ == 0) {
    return true;
  }
  Labels bottoms(looked_at.mask);
  for (uint32_t& entry : bottoms.entry) {
    entry |= bottom_of_stack;
  }
  bottoms.store(looked_at.mask);
  const unsigned popped = (1U << own_labels_popped_) - 1;
  return (own_bottoms_ & popped) == 0 && (own_bottoms_ & ~popped) != 0;
}

void PacketState::push_mpls(uint16_t eth_type, LookedAt& looked_at, datapath::ActionList& actions) {
  const bool has_label = is_mpls(looked_at);
  is_bottom_pushed_ = is_bottom_pushed_ || !has_label;
  ++labels_pushed_;
  known_label_count_ = std::min<uint8_t>(known_label_count_ + 1, own_label_count);
  uint32_t entry;
  if (has_label) {
    Flow first_entry;
    first_entry.word(KeyWord::mpls01) = swap_network_order(uint64_t{0xffffffff} << 32);
    look_at(first_entry, looked_at);
    entry = Labels(flow_).entry[0] & ~bottom_of_stack;
  } else {
    const bool has_ttl = is_ip(looked_at);
    const uint64_t ttl = has_ttl ? read(FieldId::nw_ttl, looked_at).lo : default_ttl;
    hidden_ttl_ = has_ttl ? std::optional(static_cast<uint8_t>(ttl)) : std::nullopt;
    entry = bottom_of_stack | static_cast<uint32_t>(ttl & ttl_mask);
  }
  commit(looked_at, actions);
  actions.push_back(datapath::PushMpls{eth_type, entry});
  const bool copies_unknown_ttl = has_label && (unknown_label_ttls_ & 1) != 0;
  unknown_label_ttls_ = static_cast<uint8_t>(unknown_label_ttls_ << 1);
  if (copies_unknown_ttl) {
    actions.push_back(datapath::CopyTtlOut{});
    unknown_label_ttls_ |= 1;
  }

  Labels labels(flow_);
  labels.shift_out(entry);
  labels.store(flow_);
  Labels written(written_);
  written.shift_out(~0U);
  if (!has_label) {
    written.entry[1] = written.entry[2] = ~0U;  // the only label there is
  }
  written.store(written_);
  labels_moved_ = true;
  replace_network_layer(eth_type, present::mpls);
  base_ = flow_;
}

void PacketState::pop_mpls(uint16_t eth_type, LookedAt& looked_at, datapath::ActionList& actions) {
  if (!is_mpls(looked_at)) {
    return;
  }
  commit(looked_at, actions);
  actions.push_back(datapath::PopMpls{eth_type});

  const bool has_more = eth_type == eth_type::mpls || eth_type == eth_type::mpls_multicast;
  note_pop(has_more);
  unknown_label_ttls_ = has_more ? unknown_label_ttls_ >> 1 : 0;
  if (!has_more) {
    hidden_ttl_.reset();
  }
  Labels labels(flow_);
  labels.shift_in(0);
  Labels written(written_);
  written.shift_in(~0U);
  labels.store(flow_);
  written.store(written_);
  labels_moved_ = true;
  if (!has_more) {
    set_constant(KeyWord::mpls01, 0);
    set_constant(KeyWord::mpls2_pbb, 0);
  }
  replace_network_layer(eth_type, has_more ? present::mpls : 0);
  base_ = flow_;
}

}  // namespace weft::ofproto
