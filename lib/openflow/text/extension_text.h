// Messages of Open vSwitch's extensions, flow monitors and asynchronous configuration as ofp-print shows them: what
// stands behind the title. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "lib/flow/port_names.h"
#include "lib/openflow/async_message.h"
#include "lib/openflow/form.h"
#include "lib/openflow/monitor_message.h"
#include "lib/openflow/nicira_message.h"

namespace weft::openflow {

std::string_view packet_in_format_name(Form form);  // "nxt_packet_in2", as monitor's -P spells it

std::string format_tlv_table_mod(const TlvTableMod& mod);        // several lines
std::string format_tlv_table_reply(const TlvTableReply& reply);  // several lines

std::string format_set_async(const SetAsync& message);  // several lines

// A line each, with a leading space: "event=ADDED table=0 cookie=0x5 in_port=1 actions=output:2".
std::string format_flow_monitor(const FlowMonitor& monitor, Form form, const PortNames* ports = nullptr);
std::string format_flow_update(const FlowUpdate& update, const PortNames* ports = nullptr);

}  // namespace weft::openflow
