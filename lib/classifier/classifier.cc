#include "lib/classifier/classifier.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "lib/base/hash.h"
#include "lib/classifier/classifier_cursor.h"

namespace weft {

namespace {

uint64_t hash_of_mask(const MiniMatch& match, uint64_t seed) {
  const WordSet& set = match.set();
  return hash_add(hash_words(match.masks(), seed), set.bits[0], set.bits[1]);
}

bool share_packet_at(const ClassifierRule& rule, const MiniMatch& match, int32_t priority, uint64_t version) {
  return rule.priority() == priority && rule.is_visible(version) && rule.match().overlaps(match);
}

constexpr int64_t below_all = std::numeric_limits<int64_t>::min();

bool asks_for_conjunction(const ClassifierRule& rule) {
  const Field& conj_id = field(FieldId::conj_id);
  const MiniMatch& match = rule.match();
  Flow mask;
  if (match.set().has(conj_id.first_word())) {
    mask.word(conj_id.first_word()) = match.masks()[match.set().rank(conj_id.first_word())];
  }
  return !get(mask, conj_id).is_zero();
}

}  // namespace

Classifier::Classifier(uint64_t hash_seed, std::span<const FieldId> prefix_fields, ClausesOf clauses_of)
    : hash_seed_(hash_seed), clauses_of_(clauses_of), prefixes_(prefix_fields) {}

Classifier::~Classifier() {
  assert(cursors_.empty() && "cursors go before their classifier");
  delete order_.load();
}

const ClassifierRule* Classifier::lookup(const Flow& flow, uint64_t version, Flow* mask,
                                         ConjunctionTrail* trail) const {
  const Order* order = order_.load();
  return order != nullptr ? search(*order, flow, version, mask, trail, clauses_of_ != nullptr) : nullptr;
}

const ClassifierRule* Classifier::search(const Order& order, const Flow& flow, uint64_t version, Flow* mask,
                                         ConjunctionTrail* trail, bool with_conjunctions) const {
  const ClassifierRule* best = nullptr;
  PrefixLookup prefixes(prefixes_, flow);
  ClauseMatches clauses(clauses_of_);
  const auto bar_above = [&](int64_t priority) {
    return best != nullptr ? std::max<int64_t>(priority, best->priority()) : priority;
  };
  for (const Order::Entry& entry : order.entries) {
    if (best != nullptr && entry.max_priority <= best->priority()) {
      break;
    }
    if (!entry.subtable->may_have_rules(version)) {
      continue;
    }
    // All clauses above what is left are known: a conjunction of them that is met makes looking further needless.
    if (!clauses.empty()) {
      const auto* rule = fulfil(order, clauses, bar_above(entry.max_priority), flow, version, mask, trail);
      if (rule != nullptr) {
        return rule;
      }
    }
    const ClassifierRule* rule = entry.subtable->find(flow, version, mask, prefixes);
    for (; rule != nullptr && rule->is_conjunctive(); rule = Subtable::next_visible(*rule, version)) {
      if (with_conjunctions) {
        clauses.add(*rule);
      }
    }
    if (rule != nullptr && (best == nullptr || rule->priority() > best->priority())) {
      best = rule;
    }
  }
  const ClassifierRule* rule =
      clauses.empty() ? nullptr : fulfil(order, clauses, bar_above(below_all), flow, version, mask, trail);
  return rule != nullptr ? rule : best;
}

// Tries the conjunctions that the clauses above `bar` meet, those of the highest priority first.
const ClassifierRule* Classifier::fulfil(const Order& order, ClauseMatches& clauses, int64_t bar, const Flow& flow,
                                         uint64_t version, Flow* mask, ConjunctionTrail* trail) const {
  const ClassifierRule* best = nullptr;
  for (ClauseMatches::Group group; best == nullptr && clauses.take_group(bar, group);) {
    for (const uint32_t id : group.ids) {
      Flow with_id = flow;
      set(with_id, FieldId::conj_id, FieldValue{0, id});
      const ClassifierRule* rule = search(order, with_id, version, mask, nullptr, false);
      if (rule != nullptr && asks_for_conjunction(*rule) && (best == nullptr || rule->priority() > best->priority())) {
        best = rule;
      }
    }
    if (trail != nullptr && !group.ids.empty()) {
      trail->ids.insert(trail->ids.end(), group.ids.begin(), group.ids.end());
      trail->clauses.insert(trail->clauses.end(), group.rules.begin(), group.rules.end());
      trail->lowest_priority = group.priority;
    }
  }
  return best;
}

const ClassifierRule* Classifier::find_visible(const MiniMatch& match, int32_t priority, uint64_t version) const {
  const Order* order = order_.load();
  if (order == nullptr) {
    return nullptr;
  }
  const auto found =
      std::ranges::find_if(order->entries, [&](const auto& entry) { return entry.subtable->has_mask_of(match); });
  if (found == order->entries.end()) {
    return nullptr;
  }
  const ClassifierRule* rule = Subtable::first_visible(found->subtable->find_equal(match), version);
  while (rule != nullptr && rule->priority() != priority) {
    rule = Subtable::next_visible(*rule, version);
  }
  return rule;
}

Subtable* Classifier::find_subtable(const MiniMatch& match) const {
  if (recent_ != nullptr && recent_->has_mask_of(match)) {
    return recent_;
  }
  auto [first, last] = by_mask_.equal_range(hash_of_mask(match, hash_seed_));
  const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second->has_mask_of(match); });
  recent_ = found != last ? found->second : nullptr;
  return recent_;
}

Subtable& Classifier::subtable_for(const MiniMatch& match) {
  if (Subtable* subtable = find_subtable(match)) {
    return *subtable;
  }
  subtables_.push_back(std::make_unique<Subtable>(match, prefixes_, hash_seed_));
  by_mask_.emplace(hash_of_mask(match, hash_seed_), subtables_.back().get());
  return *subtables_.back();
}

ClassifierRule* Classifier::find_exact(const MiniMatch& match, int32_t priority, uint64_t version) const {
  const Subtable* subtable = find_subtable(match);
  ClassifierRule* rule = subtable != nullptr ? subtable->find_equal(match) : nullptr;
  while (rule != nullptr && (rule->priority() != priority || !rule->is_visible(version))) {
    rule = Subtable::next_equal(*rule);
  }
  return rule;
}

ClassifierRule* Classifier::find_equal(ClassifierRule& rule, uint64_t version) {
  assert(rule.is_linked() && "only its neighbours are looked at");
  return Subtable::find_beside(rule, version);
}

ClassifierRule* Classifier::find_overlap(const MiniMatch& match, int32_t priority, uint64_t version) const {
  for (const std::unique_ptr<Subtable>& subtable : subtables_) {
    if (!subtable->has_priority(priority)) {
      continue;
    }
    for (ClassifierRule* rule = subtable->first(); rule != nullptr; rule = Subtable::next_inserted(*rule)) {
      if (share_packet_at(*rule, match, priority, version)) {
        return rule;
      }
    }
  }
  return nullptr;
}

void Classifier::for_each_linked(const std::function<bool(const ClassifierRule&)>& visit) const {
  for (const std::unique_ptr<Subtable>& subtable : subtables_) {
    for (const ClassifierRule* rule = subtable->first(); rule != nullptr; rule = Subtable::next_inserted(*rule)) {
      if (!visit(*rule)) {
        return;
      }
    }
  }
}

void Classifier::insert(ClassifierRule& rule, uint64_t version) {
  assert(rule.added_version() == TableVersion::never && "a rule is inserted once");
  assert(find_exact(rule.match(), rule.priority(), version) == nullptr && "match and priority are unique");
  if (!rule.is_linked()) {
    link(rule);
  }
  Subtable& subtable = *rule.subtable_;
  if (subtable.max_priority() < rule.priority()) {
    is_sealed_ = false;
  }
  rule.added_version_.store(version, std::memory_order_relaxed);
  subtable.note_insertion(rule);
}

void Classifier::link(ClassifierRule& rule) {
  assert(!rule.is_linked() && "a rule is linked once");
  Subtable& subtable = subtable_for(rule.match());
  rule.subtable_ = &subtable;
  prefixes_.add(rule.match(), subtable.prefix_lengths());
  subtable.link(rule);
  ++linked_count_;
}

void Classifier::prefetch(const MiniMatch& match) const {
  if (const Subtable* subtable = find_subtable(match)) {
    subtable->prefetch(match);
  }
}

void Classifier::remove(ClassifierRule& rule, uint64_t version) {
  assert(rule.removed_version() == TableVersion::never && "a rule is removed once");
  rule.removed_version_.store(version, std::memory_order_relaxed);
  rule.subtable_->note_removal(version);
}

void Classifier::restore(ClassifierRule& rule) {
  rule.removed_version_.store(TableVersion::never, std::memory_order_relaxed);
  rule.subtable_->note_return();
}

void Classifier::unlink(ClassifierRule& rule) {
  Subtable& subtable = *rule.subtable_;
  for (ClassifierCursor* cursor : cursors_) {
    cursor->step_over(rule);
  }
  const std::optional<int32_t> max_priority = subtable.max_priority();
  subtable.unlink(rule);
  prefixes_.remove(rule.match(), subtable.prefix_lengths());
  rule.subtable_ = nullptr;
  --linked_count_;
  if (subtable.empty() || subtable.max_priority() != max_priority) {
    is_sealed_ = false;
  }
}

void Classifier::seal() {
  if (is_sealed_) {
    return;
  }
  std::vector<std::unique_ptr<Subtable>> dropped = take_empty_subtables();
  publish_order();
  for (std::unique_ptr<Subtable>& subtable : dropped) {
    rcu::retire(std::move(subtable));
  }
  is_sealed_ = true;
}

std::vector<std::unique_ptr<Subtable>> Classifier::take_empty_subtables() {
  std::vector<std::unique_ptr<Subtable>> empty;
  for (size_t i = subtables_.size(); i-- > 0;) {
    if (!subtables_[i]->empty()) {
      continue;
    }
    for (ClassifierCursor* cursor : cursors_) {
      cursor->forget(i);
    }
    recent_ = nullptr;
    std::erase_if(by_mask_, [&](const auto& entry) { return entry.second == subtables_[i].get(); });
    empty.push_back(std::move(subtables_[i]));
    subtables_.erase(subtables_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return empty;
}

void Classifier::publish_order() {
  auto order = std::make_unique<Order>();
  order->entries.reserve(subtables_.size());
  for (const std::unique_ptr<Subtable>& subtable : subtables_) {
    // One whose rules were all linked ahead has nothing for a reader.
    if (const auto max_priority = subtable->max_priority()) {
      order->entries.push_back({*max_priority, subtable.get()});
    }
  }
  std::stable_sort(order->entries.begin(), order->entries.end(),
                   [](const Order::Entry& a, const Order::Entry& b) { return a.max_priority > b.max_priority; });
  rcu::retire(order_.exchange(order.release()));
}

}  // namespace weft
