// TableStages: which tables are ingress and which are egress tables, and what that forbids their rules.
//
// OpenFlow 1.5.1 sections 5.1 and 5.5: a packet starts in table 0 and stays in ingress tables. Each copy that is to leave
// by a port then goes through egress tables, from the first one on, bound for that port (ofproto/translate/egress.cc).
// The first egress table divides them: tables below it are ingress, it and those above are egress tables. Without one,
// which is the default, all tables are ingress tables and nothing of this happens.
//
// Refused, where the specification says so or leaves it open:
// - goto_table from an ingress to an egress table: OFPBIC_BAD_TABLE_ID. Back it cannot go anyway.
// - an output or group written into the action set by a rule of an egress table: OFPBAC_BAD_TYPE, as for an action that
//   a table does not have; table features list neither there.
// - a first egress table that rules that are there would break one of these by: OFPTFFC_BAD_FEATURES, instead of rules
//   that silently stop doing what they say.
//
// Resubmit, an extension, may look up any table: whether a packet is in ingress or egress is its own, and not the
// table's that it is looked up in.
//
// Threads: control thread. Cost: of a rule that comes or goes, a look at its instructions and a place in a small map.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "lib/openflow/instruction.h"
#include "ofproto/table/abilities.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

class TableStages {
 public:
  std::optional<uint8_t> first_egress() const { return first_egress_; }
  void set_first_egress(std::optional<uint8_t> table_id) { first_egress_ = table_id; }
  bool is_egress(uint8_t table_id) const { return first_egress_ && table_id >= *first_egress_; }

  // What a rule of this table may not do.
  Refusal check(uint8_t table_id, const openflow::Instructions& instructions) const;
  // Whether the rules that are there allow it.
  Refusal check_first_egress(uint8_t table_id) const;

  void refer(const FlowRule& rule) { count(rule, 1); }
  void release(const FlowRule& rule) { count(rule, -1); }

 private:
  void count(const FlowRule& rule, int by);

  std::optional<uint8_t> first_egress_;
  std::map<std::pair<uint8_t, uint8_t>, int64_t> gotos_;  // how many rules go on from a table to another
  std::array<int64_t, 256> output_writers_{};             // how many rules write an output
};

}  // namespace weft::ofproto
