// PushMpls and PopMpls: the outermost label stack entry, behind Ethernet and its tags (OpenFlow 1.5.1 section 5.9).
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "datapath/api/action.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// no_headroom, oversized_frame, truncated_frame; not_this_protocol for a frame with a length instead of a type.
Verdict push_mpls(EditedPacket& packet, const PushMpls& action);

// no_mpls, truncated_header.
Verdict pop_mpls(EditedPacket& packet, const PopMpls& action);

}  // namespace weft::datapath
