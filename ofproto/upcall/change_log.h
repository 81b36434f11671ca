// ChangeLog: every published change, in order, as what it touches.
//
// A change of tables, groups, ports or addresses is first made visible, then appended here; the number it gets is the
// "version" of a datapath decision. A decision carries the number that was current before its translation looked at
// anything, so whatever was appended later may have touched it, and nothing that was appended earlier has. That
// answers is_current() for a worker that has just inserted a megaflow, and gives the revalidator its work.
//
// A bounded number of past changes is kept; a decision older than those counts as touched.
//
// Threads:   any; appending and reading back take a lock, sequence() is a load.
// Cost:      append: what it copies. touches_since: the changes since, each a few look-ups.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lib/base/mutex.h"
#include "lib/flow/match.h"
#include "ofproto/table/change.h"
#include "ofproto/translate/translation_result.h"

namespace weft::ofproto {

// What a change touches: decisions that relied on one of `ids`, those that an added rule might have won, and all that
// asked one of `tables`, which is how a large change is told: listing its rules would cost more than it saves.
struct Touches {
  struct AddedRule {
    BridgeId bridge;
    std::shared_ptr<const FlowRule> rule;
  };
  using Table = std::pair<BridgeId, uint8_t>;
  static constexpr size_t max_listed_rules = 256;

  std::vector<DependencyId> ids;
  std::vector<AddedRule> rules;
  std::set<Table> tables = {};

  bool empty() const { return ids.empty() && rules.empty() && tables.empty(); }
  // Adds what a change of this bridge touches; several parts of one change add up.
  void add(BridgeId bridge, const Change& change);
};

// Many changes, ready to be asked about many decisions.
class TouchIndex {
 public:
  void add(const Touches& touches);
  bool empty() const { return ids_.empty() && rules_.empty() && tables_.empty(); }
  bool touches(const DependencyView& dependencies) const;

 private:
  // Beyond so many added rules a table counts as touched as a whole: re-translating is cheaper than comparing.
  static constexpr size_t max_compared_rules = 64;

  bool touches(const TableDependency& table, const DependencyView& dependencies) const;

  std::unordered_set<DependencyId> ids_;
  std::map<Touches::Table, std::vector<std::shared_ptr<const FlowRule>>> rules_;
  std::set<Touches::Table> tables_;
};

class ChangeLog {
 public:
  explicit ChangeLog(size_t capacity = 4096) : capacity_(capacity) {}

  // Sequentially consistent: pairs with a worker's insert of a megaflow before it asks.
  uint64_t sequence() const { return sequence_.load(std::memory_order_seq_cst); }
  // What the change made visible must be so already. Returns its number.
  uint64_t append(Touches touches) EXCLUDES(mutex_);

  bool touches_since(uint64_t sequence, const DependencyView& dependencies) const EXCLUDES(mutex_);
  // All that came after `sequence`; nothing when some of it is forgotten, so that everything counts as touched.
  std::unique_ptr<TouchIndex> since(uint64_t sequence) const EXCLUDES(mutex_);

 private:
  const size_t capacity_;
  std::atomic<uint64_t> sequence_{0};
  mutable Mutex mutex_;
  std::deque<Touches> kept_ GUARDED_BY(mutex_);  // the last of them has number sequence_
};

}  // namespace weft::ofproto
