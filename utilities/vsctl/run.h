// Runs the commands of a command line on a draft, one after the other, and sees what came of them.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "utilities/vsctl/command_line.h"

namespace weft::vsctl {

// The draft then holds what to send and `run.output` what to print; the error is ready to be printed. Ends early, with
// run.must_wait, when wait-until finds that what it waits for is not there.
Result<void, std::string> run_commands(const CommandLine& line, Run& run);

// A sentence for each record that `create` has made for nothing, because no other record refers to it.
std::vector<std::string> useless_records(const Run& run);

// A sentence for each interface that is new, or was fine before, and could not be set up.
std::vector<std::string> new_problems(const Database& before, const Database& after);

// A sentence for each interface that works and whose user should know something: status:warning.
std::vector<std::string> new_warnings(const Database& before, const Database& after);

}  // namespace weft::vsctl
