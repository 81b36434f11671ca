// Writing eth_type and ip_proto. The bytes behind stay as they are and are called something else from then on; until the
// packet is read again nothing of them is known, so no match on them holds.
#include "lib/packet/ethernet.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {

void PacketState::reshape(const Field& field, FieldValue value, LookedAt& looked_at, datapath::ActionList& actions) {
  if (!has_header_of(field, looked_at)) {
    return;
  }
  const uint64_t old = read(field.id, looked_at).lo;
  const bool is_type = field.id == FieldId::eth_type;
  if (old == value.lo || (is_type && old < eth_type::min)) {  // a frame with a length has no type to change
    return;
  }
  commit(looked_at, actions);
  actions.push_back(datapath::SetField{field.id, value, all_bits(field)});
  if (is_type) {
    set_constant(KeyWord::mpls01, 0);
    set_constant(KeyWord::mpls2_pbb, 0);
    replace_network_layer(static_cast<uint16_t>(value.lo), 0);
  } else {
    weft::set(flow_, field, value);
    weft::set(written_, field, all_bits(field));
    hide_words_from(KeyWord::l4);
    const uint64_t kept = present_in_word(present::ip | present::ip_protocol);
    set_constant(present_word, kept, present_in_word(0xffff));
  }
  is_network_hidden_ = true;
  base_ = flow_;
}

}  // namespace weft::ofproto
