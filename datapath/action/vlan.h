// PushVlan and PopVlan: the outermost tag, between the MAC pair and what follows it.
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "datapath/api/action.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// no_headroom, oversized_frame, truncated_frame.
Verdict push_vlan(EditedPacket& packet, const PushVlan& action);

// A packet without a tag is dropped: translation has matched on it, so the packet changed underneath us.
Verdict pop_vlan(EditedPacket& packet);

}  // namespace weft::datapath
