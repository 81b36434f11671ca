// What a controller is told unasked: asynchronous configuration (OpenFlow 1.3.5 section 6.3.5 and 7.3.10).
//
// Threads: pure functions.
#pragma once

#include <cstdint>

#include "lib/openflow/async_message.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/packet_message.h"
#include "lib/openflow/session_message.h"
#include "lib/openflow/version.h"

namespace weft::ofproto {

// Before the controller has said anything: a primary or equal one is told of packets (but not of those whose TTL ran
// out), flows, ports, its role and its tables' vacancy; a secondary of ports and its role.
openflow::AsyncConfig default_async_config();

bool lets_through(const openflow::AsyncConfig& config, openflow::Role role, openflow::AsyncKind kind, unsigned reason);

// The reason as the version's masks know it: what later versions tell apart is one reason earlier.
unsigned reason_in(openflow::Version version, openflow::PacketInReason reason);
unsigned reason_in(openflow::Version version, openflow::FlowRemovedReason reason);

}  // namespace weft::ofproto
