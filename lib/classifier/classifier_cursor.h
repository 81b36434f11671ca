// A walk over a classifier's rules that may be put down and taken up again: dumps, and selection by a loose match.
//
// Rules may be inserted, removed and unlinked between two steps: each rule that is linked throughout is visited
// exactly once, none twice. A filter selects the rules that are at least as specific as it (OpenFlow's
// non-strict selection) and passes over subtables whose mask cannot be; one of the same mask costs a probe.
//
// Threads:   the classifier's writer. Ownership: must go before the classifier does. Cost: a few existing cursors
//            cost unlink() a comparison each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "lib/classifier/classifier_rule.h"
#include "lib/flow/match.h"

namespace weft {

class Classifier;

class ClassifierCursor {
 public:
  explicit ClassifierCursor(Classifier& classifier);                  // all rules
  ClassifierCursor(Classifier& classifier, const MiniMatch& filter);  // those at least as specific as `filter`
  ~ClassifierCursor();
  ClassifierCursor(const ClassifierCursor&) = delete;
  ClassifierCursor& operator=(const ClassifierCursor&) = delete;

  // The next rule that is visible at `version`. Null at the end, and when `budget`, which each rule looked at costs
  // one of, is used up.
  ClassifierRule* next(uint64_t version, size_t& budget);
  ClassifierRule* next(uint64_t version) {
    size_t unlimited = std::numeric_limits<size_t>::max();
    return next(version, unlimited);
  }
  // The next rule, visible or not, whatever the filter.
  ClassifierRule* next_linked();
  bool is_done() const { return upcoming_ == nullptr; }

 private:
  friend class Classifier;

  void step_over(const ClassifierRule& rule);  // it is about to be unlinked
  void forget(size_t subtable_index);          // that subtable, empty, is about to go
  ClassifierRule* first_from(size_t subtable_index);
  ClassifierRule* following(const ClassifierRule& rule);

  Classifier& classifier_;
  const std::optional<MiniMatch> filter_;
  size_t subtable_index_ = 0;  // of the subtable that upcoming_ is in
  ClassifierRule* upcoming_;
};

}  // namespace weft
