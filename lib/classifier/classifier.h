// Classifier: finds the rule of highest priority that matches a packet, and which bits that took.
//
// Tuple space search. Rules with the same mask share a subtable, a hash table over the masked words, so a lookup
// costs one probe for each distinct mask rather than a comparison for each rule:
//
//     seal()ed order        subtable: one mask
//     +-------------+       +-------------------------------------+      same match, falling priority
//     | max 500  *--------> | stages | hash table of masked words | ---> rule 500 -> rule 10 -> ...
//     | max 100  *-------->   ...
//     +-------------+
//
// Subtables are tried in falling order of their highest priority, so that the search ends as soon as no later one
// can hold a better rule. Within a subtable the words are looked at in stages (metadata, L2, L3, L4: stage_index.h):
// when no rule has the packet's first stages, the later ones are never looked at. Tries of the rules' address and port
// prefixes (prefix_tracker.h) may show it sooner: where no rule at all has a /24 that the packet is in, the bits that
// say so stand for all of the subtable's, and subtables of other /24s are not even probed. A subtable whose rules were
// all removed is passed over though they are still linked.
//
// The mask: lookup() adds the bits that prove its answer. A packet that agrees with this one on those bits finds the
// same rule, or the same miss, at the same version. Bits that the mask has already cost nothing: of several proofs that
// which adds fewest is taken. So a packet that agrees on a mask, looked up with that mask, adds nothing to it; looked
// up with another it may choose another proof. A rule that is prepared or removed but not yet gone may make the mask
// narrower, never wrong. Which of several matching rules of one priority is found
// is not defined (nor is it by OpenFlow), and may change with the order of subtables.
//
// Conjunctions: a rule that is a clause is never found itself (conjunction.h).
//
// Versions: rules are inserted and removed at a version that is not published yet (table_version.h). A reader names
// the version it loaded and sees exactly the rules visible then. The writer publishes after seal(). What was
// removed is unlinked once its removed_version() is settled, and may be freed a grace period after that.
//
// Most of an insert can be done ahead of its time (link): the rule then stands where it will, and no version sees it.
//
// Threads:   link, insert, remove, restore, unlink, seal, find_*, cursors: one writer. lookup: any thread under RCU that
//            loaded `version` after it was last quiescent.
// Ownership: rules belong to the caller; subtables to the classifier, which retires them by RCU. At destruction
//            there must be no reader left and rules may still be linked.
// Cost:      lookup: a hash and a probe for each subtable tried; no lock, no allocation, no write.
//            insert, remove, find_exact: a hash and a probe. seal(): proportional to the number of masks, and
//            nothing when none has come, gone or changed its highest priority.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "lib/base/rcu.h"
#include "lib/classifier/classifier_rule.h"
#include "lib/classifier/conjunction.h"
#include "lib/classifier/prefix_tracker.h"
#include "lib/classifier/subtable.h"
#include "lib/flow/flow_key.h"
#include "lib/flow/match.h"

namespace weft {

class ClassifierCursor;

class Classifier {
 public:
  // `clauses_of`: what conjunctive rules are clauses of; null where there are none.
  explicit Classifier(uint64_t hash_seed = 0, std::span<const FieldId> prefix_fields = default_prefix_fields,
                      ClausesOf clauses_of = nullptr);
  ~Classifier();
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  // --- writer
  // Visible from `version` on. There must be no other rule of the same match and priority visible then.
  void insert(ClassifierRule& rule, uint64_t version);
  // Does what it can of an insert() that may follow; if none does, unlink() takes the rule out. Meanwhile it may make masks
  // narrower, as one that is prepared does.
  void link(ClassifierRule& rule);
  // Fetches what insert() will look at: a gain when many rules are inserted, a few ahead of each.
  void prefetch(const MiniMatch& match) const;
  // No longer visible from `version` on; stays linked.
  void remove(ClassifierRule& rule, uint64_t version);
  // Takes a remove() back whose version was not published.
  void restore(ClassifierRule& rule);
  // Takes out a rule that no reader can see any more, or that was never visible to one.
  void unlink(ClassifierRule& rule);
  // Makes what was inserted reachable for readers; before the version is published, and after unlinking.
  void seal();

  // The rule with exactly this match and priority that is visible at `version`, published or not.
  ClassifierRule* find_exact(const MiniMatch& match, int32_t priority, uint64_t version) const;
  // The same for the match and priority of a rule that is linked: without a probe.
  static ClassifierRule* find_equal(ClassifierRule& rule, uint64_t version);
  // Some visible rule of this priority that shares a packet with `match`; one of the same match does.
  ClassifierRule* find_overlap(const MiniMatch& match, int32_t priority, uint64_t version) const;

  // Every rule that is linked, visible or not, until `visit` says false. Nothing may change meanwhile.
  void for_each_linked(const std::function<bool(const ClassifierRule&)>& visit) const;

  size_t linked_count() const { return linked_count_; }
  size_t subtable_count() const { return subtables_.size(); }

  // --- readers
  // `mask`, when given, gains the bits that prove the answer (bits of conj_id too, which is 0 in every packet); `trail`,
  // when given, what the answer owes to conjunctions.
  const ClassifierRule* lookup(const Flow& flow, uint64_t version, Flow* mask, ConjunctionTrail* trail = nullptr) const;
  // As find_exact, by a reader: a look at each mask.
  const ClassifierRule* find_visible(const MiniMatch& match, int32_t priority, uint64_t version) const;

 private:
  friend class ClassifierCursor;

  struct Order {
    struct Entry {
      int32_t max_priority;
      Subtable* subtable;
    };
    std::vector<Entry> entries;
  };

  const ClassifierRule* search(const Order& order, const Flow& flow, uint64_t version, Flow* mask,
                               ConjunctionTrail* trail, bool with_conjunctions) const;
  const ClassifierRule* fulfil(const Order& order, ClauseMatches& clauses, int64_t bar, const Flow& flow,
                               uint64_t version, Flow* mask, ConjunctionTrail* trail) const;

  Subtable* find_subtable(const MiniMatch& match) const;
  Subtable& subtable_for(const MiniMatch& match);
  std::vector<std::unique_ptr<Subtable>> take_empty_subtables();
  void publish_order();

  const uint64_t hash_seed_;
  const ClausesOf clauses_of_;
  PrefixTracker prefixes_;
  RcuPtr<Order> order_;
  std::vector<std::unique_ptr<Subtable>> subtables_;      // in order of creation
  std::unordered_multimap<uint64_t, Subtable*> by_mask_;  // by hash of the mask
  mutable Subtable* recent_ = nullptr;                    // found last: rules come in crowds that have one mask
  bool is_sealed_ = true;
  size_t linked_count_ = 0;
  std::vector<ClassifierCursor*> cursors_;  // those that exist
};

}  // namespace weft
