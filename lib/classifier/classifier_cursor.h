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

  // The next linked rule, visible or not; null at the end.
  ClassifierRule* next();
  // As next(), but only rules visible at `version`.
  ClassifierRule* next_visible(uint64_t version);
  // Rules looked at since the last call, whether they were returned or not: what a slice of work is measured in.
  size_t take_cost();

 private:
  friend class Classifier;

  void start();
  void step_over(const ClassifierRule& rule);  // it is about to be unlinked
  void forget(const Subtable& subtable);       // it is about to be destroyed
  ClassifierRule* first_from(size_t subtable_index);
  ClassifierRule* following(ClassifierRule* rule);
  bool admits(const Subtable& subtable) const;

  Classifier& classifier_;
  std::optional<MiniMatch> filter_;
  size_t subtable_index_ = 0;  // of the subtable that upcoming_ is in
  ClassifierRule* upcoming_ = nullptr;
  size_t cost_ = 0;
};

}  // namespace weft
