// Backbone headers (PBB): told to the datapath at once. A push hides the customer's frame, a pop lays it bare, and neither
// it nor its addresses are in the key.
#include "lib/packet/pbb.h"
#include "lib/base/big_endian.h"
#include "lib/packet/ethernet.h"
#include "ofproto/translate/packet_state.h"

namespace weft::ofproto {
namespace {

constexpr uint64_t eth_src_in_type_word = swap_network_order(uint64_t{0xffffffff} << 32);

uint64_t tag_word(uint64_t isid) { return swap_network_order(isid << 8); }

}  // namespace

// The service instance of an I-TAG that is there and the priority of a VLAN tag are copied (OpenFlow 1.3.5 section
// 5.12.1, "Default values for fields on push"); the addresses are the same as before.
void PacketState::push_pbb(uint16_t eth_type, LookedAt& looked_at, datapath::ActionList& actions) {
  const bool has_tag = has_header_of(field(FieldId::pbb_isid), looked_at);
  const uint64_t isid = has_tag ? read(FieldId::pbb_isid, looked_at).lo : 0;
  const uint64_t pcp = has_vlan_tag(looked_at) ? read(FieldId::vlan_pcp, looked_at).lo : 0;
  commit(looked_at, actions);
  actions.push_back(datapath::PushPbb{eth_type, PbbTag::make(static_cast<uint32_t>(isid), static_cast<uint8_t>(pcp))});

  tags_ = TagStack();
  datapath_tag_count_ = 0;
  has_no_more_tags_ = true;
  rebuild_tags();
  set_constant(KeyWord::mpls01, 0);
  set_constant(KeyWord::mpls2_pbb, tag_word(isid));
  unknown_label_ttls_ = 0;
  hidden_ttl_.reset();
  own_bottoms_ = 0;
  known_label_count_ = 3;
  own_labels_popped_ = 0;
  labels_pushed_ = 0;
  is_bottom_pushed_ = false;
  replace_network_layer(eth_type, present::pbb);
  base_ = flow_;
}

void PacketState::pop_pbb(LookedAt& looked_at, datapath::ActionList& actions) {
  if (!has_header_of(field(FieldId::pbb_isid), looked_at)) {
    return;
  }
  commit(looked_at, actions);
  actions.push_back(datapath::PopPbb{});

  set_constant(KeyWord::eth_dst, 0);
  set_constant(KeyWord::eth_src_type, 0, eth_src_in_type_word);
  addresses_uncovered_ = true;
  is_network_hidden_ = true;
  has_no_more_tags_ = true;
  rebuild_tags();
  set_constant(KeyWord::mpls01, 0);
  set_constant(KeyWord::mpls2_pbb, 0);
  replace_network_layer(0, 0);
  base_ = flow_;
}

}  // namespace weft::ofproto
