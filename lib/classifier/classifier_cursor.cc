#include "lib/classifier/classifier_cursor.h"

#include <algorithm>

#include "lib/classifier/classifier.h"

namespace weft {

ClassifierCursor::ClassifierCursor(Classifier& classifier) : classifier_(classifier), upcoming_(first_from(0)) {
  classifier_.cursors_.push_back(this);
}

ClassifierCursor::ClassifierCursor(Classifier& classifier, const MiniMatch& filter)
    : classifier_(classifier), filter_(filter), upcoming_(first_from(0)) {
  classifier_.cursors_.push_back(this);
}

ClassifierCursor::~ClassifierCursor() {
  auto& cursors = classifier_.cursors_;
  cursors.erase(std::find(cursors.begin(), cursors.end(), this));
}

ClassifierRule* ClassifierCursor::next(uint64_t version, size_t& budget) {
  while (upcoming_ != nullptr && budget > 0) {
    --budget;
    ClassifierRule* rule = next_linked();
    if (rule->is_visible(version) && (!filter_ || rule->match().is_subset_of(*filter_))) {
      return rule;
    }
  }
  return nullptr;
}

ClassifierRule* ClassifierCursor::next_linked() {
  ClassifierRule* rule = upcoming_;
  if (rule != nullptr) {
    upcoming_ = following(*rule);
  }
  return rule;
}

ClassifierRule* ClassifierCursor::first_from(size_t subtable_index) {
  for (subtable_index_ = subtable_index; subtable_index_ < classifier_.subtables_.size(); ++subtable_index_) {
    const Subtable& subtable = *classifier_.subtables_[subtable_index_];
    if (filter_ && !subtable.is_within(*filter_)) {
      continue;
    }
    ClassifierRule* first =
        filter_ && subtable.has_mask_of(*filter_) ? subtable.find_equal(*filter_) : subtable.first();
    if (first != nullptr) {
      return first;
    }
  }
  return nullptr;
}

// In a subtable of the filter's own mask only the rules of the filter's match are candidates: one chain.
ClassifierRule* ClassifierCursor::following(const ClassifierRule& rule) {
  ClassifierRule* next = filter_ && rule.subtable_->has_mask_of(*filter_) ? Subtable::next_equal(rule) : rule.next_;
  return next != nullptr ? next : first_from(subtable_index_ + 1);
}

void ClassifierCursor::step_over(const ClassifierRule& rule) {
  if (upcoming_ == &rule) {
    upcoming_ = following(rule);
  }
}

void ClassifierCursor::forget(size_t subtable_index) {
  if (subtable_index_ > subtable_index) {
    --subtable_index_;
  }
}

}  // namespace weft
