// Executes a list of datapath actions on one packet.
//
// The work of each action is in the file of its family; here is the order of things, and that a packet leaves by
// exactly one door. Only what is used later is copied: the last action that needs the packet gets it itself, and what
// stands behind that one changes nothing that anybody sees and is not run. A verdict of an action ends the list.
//
// Counting: to recirculate a packet is to send it, for here; what becomes of it is counted when it is looked up again.
// A list that sends a packet n times (n > 0) originates n - 1; a verdict, or a copy for which there was no
// buffer, is one more packet that was there, and dropped. Where nothing was sent and nothing failed the packet is
// absorbed by a packet-in, or dropped: for the reason that Drop names, for the one that kept it from the controller, or
// as no_output.
//
// Threads: the packet's worker. Cost: a visit an action; a copy for every output but the last.
#pragma once

#include "datapath/action/exits.h"
#include "datapath/api/action.h"
#include "lib/packet/packet.h"

namespace weft::datapath {

void execute(const ActionList& actions, PacketPtr packet, Exits& exits);

}  // namespace weft::datapath
