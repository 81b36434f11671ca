// Writing the action types that only 1.0 has (OpenFlow 1.0.1 section 5.2.4). Private to the action codec.
#pragma once

#include "lib/openflow/action.h"
#include "lib/openflow/wire.h"

namespace weft::openflow {

void write_output_10(WireWriter& out, const OutputAction& action);
void write_enqueue_10(WireWriter& out, const EnqueueAction& action);
void write_set_vlan_vid_10(WireWriter& out, uint16_t vid);
void write_set_vlan_pcp_10(WireWriter& out, uint8_t pcp);
void write_strip_vlan_10(WireWriter& out);

// False, with nothing written, when 1.0 has no action of its own for the field: a reg_load then says it.
bool write_set_field_10(WireWriter& out, const SetFieldAction& action);

}  // namespace weft::openflow
