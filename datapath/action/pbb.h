// PushPbb and PopPbb: a backbone header before a whole frame (lib/packet/pbb.h; OpenFlow 1.5.1 section 5.9).
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "datapath/api/action.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// truncated_frame, oversized_frame, no_headroom.
Verdict push_pbb(EditedPacket& packet, const PushPbb& action);

// not_this_protocol: no I-TAG. truncated_header: no whole customer's frame behind it.
Verdict pop_pbb(EditedPacket& packet);

}  // namespace weft::datapath
