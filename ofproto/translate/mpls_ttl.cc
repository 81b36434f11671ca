// The time to live of labels. Where both ends of a copy are in the key it is a set-field; what the key does not reach (IP
// behind the bottom of the stack) only the datapath sees.
#include "lib/base/big_endian.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t word_ttl_mask = 0xff;

// The second label stack entry's TTL, in its word.
constexpr uint64_t second_ttl_bits = swap_network_order(word_ttl_mask);
constexpr unsigned outer_shift = 32;

uint64_t second_ttl(const Flow& flow) { return swap_network_order(flow.word(KeyWord::mpls01)) & word_ttl_mask; }

}  // namespace

bool PacketState::is_bottom_label(LookedAt& looked_at) const { return read(FieldId::mpls_bos, looked_at).lo != 0; }

void PacketState::copy_ttl_out(LookedAt& looked_at, datapath::ActionList& actions) {
  if (!is_mpls(looked_at)) {
    return;
  }
  const bool is_bottom = is_bottom_label(looked_at);
  std::optional<uint64_t> ttl;
  if (is_bottom) {
    ttl = hidden_ttl_;
  } else if ((unknown_label_ttls_ & 2) == 0 && known_label_count_ > 1) {
    mark_word(KeyWord::mpls01, second_ttl_bits, looked_at);
    ttl = second_ttl(flow_);
  }
  if (ttl) {
    set_field(field(FieldId::mpls_ttl), FieldValue{0, *ttl}, FieldValue{0, word_ttl_mask}, looked_at);
    return;
  }
  commit(looked_at, actions);
  actions.push_back(datapath::CopyTtlOut{});
  weft::set(flow_, FieldId::mpls_ttl, FieldValue{});
  set_constant(KeyWord::mpls01, 0, swap_network_order(word_ttl_mask << outer_shift));
  unknown_label_ttls_ |= 1;
  base_ = flow_;
}

// The second label's TTL now comes from wherever the first one's did.
void PacketState::write_inner_label_ttl() {
  const auto copy = [](Flow& words) {
    const uint64_t word = swap_network_order(words.word(KeyWord::mpls01));
    words.word(KeyWord::mpls01) = swap_network_order((word & ~word_ttl_mask) | (word >> outer_shift & word_ttl_mask));
  };
  copy(flow_);
  copy(written_);
  labels_moved_ = true;
  unknown_label_ttls_ = static_cast<uint8_t>((unknown_label_ttls_ & ~2U) | (unknown_label_ttls_ & 1U) << 1);
}

void PacketState::copy_ttl_in(LookedAt& looked_at, datapath::ActionList& actions) {
  if (!is_mpls(looked_at)) {
    return;
  }
  const bool is_bottom = is_bottom_label(looked_at);
  commit(looked_at, actions);
  actions.push_back(datapath::CopyTtlIn{});
  if (is_bottom) {
    hidden_ttl_.reset();
  } else {
    write_inner_label_ttl();
  }
  base_ = flow_;
}

bool PacketState::decrement_mpls_ttl(LookedAt& looked_at, datapath::ActionList& actions) {
  if (!is_mpls(looked_at)) {
    return true;
  }
  if ((unknown_label_ttls_ & 1) != 0) {
    commit(looked_at, actions);
    actions.push_back(datapath::DecMplsTtl{});
    return true;
  }
  const uint64_t ttl = read(FieldId::mpls_ttl, looked_at).lo;
  if (ttl < 2) {
    return false;
  }
  set_field(field(FieldId::mpls_ttl), FieldValue{0, ttl - 1}, FieldValue{0, word_ttl_mask}, looked_at);
  return true;
}

}  // namespace weft::ofproto
