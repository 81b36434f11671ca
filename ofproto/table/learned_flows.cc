// Flows that were learned with delete_learned go in the same change as the last rule that learns them, or at the end of the
// bundle that it is part of, if nothing in it learns them again.
#include "ofproto/table/action_uses.h"
#include "ofproto/table/flow_selection.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

void TableSet::refer_learned(const FlowRule& rule) {
  for_each_learn(rule.instructions(), [&](const openflow::Learn& learn) {
    if (learn.delete_learned) {
      const Learned learned{learn.table_id, learn.cookie};
      ++learners_[learned];
      orphaned_.erase(learned);
    }
  });
}

void TableSet::release_learned(const FlowRule& rule) {
  for_each_learn(rule.instructions(), [&](const openflow::Learn& learn) {
    const Learned learned{learn.table_id, learn.cookie};
    const auto found = learn.delete_learned ? learners_.find(learned) : learners_.end();
    if (found != learners_.end() && --found->second == 0) {
      learners_.erase(found);
      orphaned_.insert(learned);
    }
  });
}

// Of one that has learned what goes; nothing when no learner has gone for good.
std::optional<openflow::FlowFilter> TableSet::next_orphans() {
  if (orphaned_.empty()) {
    return std::nullopt;
  }
  const auto [table_id, cookie] = *orphaned_.begin();
  orphaned_.erase(orphaned_.begin());
  openflow::FlowFilter filter;
  filter.table_id = table_id;
  filter.cookie = cookie;
  filter.cookie_mask = ~uint64_t{0};
  return filter;
}

// What goes may have learned in its turn.
void TableSet::remove_orphans(Change& change) {
  if (do_orphans_wait_) {
    return;
  }
  while (const auto filter = next_orphans()) {
    FlowSelection selection(*this, *filter, change.version);
    std::vector<FlowRulePtr> learned;
    while (!selection.is_done()) {
      const std::vector<FlowRulePtr> part = selection.next(flow_count() + 1, flow_count() + 1);
      learned.insert(learned.end(), part.begin(), part.end());
    }
    for (FlowRulePtr& rule : learned) {
      change_rule(change, {std::move(rule), nullptr});
    }
  }
}

}  // namespace weft::ofproto
