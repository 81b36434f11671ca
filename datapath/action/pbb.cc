#include "datapath/action/pbb.h"

#include <array>
#include <cstring>

#include "datapath/action/header_move.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/pbb.h"

namespace weft::datapath {

// The gap opens behind the addresses, which so become the backbone's; the customer's are a copy.
Verdict push_pbb(EditedPacket& packet, const PushPbb& action) {
  if (packet->size() < ethernet_header_bytes) {
    return DropReason::truncated_frame;
  }
  if (packet->size() + pbb_header_bytes > max_frame_size) {
    return DropReason::oversized_frame;
  }
  if (const Verdict verdict = open_gap(packet, mac_pair_bytes, pbb_header_bytes)) {
    return verdict;
  }
  uint8_t* const frame = packet->data();
  store_be16(frame + mac_pair_bytes, action.eth_type);
  store_be32(frame + ethernet_header_bytes, action.tag);
  std::memcpy(frame + pbb_header_bytes, frame, mac_pair_bytes);
  packet->l2_5_offset = ethernet_header_bytes;
  return keep;
}

Verdict pop_pbb(EditedPacket& packet) {
  if (packet.layers().eth_type != eth_type::pbb) {
    return DropReason::not_this_protocol;
  }
  const size_t tag = packet.layers().pbb;
  const size_t customer = tag + pbb_tag_bytes;
  if (tag == FrameLayers::absent || packet->size() < customer + ethernet_header_bytes) {
    return DropReason::truncated_header;
  }
  std::array<uint8_t, mac_pair_bytes> addresses;
  std::memcpy(addresses.data(), packet->data() + customer, addresses.size());
  close_gap(packet, tag - sizeof(Be16), pbb_header_bytes);
  std::memcpy(packet->data(), addresses.data(), addresses.size());
  const FrameLayers& layers = packet.layers();
  packet->l2_5_offset = layers.mpls != FrameLayers::absent ? layers.mpls : layers.pbb;
  return keep;
}

}  // namespace weft::datapath
