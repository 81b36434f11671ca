// What a packet-out asks for, as one list of actions: the pipeline fields that it says the packet starts with (OpenFlow
// 1.5.1 section 7.3.6) are set first. Those that nothing can set (ct_state) are not there.
//
// Threads: a pure function.
#pragma once

#include "lib/openflow/packet_message.h"

namespace weft::ofproto {

openflow::ActionList all_actions_of(const openflow::PacketOut& packet_out);

}  // namespace weft::ofproto
