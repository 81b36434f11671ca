// Timeouts: which rules are due to expire.
//
// A heap by the earliest time at which each rule may expire. A rule that was used meanwhile is put back for later when
// its time comes, so a rule in use costs one look per idle_timeout, and waiting rules cost nothing. The caller
// collects counters first, so that `used` is true (expired() relies on it), asks at least twice a second,
// and removes what it is given: a rule expires no earlier than its timeout and less than 1 s after it.
//
// A packet that ends a connection shortens the timeouts of its rule (fin_timeout) from whatever thread credits it; the
// heap hears of it when take_reductions() is called next, which the listener asks for.
//
// Threads:   control thread, but for reduce(): any. Ownership: none; a rule is taken out before it goes
//            (TableSet::commit does); one whose timeouts shrank is shared until the heap has heard of it.
// Cost:      add, remove: logarithmic. expired(): logarithmic for each rule whose time has come.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/openflow/flow_message.h"
#include "ofproto/table/flow_rule.h"

namespace weft::ofproto {

struct Expired {
  FlowRulePtr rule;
  openflow::FlowRemovedReason reason;
};

// The earliest time at which the rule may expire; TimePoint::max(): never.
TimePoint due_time(const FlowRule& rule);

class Timeouts {
 public:
  // Rules without a timeout are ignored.
  void add(FlowRule& rule);
  void remove(FlowRule& rule);

  // The earliest time at which some rule may expire.
  std::optional<TimePoint> next_due() const;
  // Whether counters must be collected for expired(now) to say the truth.
  bool is_due(TimePoint now) const { return next_due().has_value() && *next_due() <= now; }
  // At most `limit` rules that are to be removed. One that is not removed is given again a second later.
  std::vector<Expired> expired(TimePoint now, size_t limit);

  // Makes the rule's timeouts (in seconds) no longer than these; 0 leaves one as it is.
  void reduce(const std::shared_ptr<const FlowRule>& rule, uint16_t idle_timeout, uint16_t hard_timeout) const
      EXCLUDES(reduced_mutex_);
  // Called, by any thread, when there is something for take_reductions(); must only wake somebody. Set before any rule
  // is there.
  void set_listener(std::function<void()> has_reductions) { has_reductions_ = std::move(has_reductions); }
  void take_reductions() EXCLUDES(reduced_mutex_);

  size_t count() const { return heap_.size(); }

 private:
  struct Timer {
    TimePoint due;
    FlowRule* rule;
  };

  void place(size_t i, const Timer& timer);
  void move(size_t i, const Timer& timer);
  void move_up(size_t i, const Timer& timer);
  void move_down(size_t i, const Timer& timer);

  std::vector<Timer> heap_;
  std::function<void()> has_reductions_;
  mutable Mutex reduced_mutex_;
  mutable std::vector<std::shared_ptr<const FlowRule>> reduced_ GUARDED_BY(reduced_mutex_);
};

}  // namespace weft::ofproto
