// How records are printed: as ovs-vsctl's list, as a table, or as JSON.
#pragma once

#include <vector>

#include "utilities/vsctl/command.h"

namespace weft::vsctl {

// Honours --columns of the command and the run's format.
CommandResult print_records(Invocation& call, const management::Table& table, const std::vector<const Row*>& rows);

}  // namespace weft::vsctl
