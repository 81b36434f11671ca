// Which queue of a tap a frame comes by: a BPF program that chooses by the frame's addresses, protocol and ports.
//
// Without one the kernel sends a flow's frames to the queue by which frames of the other direction were last written. That
// changes whenever another worker sends, and with it the order of packets. IP fragments, whose ports only the first one
// has, go by addresses and protocol; what is not IP goes by the first queue.
//
// Threads: the control thread. Ownership: the device holds the program.
#pragma once

#include "lib/base/os_error.h"
#include "lib/base/result.h"
#include "lib/os/fd.h"

namespace weft::datapath {

// `tap`: any queue of the device; it holds for all.
Result<void, OsError> steer_by_flow(const Fd& tap);

}  // namespace weft::datapath
