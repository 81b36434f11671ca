// What differs between the versions of OpenFlow that a flow-mod may come in. A value.
#pragma once

#include "lib/openflow/flow_message.h"

namespace weft::ofproto {

struct FlowModRules {
  bool modify_adds = false;  // 1.0: a modify that finds nothing adds
};

// What a modify that finds nothing adds: in the first table, where it speaks of all.
openflow::FlowMod addition_of(const openflow::FlowMod& modify);

}  // namespace weft::ofproto
