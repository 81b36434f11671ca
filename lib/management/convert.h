// Between the plain types of this folder and the Protobuf messages that travel and are saved.
//
// Decoding checks what Protobuf does not: uuids, as many values as keys in a map, atoms that are set at all.
// Tables and columns that the schema does not know are for the Database to keep (load) or to refuse (apply).
//
// Threads: pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/management/database.h"
#include "lib/management/management.pb.h"

namespace weft::management {

// Ephemeral columns are left out when `with_ephemeral` is false: what is saved.
pb::State to_wire(const Database& database, bool with_ephemeral);
pb::Operation to_wire(const Operation& operation);

Result<Operation, std::string> from_wire(const pb::Operation& operation);
Result<Database, std::string> from_wire(const pb::State& state);

}  // namespace weft::management
