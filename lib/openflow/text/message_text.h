// A whole OpenFlow message as text: what logs and ofp-print show.
//
//     OFPT_FLOW_MOD (OF1.3) (xid=0x3): ADD table:1 priority=7,tcp actions=output:2
//
// Threads: pure functions.
#pragma once

#include <string>

#include "lib/flow/port_names.h"
#include "lib/openflow/message.h"

namespace weft::openflow {

// "OFPST_FLOW reply (OF1.3) (xid=0x2):"
std::string format_title(const Envelope& envelope);

// Ends with a newline.
std::string format_message(const Envelope& envelope, const PortNames* ports = nullptr);

}  // namespace weft::openflow
