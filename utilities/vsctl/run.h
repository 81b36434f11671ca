// Runs the commands of a command line on a draft, one after the other.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "utilities/vsctl/command_line.h"

namespace weft::vsctl {

// The draft then holds what to send and `run.output` what to print; the error is ready to be printed. Ends early, with
// run.must_wait, when wait-until finds that what it waits for is not there.
Result<void, std::string> run_commands(const CommandLine& line, Run& run);

}  // namespace weft::vsctl
