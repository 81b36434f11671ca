// FlowRule: one rule of an OpenFlow table.
//
// Immutable but for its counters, and timeouts that fin_timeout shortens: modify makes a new rule that takes the old
// one's place at the next version and shares its counters and times. So a reader never sees half a change, and a
// translation of an older version still has the rule it found.
//
// Threads:   any reader under RCU; counters from any thread. Created and removed on the control thread.
// Ownership: shared. Its table holds it until no reader can find it any more; whoever wants it longer (a megaflow's
//            record, a flow-removed that waits for the last counters) keeps shared_from_this(), which is safe under RCU.
// Cost:      232 bytes and 8 for each word of the match; masks and instructions are shared among rules (instruction_cache.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "lib/base/clock.h"
#include "lib/classifier/classifier_rule.h"
#include "lib/classifier/conjunction.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/instruction.h"
#include "ofproto/table/flow_counters.h"

namespace weft::ofproto {

// Everything but the match that a rule is made from.
struct FlowRuleSpec {
  uint8_t table_id = 0;
  int32_t priority = openflow::default_priority;
  uint64_t cookie = 0;
  uint16_t idle_timeout = 0;  // seconds; 0: never
  uint16_t hard_timeout = 0;
  uint16_t importance = 0;
  uint16_t flags = 0;  // openflow::flow_flag
  std::shared_ptr<const openflow::Instructions> instructions = {};
  TimePoint created{};
  TimePoint modified{};
  bool is_refreshed = false;                    // the hard timeout counts from `modified`
  std::shared_ptr<FlowCounters> counters = {};  // null: its own
};

class FlowRule final : public ClassifierRule {
 public:
  FlowRule(MiniMatch match, FlowRuleSpec spec);

  // A share of it, for whoever found it in its table: it has been inserted, and is linked still or the caller reads under
  // RCU.
  std::shared_ptr<FlowRule> shared_from_this() { return share_of_table_; }
  std::shared_ptr<const FlowRule> shared_from_this() const { return share_of_table_; }

  uint8_t table_id() const { return table_id_; }
  uint64_t cookie() const { return cookie_; }
  uint16_t idle_timeout() const { return idle_timeout_.load(std::memory_order_relaxed); }
  uint16_t hard_timeout() const { return hard_timeout_.load(std::memory_order_relaxed); }
  uint16_t importance() const { return importance_; }
  uint16_t flags() const { return flags_; }
  const openflow::Instructions& instructions() const { return *instructions_; }
  const std::shared_ptr<const openflow::Instructions>& shared_instructions() const { return instructions_; }
  TimePoint created() const { return created_; }  // what `duration` counts from
  TimePoint modified() const { return TimePoint(Duration(modified_.load(std::memory_order_relaxed))); }
  // What the hard timeout counts from.
  TimePoint hard_start() const { return is_refreshed_.load(std::memory_order_relaxed) ? modified() : created_; }
  // Packets by which it would have been learned: both timeouts start anew. Any thread.
  void refresh(TimePoint used) const;

  // Counting is not a change: a reader that credits a rule has it as const.
  FlowCounters& counters() const { return others_counters_ ? *others_counters_ : own_counters_; }
  // Keeps the rule that they are in.
  std::shared_ptr<FlowCounters> shared_counters() const;
  // When it was last used, or came.
  TimePoint active() const;
  // The priority-zero rule that matches everything: what OpenFlow calls the table-miss flow entry.
  bool is_table_miss() const { return priority() == 0 && match().set().empty(); }

  openflow::FlowStats stats(TimePoint now) const;
  // With the counters as they are now. `removed` is when the rule went: what its duration ends with.
  openflow::FlowRemoved removed_message(openflow::FlowRemovedReason reason, TimePoint removed) const;
  // What a copy that differs only in instructions is made from.
  FlowRuleSpec spec() const;

  // Before it is inserted: when it comes, and whose counters it goes on with (null: its own).
  void begin(TimePoint now, std::shared_ptr<FlowCounters> counters);

 private:
  friend class FlowTable;
  friend class Timeouts;
  static constexpr uint32_t no_timer = ~uint32_t{0};

  const uint64_t cookie_;
  const std::shared_ptr<const openflow::Instructions> instructions_;
  mutable FlowCounters own_counters_;
  std::shared_ptr<FlowCounters> others_counters_;  // of the rule whose place it took; null: its own count
  TimePoint created_;
  mutable std::atomic<Duration::rep> modified_;
  std::shared_ptr<FlowRule> share_of_table_;  // from when it is linked until no reader can find it any more
  uint32_t timer_ = no_timer;                 // place in Timeouts' heap; control thread
  // A packet that ends a connection may make them shorter (fin_timeout): any thread, by Timeouts::reduce.
  mutable std::atomic<uint16_t> idle_timeout_;
  mutable std::atomic<uint16_t> hard_timeout_;
  const uint16_t importance_;
  const uint16_t flags_;
  const uint8_t table_id_;
  mutable std::atomic<bool> is_refreshed_;
};

using FlowRulePtr = std::shared_ptr<FlowRule>;

// What the rule's conjunction actions make it a clause of (ClausesOf of the classifier).
void clauses_of(const ClassifierRule& rule, std::vector<ConjunctionClause>& clauses);

openflow::Duration to_openflow(Duration duration);

}  // namespace weft::ofproto
