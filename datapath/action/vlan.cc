#include "datapath/action/vlan.h"

#include "datapath/action/header_move.h"
#include "lib/packet/ethernet.h"
#include "lib/packet/header_at.h"
#include "lib/packet/vlan.h"

namespace weft::datapath {

Verdict push_vlan(EditedPacket& packet, const PushVlan& action) {
  if (packet->size() < ethernet_header_bytes) {
    return DropReason::truncated_frame;
  }
  if (packet->size() + vlan_tag_bytes > max_frame_size) {
    return DropReason::oversized_frame;
  }
  if (const Verdict verdict = open_gap(packet, mac_pair_bytes, vlan_tag_bytes)) {
    return verdict;
  }
  auto& tag = *header_at<VlanTag>(packet->bytes(), mac_pair_bytes);
  tag.tpid = Be16{action.tpid};
  tag.tci = Be16{static_cast<uint16_t>(action.tci & ~vlan_dei)};
  return keep;
}

Verdict pop_vlan(EditedPacket& packet) {
  const auto* tag = header_at<VlanTag>(packet->bytes(), mac_pair_bytes);
  if (tag == nullptr || packet->size() < ethernet_header_bytes + vlan_tag_bytes) {
    return DropReason::truncated_header;
  }
  if (!eth_type::is_vlan(tag->tpid.host())) {
    return DropReason::not_tagged;
  }
  close_gap(packet, mac_pair_bytes, vlan_tag_bytes);
  return keep;
}

}  // namespace weft::datapath
