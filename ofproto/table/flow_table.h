// FlowTable: one OpenFlow table: its rules by match, how many it may hold, and how often it was asked.
//
// Lookups happen at a version; changes are made by TableSet, which knows what else a change touches.
//
// Threads: lookup, credit and counters by any thread under RCU; the rest by the control thread.
// Ownership: holds a share of every rule that is linked; gives it up a grace period after the rule was unlinked.
// Cost: lookup as the classifier's.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lib/classifier/classifier.h"
#include "ofproto/table/eviction_index.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

class FlowTable {
 public:
  static constexpr size_t default_max_entries = 1000000;

  // `prefix_fields`: those whose prefixes its classifier tracks.
  FlowTable(uint8_t table_id, uint64_t hash_seed, std::span<const FieldId> prefix_fields = default_prefix_fields);
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  uint8_t table_id() const { return table_id_; }

  // The rule that decides for `flow` at `version`, or null. Adds the bits looked at to `mask` unless null.
  const FlowRule* lookup(const Flow& flow, uint64_t version, Flow* mask, ConjunctionTrail* trail = nullptr) const {
    return static_cast<const FlowRule*>(classifier_.lookup(flow, version, mask, trail));
  }

  // The rule of exactly this match and priority, for readers, or null.
  const FlowRule* find_visible(const MiniMatch& match, int32_t priority, uint64_t version) const {
    return static_cast<const FlowRule*>(classifier_.find_visible(match, priority, version));
  }

  // Lookups are counted when megaflows are credited, like rules.
  void credit(uint64_t lookup_count, uint64_t matched_count) const;
  uint64_t lookup_count() const { return lookup_count_.load(std::memory_order_relaxed); }
  uint64_t matched_count() const { return matched_count_.load(std::memory_order_relaxed); }

  // --- control thread
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  size_t max_entries() const { return max_entries_; }
  void set_max_entries(size_t limit) { max_entries_ = limit; }
  // Rules in force; hidden ones are not counted.
  size_t active_count() const { return published_count_; }
  // The same once everything prepared so far is published.
  size_t coming_count() const { return coming_count_; }
  bool is_full() const { return coming_count_ >= max_entries_; }
  // Null: the table does not evict. Whoever sets it adds the rules that are there.
  EvictionIndex* eviction() { return eviction_.get(); }
  void set_eviction(std::unique_ptr<EvictionIndex> index) { eviction_ = std::move(index); }

  Classifier& classifier() { return classifier_; }
  const Classifier& classifier() const { return classifier_; }
  FlowRule* find_exact(const MiniMatch& match, int32_t priority, uint64_t version) const;
  // The one that `rule`, which is coming, replaces.
  FlowRule* find_replaced(FlowRule& rule, uint64_t version) const;

  // Rules in force once everything prepared so far is published. The first time a cookie is asked about is a walk.
  size_t count_with_cookie(uint64_t cookie);

  void insert(FlowRulePtr rule, uint64_t version);
  // Does most of an insert() that may follow, unless the table has as many rules as it may hold. What is not inserted is
  // taken back; retire_undone() follows.
  void link_ahead(const FlowRulePtr& rule);
  void take_back_ahead(FlowRule& rule);
  void remove(FlowRule& rule, uint64_t version);
  void undo_insert(FlowRule& rule);  // its version was not published; retire_undone() follows
  void undo_remove(FlowRule& rule);
  void retire_undone();
  void seal();  // what was prepared is about to be published
  // Removed rules that wait to be unlinked.
  size_t removed_count() const { return removed_.size(); }
  // Unlinks up to `limit` rules that were removed at `settled` or before. Returns whether none of those is left.
  bool reclaim(uint64_t settled, size_t limit);

 private:
  void count_in(FlowRule& rule);
  void count_out(const FlowRule& rule);
  void count(const FlowRule& rule, int step);
  void unlink(FlowRule& rule);
  void retire_unlinked();
  static void release(const std::vector<FlowRule*>& rules);

  const uint8_t table_id_;
  std::string name_;
  size_t max_entries_ = default_max_entries;
  size_t coming_count_ = 0;
  size_t published_count_ = 0;
  Classifier classifier_;
  std::unique_ptr<EvictionIndex> eviction_;
  std::map<uint64_t, size_t> cookie_counts_;  // of those that were asked about
  std::deque<FlowRulePtr> removed_;           // in order of version, waiting to be unlinked
  std::vector<FlowRule*> unlinked_;           // to be retired together
  mutable std::atomic<uint64_t> lookup_count_{0};
  mutable std::atomic<uint64_t> matched_count_{0};
};

}  // namespace weft::ofproto
