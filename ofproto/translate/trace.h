// Trace: a translation told in words, as Open vSwitch's ofproto/trace does.
//
//     Flow: in_port=p1,...
//
//     bridge("br0")
//     -------------
//      0. in_port=p1,dl_vlan=10, priority 32768
//         pop_vlan
//         output:p2
//
//     Final flow: ...
//     Megaflow: in_port=p1,dl_vlan=10
//     Datapath actions: pop_vlan,output:p2
//
// A packet that the datapath looks up again is followed: "pass 2:" and the same once more. What the frame holds behind a
// label that was popped the text of the flow does not say; there it counts as empty.
//
// Threads: any thread under RCU. Nothing is changed, counted or learned.
#pragma once

#include <string>

#include "ofproto/translate/translator.h"

namespace weft::ofproto {

std::string trace(const Snapshot& snapshot, size_t bridge_index, uint64_t version, OfPort in_port, const FlowKey& key);

// What the fields of a flow given as text imply: headers that are there (tcp: a whole TCP header), the type of a VLAN
// tag, a TTL to live with.
void complete_flow(Flow& flow);

}  // namespace weft::ofproto
