// Conjunctive matches: rules that are clauses, and what holds when all clauses of one conjunction are met.
//
// A clause has no effect by itself. When a packet meets, at one priority, some rule for every clause of a conjunction, it
// is looked up once more with the conjunction's id as its conj_id; the rule that is found so and asks for that conj_id is
// the answer. So 2 x 1000 clauses say what 1000 x 1000 rules would:
//
//     priority=10, ip_src=A          clause 1 of 2, id 7            priority=10, conj_id=7   output:1
//     priority=10, ip_dst=B          clause 2 of 2, id 7
//
// As in Open vSwitch (ovs-actions(7), "conjunction"): an ordinary rule of the same or a higher priority goes before; a
// rule may be a clause of several conjunctions; the same id at another priority is another conjunction.
//
// Threads: values of one lookup. Cost: nothing for a packet that meets no clause; otherwise some allocations and a
// lookup for each conjunction that is met.
#pragma once

#include <cstdint>
#include <vector>

#include "lib/classifier/classifier_rule.h"

namespace weft {

struct ConjunctionClause {
  uint32_t id = 0;
  uint8_t clause = 0;        // from 0
  uint8_t clause_count = 0;  // 2 to 64
};

// Appends what the rule, for which is_conjunctive() holds, is a clause of.
using ClausesOf = void (*)(const ClassifierRule& rule, std::vector<ConjunctionClause>& clauses);

// What a lookup's answer owes to conjunctions, for whoever remembers it: another rule may change it by taking a clause
// away, by matching one of the ids, or by standing in between.
struct ConjunctionTrail {
  std::vector<uint32_t> ids;                   // that were met and looked up
  std::vector<const ClassifierRule*> clauses;  // of priorities at which one was met
  // The lowest priority at which one was met: a new rule of this or a higher one may change the answer.
  int32_t lowest_priority = 0;

  bool empty() const { return ids.empty(); }
};

// Clauses that a packet meets, gathered as subtables are searched.
class ClauseMatches {
 public:
  explicit ClauseMatches(ClausesOf clauses_of) : clauses_of_(clauses_of) {}

  void add(const ClassifierRule& rule) { rules_.push_back(&rule); }
  bool empty() const { return rules_.empty(); }

  // Takes out the clauses of the highest priority, if that is above `bar`, and returns which ids they fulfil, in
  // ascending order; `rules` are they. False: none is above.
  struct Group {
    int32_t priority = 0;
    std::vector<const ClassifierRule*> rules;
    std::vector<uint32_t> ids;
  };
  bool take_group(int64_t bar, Group& group);

 private:
  std::vector<uint32_t> fulfilled(const std::vector<const ClassifierRule*>& rules) const;

  const ClausesOf clauses_of_;
  std::vector<const ClassifierRule*> rules_;
};

}  // namespace weft
