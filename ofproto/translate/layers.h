// Which actions ask for headers behind the Ethernet header and its tags. Where translation does not know those (a label
// was popped and nobody has read what it covered), such an action has to wait for recirculation.
//
// Threads: pure functions.
#pragma once

#include "lib/openflow/action.h"

namespace weft::ofproto {

// False only where it is sure not to.
bool looks_behind_link_layer(const openflow::Action& action);

}  // namespace weft::ofproto
