#include "ofproto/table/flow_selection.h"

#include "ofproto/table/action_uses.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

FlowSelection::FlowSelection(TableSet& tables, const openflow::FlowFilter& filter, uint64_t version,
                             bool include_hidden)
    : tables_(tables),
      filter_(filter),
      match_(filter.match),
      version_(version),
      include_hidden_(include_hidden),
      next_table_(filter.table_id == openflow::all_tables ? 0 : filter.table_id) {
  tables_.pin(version_);
  open_next_table();
}

FlowSelection::~FlowSelection() {
  cursor_.reset();
  tables_.unpin(version_);
}

std::vector<FlowRulePtr> FlowSelection::next(size_t limit, size_t budget) {
  std::vector<FlowRulePtr> found;
  while (cursor_ && found.size() < limit && budget > 0) {
    auto* rule = static_cast<FlowRule*>(cursor_->next(version_, budget));
    if (rule != nullptr && admits(*rule)) {
      found.push_back(rule->shared_from_this());
    }
    if (cursor_->is_done()) {
      open_next_table();
    }
  }
  return found;
}

// Leaves no cursor when there is no further table.
void FlowSelection::open_next_table() {
  const unsigned end = filter_.table_id == openflow::all_tables ? table_count : filter_.table_id + 1U;
  cursor_.reset();
  while (next_table_ < end && !cursor_) {
    if (FlowTable* table = tables_.find_table(static_cast<uint8_t>(next_table_))) {
      cursor_.emplace(table->classifier(), match_);
    }
    ++next_table_;
  }
}

bool FlowSelection::admits(const FlowRule& rule) const {
  return (include_hidden_ || !rule.is_hidden()) && selects(filter_, rule);
}

openflow::FlowFilter filter_of(const openflow::FlowMod& flow_mod) {
  using openflow::FlowModCommand;
  openflow::FlowFilter filter;
  filter.table_id = flow_mod.table_id;
  filter.cookie = flow_mod.cookie;
  filter.cookie_mask = flow_mod.cookie_mask;
  filter.match = flow_mod.match;
  if (flow_mod.command == FlowModCommand::remove || flow_mod.command == FlowModCommand::remove_strict) {
    filter.out_port = flow_mod.out_port;
    filter.out_group = flow_mod.out_group;
  }
  return filter;
}

bool selects(const openflow::FlowFilter& filter, const FlowRule& rule) {
  const bool has_cookie = ((rule.cookie() ^ filter.cookie) & filter.cookie_mask) == 0;
  const bool has_port = filter.out_port == of_port::any || outputs_to(rule.instructions(), filter.out_port);
  const bool has_group = filter.out_group == openflow::any_group || uses_group(rule.instructions(), filter.out_group);
  return has_cookie && has_port && has_group;
}

}  // namespace weft::ofproto
