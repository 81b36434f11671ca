#include "ofproto/table/flow_table.h"

#include <utility>

#include "lib/base/rcu.h"
#include "lib/classifier/classifier_cursor.h"

namespace weft::ofproto {

FlowTable::FlowTable(uint8_t table_id, uint64_t hash_seed, std::span<const FieldId> prefix_fields)
    : table_id_(table_id),
      name_("table" + std::to_string(table_id)),
      classifier_(hash_seed, prefix_fields, &clauses_of) {}

// No reader is left. Rules that others hold a share of live on, unlinked.
FlowTable::~FlowTable() {
  removed_.clear();
  ClassifierCursor cursor(classifier_);
  while (ClassifierRule* rule = cursor.next_linked()) {
    unlink(static_cast<FlowRule&>(*rule));
  }
  release(unlinked_);
}

void FlowTable::credit(uint64_t lookup_count, uint64_t matched_count) const {
  lookup_count_.fetch_add(lookup_count, std::memory_order_relaxed);
  matched_count_.fetch_add(matched_count, std::memory_order_relaxed);
}

FlowRule* FlowTable::find_exact(const MiniMatch& match, int32_t priority, uint64_t version) const {
  return static_cast<FlowRule*>(classifier_.find_exact(match, priority, version));
}

FlowRule* FlowTable::find_replaced(FlowRule& rule, uint64_t version) const {
  return rule.is_linked() ? static_cast<FlowRule*>(Classifier::find_equal(rule, version))
                          : find_exact(rule.match(), rule.priority(), version);
}

void FlowTable::count_in(FlowRule& rule) {
  count(rule, 1);
  if (eviction_) {
    eviction_->add(rule);
  }
}

void FlowTable::count_out(const FlowRule& rule) {
  count(rule, -1);
  if (eviction_) {
    eviction_->remove(rule);
  }
}

size_t FlowTable::count_with_cookie(uint64_t cookie) {
  const auto known = cookie_counts_.find(cookie);
  if (known != cookie_counts_.end()) {
    return known->second;
  }
  size_t count = 0;
  ClassifierCursor cursor(classifier_);
  while (const ClassifierRule* rule = cursor.next_linked()) {
    const bool stays = !rule->is_ahead() && rule->removed_version() == TableVersion::never && !rule->is_hidden();
    count += stays && static_cast<const FlowRule&>(*rule).cookie() == cookie ? 1 : 0;
  }
  cookie_counts_[cookie] = count;
  return count;
}

void FlowTable::count(const FlowRule& rule, int step) {
  if (rule.is_hidden()) {
    return;
  }
  coming_count_ += static_cast<size_t>(step);
  if (const auto known = cookie_counts_.find(rule.cookie()); known != cookie_counts_.end()) {
    known->second += static_cast<size_t>(step);
  }
}

void FlowTable::insert(FlowRulePtr rule, uint64_t version) {
  classifier_.insert(*rule, version);
  count_in(*rule);
  FlowRule& linked = *rule;
  linked.share_of_table_ = std::move(rule);
}

void FlowTable::link_ahead(const FlowRulePtr& rule) {
  if (classifier_.linked_count() < max_entries_) {
    classifier_.link(*rule);
    rule->share_of_table_ = rule;
  }
}

void FlowTable::take_back_ahead(FlowRule& rule) {
  if (rule.is_ahead()) {
    unlink(rule);
  }
}

void FlowTable::remove(FlowRule& rule, uint64_t version) {
  classifier_.remove(rule, version);
  count_out(rule);
  removed_.push_back(rule.shared_from_this());
}

void FlowTable::undo_insert(FlowRule& rule) {
  count_out(rule);
  unlink(rule);
}

void FlowTable::retire_undone() {
  if (!unlinked_.empty()) {
    classifier_.seal();
    retire_unlinked();
  }
}

void FlowTable::seal() {
  classifier_.seal();
  published_count_ = coming_count_;
}

// It stays in `removed_`, where reclaim() recognises it.
void FlowTable::undo_remove(FlowRule& rule) {
  classifier_.restore(rule);
  count_in(rule);
}

bool FlowTable::reclaim(uint64_t settled, size_t limit) {
  while (!removed_.empty() && unlinked_.size() < limit) {
    FlowRule& rule = *removed_.front();
    const bool was_restored = rule.removed_version() == TableVersion::never;
    if (!was_restored && rule.removed_version() > settled) {
      break;
    }
    if (!was_restored && rule.is_linked()) {
      unlink(rule);
    }
    removed_.pop_front();
  }
  const bool is_through = unlinked_.size() < limit;
  classifier_.seal();
  retire_unlinked();
  return is_through;
}

void FlowTable::unlink(FlowRule& rule) {
  classifier_.unlink(rule);
  unlinked_.push_back(&rule);
}

void FlowTable::retire_unlinked() {
  if (!unlinked_.empty()) {
    rcu::defer([rules = std::exchange(unlinked_, {})] { release(rules); });
  }
}

// Until now a reader may have taken a share of its own.
void FlowTable::release(const std::vector<FlowRule*>& rules) {
  for (FlowRule* rule : rules) {
    const FlowRulePtr last_of_table = std::move(rule->share_of_table_);
  }
}

}  // namespace weft::ofproto
