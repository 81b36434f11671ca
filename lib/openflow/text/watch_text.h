// What a flow monitor watches, as `ovs-ofctl monitor BRIDGE watch:...` takes it:
//
//     !initial,table=1,tcp,out_port=2
//
// Everything is watched but what stands behind a "!": initial, add, delete, modify, own, actions. The rest selects
// flows as dump-flows does.
//
// Threads: pure functions. Cost: allocates.
#pragma once

#include <string_view>

#include "lib/base/result.h"
#include "lib/base/text.h"
#include "lib/flow/port_names.h"
#include "lib/openflow/monitor_message.h"

namespace weft::openflow {

// `id` is the caller's to choose.
Result<FlowMonitor, TextError> parse_watch(std::string_view text, const PortNames* ports = nullptr);

}  // namespace weft::openflow
