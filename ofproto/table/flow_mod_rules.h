// What differs between the versions of OpenFlow that a flow-mod may come in. A value.
#pragma once

namespace weft::ofproto {

struct FlowModRules {
  bool modify_adds = false;  // 1.0: a modify that finds nothing adds
};

}  // namespace weft::ofproto
