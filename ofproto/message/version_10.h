// What OpenFlow 1.0 wants otherwise than later versions (1.0.0 sections 4.6, 5.3.1 and 5.3.3).
//
// Threads: control thread.
#pragma once

#include <vector>

#include "lib/openflow/flow_message.h"
#include "lib/openflow/session_message.h"
#include "lib/openflow/table_message.h"
#include "ofproto/message/request.h"

namespace weft::ofproto {

// The flow-mod as its sender means it. In 1.0 the high byte of the command is a table only for a connection that has said
// so (NXT_FLOW_MOD_TABLE_ID); for others it belongs to the command, and an ADD is for table 0, the rest for all. An ADD
// always counts from zero.
Result<openflow::FlowMod, openflow::OpenFlowError> as_meant(const Session& session, const openflow::FlowMod& flow_mod);

// Without what 1.0 can set of a spanning tree, which the switch does not claim to have (OFPC_STP).
openflow::PortMod as_meant(const Session& session, const openflow::PortMod& port_mod);

// What only 1.0's features reply has: the ports, the actions, and that it matches ARP addresses.
void add_features_10(const Bridge& bridge, openflow::FeaturesReply& reply);

// What only 1.0's table statistics say: names, sizes and what a match may leave out.
void describe_tables_10(std::vector<openflow::TableStats>& tables);

}  // namespace weft::ofproto
