// Which actions ask for headers behind the Ethernet header and its tags. Where translation does not know those (a label
// was popped and nobody has read what it covered), such an action has to wait for recirculation.
//
// Threads: pure functions.
#pragma once

#include "lib/openflow/action.h"

namespace weft::ofproto {

// False only where it is sure not to.
bool looks_behind_link_layer(const openflow::Action& action);
// The same for the addresses and tags of the Ethernet header, which a popped backbone header lays bare.
bool looks_at_link_layer(const openflow::Action& action);
// Whether it asks a table, or copies a field: then a label's TTL that only the datapath knows has to be read.
bool looks_up(const openflow::Action& action);

}  // namespace weft::ofproto
