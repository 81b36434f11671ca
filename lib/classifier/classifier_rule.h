// What the classifier keeps of a rule: match, priority and the versions at which it is visible. Rules derive from it.
//
// A rule is visible from added_version() on and no longer from removed_version() on. Both are written before the
// version they name is published, so a reader of any published version gets the same answer whenever it asks. A rule may
// be linked long before it has a version: until then nobody sees it.
//
// Threads:   read by any thread under RCU; changed by the classifier on the writer's thread.
// Ownership: the classifier does not own rules. One that was unlinked may be freed after a grace period.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "lib/classifier/table_version.h"
#include "lib/flow/match.h"

namespace weft {

class Subtable;

// OpenFlow's priorities are 0 to 65535; rules of our own stand above or below them.
inline constexpr int32_t lowest_priority = 0;
inline constexpr int32_t highest_priority = 65535;

class ClassifierRule {
 public:
  // `is_conjunctive`: the rule is a clause of some conjunction (conjunction.h), and never an answer itself.
  ClassifierRule(MiniMatch match, int32_t priority, bool is_conjunctive = false)
      : match_(std::move(match)), priority_(priority), is_conjunctive_(is_conjunctive ? 1 : 0) {}
  ClassifierRule(const ClassifierRule&) = delete;
  ClassifierRule& operator=(const ClassifierRule&) = delete;

  const MiniMatch& match() const { return match_; }
  int32_t priority() const { return priority_; }
  bool is_conjunctive() const { return is_conjunctive_ != 0; }
  bool is_hidden() const { return priority_ < lowest_priority || priority_ > highest_priority; }

  uint64_t added_version() const { return added_version_.load(std::memory_order_relaxed); }
  uint64_t removed_version() const { return removed_version_.load(std::memory_order_relaxed); }
  bool is_visible(uint64_t version) const { return added_version() <= version && version < removed_version(); }
  // Writer's side: whether the rule is in a classifier, visible or not.
  bool is_linked() const { return subtable_ != nullptr; }
  // Linked by Classifier::link(), and not inserted yet.
  bool is_ahead() const { return is_linked() && added_version() == TableVersion::never; }

 protected:
  ~ClassifierRule() = default;

 private:
  friend class Classifier;
  friend class ClassifierCursor;
  friend class Subtable;

  const MiniMatch match_;
  std::atomic<uint64_t> added_version_{TableVersion::never};
  std::atomic<uint64_t> removed_version_{TableVersion::never};
  std::atomic<ClassifierRule*> next_equal_{nullptr};  // same match, same or lower priority
  // Writer's side: the way back, so that unlinking one of many versions of a rule does not walk over the others; the
  // subtable and its list of rules in order of insertion.
  ClassifierRule* previous_equal_ = nullptr;
  Subtable* subtable_ = nullptr;
  ClassifierRule* previous_ = nullptr;
  ClassifierRule* next_ = nullptr;
  const int32_t priority_;
  uint32_t hash_ : 31 = 0;  // written before the rule is linked
  const uint32_t is_conjunctive_ : 1;
};

}  // namespace weft
