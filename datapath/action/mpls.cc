#include "datapath/action/mpls.h"

#include "datapath/action/header_move.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/mpls.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {
namespace {

// Where the header with the EtherType ends: behind all tags.
size_t link_header_size(EditedPacket& packet) {
  return ethernet_header_bytes + packet.layers().vlan_count * vlan_tag_bytes;
}

void set_eth_type(EditedPacket& packet, size_t link_size, uint16_t type) {
  store_be16(packet->data() + link_size - sizeof(Be16), type);
}

}  // namespace

Verdict push_mpls(EditedPacket& packet, const PushMpls& action) {
  const size_t link_size = link_header_size(packet);
  if (packet->size() < link_size) {
    return DropReason::truncated_frame;
  }
  if (load_be16(packet->data() + link_size - sizeof(Be16)) < eth_type::min) {
    return DropReason::not_this_protocol;
  }
  if (packet->size() + mpls_entry_bytes > max_frame_size) {
    return DropReason::oversized_frame;
  }
  if (const Verdict verdict = open_gap(packet, link_size, mpls_entry_bytes)) {
    return verdict;
  }
  set_eth_type(packet, link_size, action.eth_type);
  store_be32(packet->data() + link_size, action.lse);
  packet->l2_5_offset = static_cast<uint16_t>(link_size);
  return keep;
}

Verdict pop_mpls(EditedPacket& packet, const PopMpls& action) {
  const size_t link_size = link_header_size(packet);
  if (!eth_type::is_mpls(packet.layers().eth_type)) {
    return DropReason::no_mpls;
  }
  if (packet.layers().mpls == FrameLayers::absent) {
    return DropReason::truncated_header;
  }
  close_gap(packet, link_size, mpls_entry_bytes);
  set_eth_type(packet, link_size, action.eth_type);
  const FrameLayers& layers = packet.layers();
  packet->l2_5_offset = layers.mpls != FrameLayers::absent ? layers.mpls : layers.pbb;
  return keep;
}

}  // namespace weft::datapath
