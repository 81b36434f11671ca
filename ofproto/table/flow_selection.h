// FlowSelection: the rules that a statistics request or a non-strict flow-mod means, a slice at a time.
//
// OpenFlow's non-strict selection: match at least as specific, cookie under its mask, an output to out_port or
// out_group, one table or all. Hidden rules are never selected, but for `include_hidden`. Tables may change between
// two slices: what is selected is what was there at the version it was made with.
//
// Threads: control thread. Ownership: must go before its TableSet, which frees no rule of its version meanwhile.
// Cost: next() stops after `budget` rules looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/classifier/classifier_cursor.h"
#include "lib/openflow/flow_message.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

class TableSet;

// What a modify or a removal selects by: out_port and out_group restrict removals only.
openflow::FlowFilter filter_of(const openflow::FlowMod& flow_mod);
// Whether cookie, out_port and out_group of the filter select the rule.
bool selects(const openflow::FlowFilter& filter, const FlowRule& rule);

class FlowSelection {
 public:
  // Rules visible at `version`: the published one for statistics, the coming one inside a change.
  FlowSelection(TableSet& tables, const openflow::FlowFilter& filter, uint64_t version, bool include_hidden = false);

  ~FlowSelection();
  FlowSelection(const FlowSelection&) = delete;
  FlowSelection& operator=(const FlowSelection&) = delete;

  // Up to `limit` further rules; fewer, or none, when `budget` rules were looked at or is_done().
  std::vector<FlowRulePtr> next(size_t limit, size_t budget);
  bool is_done() const { return !cursor_.has_value(); }

 private:
  void open_next_table();
  bool admits(const FlowRule& rule) const;

  TableSet& tables_;
  const openflow::FlowFilter filter_;
  const MiniMatch match_;
  const uint64_t version_;
  const bool include_hidden_;
  unsigned next_table_;
  std::optional<ClassifierCursor> cursor_;
};

}  // namespace weft::ofproto
