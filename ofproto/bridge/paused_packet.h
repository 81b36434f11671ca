// A frozen state as what a controller may hold in its hands (lib/openflow/continuation.h), and back.
//
// Rules do not travel: what is left of one is, with its cookie. Registers, metadata and tunnel fields are the message's, so
// that a controller may change them.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/flow/match.h"
#include "lib/openflow/continuation.h"
#include "ofproto/translate/frozen_state.h"

namespace weft::ofproto {

openflow::Continuation continuation_of(const FrozenState& state, uint64_t datapath_id);

// `metadata`: the message's match; what it does not name is zero. Its in_port counts, when it names one.
FrozenStatePtr frozen_state(const openflow::Continuation& continuation, const Match& metadata, BridgeId bridge);

// Every list in it. Refers to the continuation.
std::vector<const openflow::ActionList*> actions_of(const openflow::Continuation& continuation);

}  // namespace weft::ofproto
