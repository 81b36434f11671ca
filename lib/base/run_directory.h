// Where the switch's sockets are when no option says so: daemon and tools must agree.
//
// Threads: reads the environment; call it before threads start.
#pragma once

#include <string>

namespace weft {

// WEFT_RUNDIR unless it is empty, else /run/weft.
std::string default_run_directory();

}  // namespace weft
