// The classifier's dull twin: a list of rules, walked from end to end.
//
// It answers what must be found, not which of several rules of one priority: best() gives the priority, and
// matches() tells whether a rule found by another has it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/classifier/classifier_rule.h"
#include "lib/flow/match.h"

namespace weft::reference {

class Classifier {
 public:
  struct Rule {
    const ClassifierRule* id;
    Match match;
    int32_t priority;
    uint64_t added;
    uint64_t removed = TableVersion::never;
  };

  void insert(const ClassifierRule& rule, uint64_t version) {
    rules_.push_back({&rule, rule.match().expand(), rule.priority(), version});
  }
  void remove(const ClassifierRule& rule, uint64_t version) { find(rule).removed = version; }
  void forget(const ClassifierRule& rule) { rules_.erase(rules_.begin() + (&find(rule) - rules_.data())); }

  // The highest priority that matches.
  std::optional<int32_t> best(const Flow& flow, uint64_t version) const {
    std::optional<int32_t> best;
    for (const Rule& rule : rules_) {
      if (is_visible(rule, version) && rule.match.matches(flow) && (!best || rule.priority > *best)) {
        best = rule.priority;
      }
    }
    return best;
  }

  bool matches(const ClassifierRule& rule, const Flow& flow, uint64_t version) const {
    return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& known) {
      return known.id == &rule && is_visible(known, version) && known.match.matches(flow);
    });
  }

  std::vector<const ClassifierRule*> subset_of(const Match& filter, uint64_t version) const {
    std::vector<const ClassifierRule*> found;
    for (const Rule& rule : rules_) {
      if (is_visible(rule, version) && rule.match.is_subset_of(filter)) {
        found.push_back(rule.id);
      }
    }
    return found;
  }

  bool overlaps(const Match& match, int32_t priority, uint64_t version) const {
    return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
      return is_visible(rule, version) && rule.priority == priority && rule.match.overlaps(match);
    });
  }

  const ClassifierRule* exact(const Match& match, int32_t priority, uint64_t version) const {
    for (const Rule& rule : rules_) {
      if (is_visible(rule, version) && rule.priority == priority && rule.match == match) {
        return rule.id;
      }
    }
    return nullptr;
  }

 private:
  static bool is_visible(const Rule& rule, uint64_t version) { return rule.added <= version && version < rule.removed; }
  Rule& find(const ClassifierRule& rule) {
    return *std::find_if(rules_.begin(), rules_.end(), [&](const Rule& known) { return known.id == &rule; });
  }

  std::vector<Rule> rules_;
};

}  // namespace weft::reference
