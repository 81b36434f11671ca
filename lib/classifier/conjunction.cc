#include "lib/classifier/conjunction.h"

#include <algorithm>
#include <map>
#include <utility>

namespace weft {

bool ClauseMatches::take_group(int64_t bar, Group& group) {
  const auto by_priority = [](const ClassifierRule* a, const ClassifierRule* b) {
    return a->priority() < b->priority();
  };
  const auto highest = std::max_element(rules_.begin(), rules_.end(), by_priority);
  if (highest == rules_.end() || (*highest)->priority() <= bar) {
    return false;
  }
  group.priority = (*highest)->priority();
  const auto rest = std::stable_partition(
      rules_.begin(), rules_.end(), [&](const ClassifierRule* rule) { return rule->priority() != group.priority; });
  group.rules.assign(rest, rules_.end());
  rules_.erase(rest, rules_.end());
  group.ids = fulfilled(group.rules);
  return true;
}

std::vector<uint32_t> ClauseMatches::fulfilled(const std::vector<const ClassifierRule*>& rules) const {
  std::vector<ConjunctionClause> clauses;
  for (const ClassifierRule* rule : rules) {
    clauses_of_(*rule, clauses);
  }
  std::map<std::pair<uint32_t, uint8_t>, uint64_t> missing;  // bits of clauses, by id and number of clauses
  std::vector<uint32_t> ids;
  for (const ConjunctionClause& clause : clauses) {
    const uint64_t all = ~uint64_t{0} >> (64 - clause.clause_count);
    uint64_t& rest = missing.try_emplace({clause.id, clause.clause_count}, all).first->second;
    const uint64_t bit = uint64_t{1} << clause.clause;
    if (rest == bit) {
      ids.push_back(clause.id);
    }
    rest &= ~bit;
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace weft
