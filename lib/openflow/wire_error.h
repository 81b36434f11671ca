// The numbers that an error has in a wire version, where they are not those of error.h: 1.3 says what later versions
// brought with numbers of the ONF or of what it has instead.
//
// Threads: pure functions. Private to lib/openflow. Not here: 1.0 (its codec).
#pragma once

#include "lib/openflow/error.h"
#include "lib/openflow/version.h"

namespace weft::openflow {

OpenFlowError to_wire(OpenFlowError error, Version version);
OpenFlowError from_wire(OpenFlowError error, Version version);

}  // namespace weft::openflow
