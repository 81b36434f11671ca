// Which tunnel options (tun_metadata0 to 63) matches and actions name, as sets: bit n is tun_metadata n.
//
// A rule, bucket or packet-out may name only those that the bridge has mapped to Geneve options (ofproto/bridge/tlv_table.h),
// and a mapping that rules or groups use is not taken away.
//
// Threads: control thread. Cost: a look at a word of the match and a walk over the actions.
#pragma once

#include <array>
#include <cstdint>

#include "lib/flow/match.h"
#include "lib/openflow/action.h"
#include "lib/openflow/instruction.h"
#include "ofproto/table/abilities.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

uint64_t options_of(const Match& match);
uint64_t options_of(const MiniMatch& match);
uint64_t options_of(const openflow::ActionList& actions);
uint64_t options_of(const openflow::Instructions& instructions);

// NXFMFC_INVALID_TLV_FIELD for the first of `used` that is not in `mapped`.
Refusal find_unmapped(uint64_t used, uint64_t mapped);

// How many rules use which.
class OptionUses {
 public:
  void refer(const FlowRule& rule) { count(rule, 1); }
  void release(const FlowRule& rule) { count(rule, -1); }
  uint64_t used() const;

 private:
  void count(const FlowRule& rule, int by);

  std::array<int64_t, 64> rules_{};
};

}  // namespace weft::ofproto
