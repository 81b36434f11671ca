// Decisions as text: datapath actions and megaflows, with the names of ports that a snapshot knows.
//
//     in_port=p1,dl_vlan=10 actions=pop_vlan,output:p2
//
// Threads: any thread under RCU. Cost: allocates; not for the packet path.
#pragma once

#include <string>

#include "datapath/api/action.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/match.h"
#include "lib/flow/port_names.h"
#include "ofproto/translate/snapshot.h"

namespace weft::ofproto {

// The ports of one bridge by name. Refers to the view.
class BridgePortNames final : public PortNames {
 public:
  explicit BridgePortNames(const BridgeView& bridge) : bridge_(bridge) {}
  std::optional<OfPort> find_port(std::string_view name) const override;
  std::optional<std::string> port_name(OfPort port) const override;

 private:
  const BridgeView& bridge_;
};

std::string format_datapath_actions(const datapath::ActionList& actions, const Snapshot& snapshot);

// A megaflow's key (masked) and mask, its in_port told as the bridge numbers it.
std::string format_megaflow_match(const FlowKey& key, const FlowMask& mask, const Snapshot& snapshot);

}  // namespace weft::ofproto
