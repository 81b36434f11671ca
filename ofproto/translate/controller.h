// PacketInContext: what a packet-in tells beyond the packet's bytes. It travels with the Controller action through
// the datapath and comes back with the packet (ofproto/upcall).
//
// Threads: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datapath/api/action.h"
#include "lib/flow/match.h"
#include "lib/openflow/action.h"
#include "ofproto/translate/dependency_id.h"
#include "ofproto/translate/frozen_state.h"

namespace weft::ofproto {

class PacketInContext final : public datapath::PuntContext {
 public:
  std::string describe() const override;

  BridgeId bridge = 0;
  OfPort in_port{};  // as in `metadata`
  openflow::PacketInReason reason = openflow::PacketInReason::action;
  uint8_t table_id = 0;
  uint64_t cookie = ~uint64_t{0};
  bool is_implicit = false;  // no rule asked for it: for controllers of OpenFlow 1.0 only
  uint16_t max_len = 0xffff;
  uint16_t controller_id = 0;
  std::optional<uint32_t> meter_id;  // that the action named, instead of the controllers' own
  std::vector<uint8_t> userdata;
  MiniMatch metadata;  // in_port, and pipeline fields that are not zero
  // The packet waits for the controller: what goes on when that gives it back. Null: it does not wait.
  FrozenStatePtr paused;
  bool is_tagged = false;  // where it waits
};

}  // namespace weft::ofproto
