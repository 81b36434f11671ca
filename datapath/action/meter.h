// ApplyMeter: a packet is charged to a meter, and what that says is done: it is dropped, or its DSCP is remarked.
//
// Remarking raises the drop precedence of an assured forwarding class (RFC 2597: AFxy becomes AFx with a higher y, 3 at
// most), in IPv4 or IPv6, with every checksum kept right. Other code points have no precedence to raise, and other
// packets no code point: they pass unchanged.
//
// Threads: the packet's worker.
#pragma once

#include "datapath/action/edited_packet.h"
#include "datapath/api/action.h"
#include "lib/packet/drop_reason.h"

namespace weft::datapath {

// The action's reason.
Verdict apply_meter(EditedPacket& packet, const ApplyMeter& action);

}  // namespace weft::datapath
