#include "lib/classifier/classifier.h"

#include <algorithm>
#include <cassert>

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

}  // namespace

Classifier::Classifier(uint64_t hash_seed, std::span<const FieldId> prefix_fields)
    : hash_seed_(hash_seed), prefixes_(prefix_fields) {}

Classifier::~Classifier() {
  assert(cursors_.empty() && "cursors go before their classifier");
  delete order_.load();
}

const ClassifierRule* Classifier::lookup(const Flow& flow, uint64_t version, Flow* mask) const {
  const Order* order = order_.load();
  const ClassifierRule* best = nullptr;
  if (order == nullptr) {
    return best;
  }
  PrefixLookup prefixes(prefixes_, flow);
  for (const Order::Entry& entry : order->entries) {
    if (best != nullptr && entry.max_priority <= best->priority()) {
      break;
    }
    if (!entry.subtable->may_have_rules(version)) {
      continue;
    }
    const ClassifierRule* rule = entry.subtable->find(flow, version, mask, prefixes);
    if (rule != nullptr && (best == nullptr || rule->priority() > best->priority())) {
      best = rule;
    }
  }
  return best;
}

Subtable* Classifier::find_subtable(const MiniMatch& match) const {
  auto [first, last] = by_mask_.equal_range(hash_of_mask(match, hash_seed_));
  const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second->has_mask_of(match); });
  return found != last ? found->second : nullptr;
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
  assert(!rule.is_linked() && "a rule is inserted once");
  assert(find_exact(rule.match(), rule.priority(), version) == nullptr && "match and priority are unique");
  Subtable& subtable = subtable_for(rule.match());
  if (subtable.empty() || subtable.max_priority() < rule.priority()) {
    is_sealed_ = false;
  }
  rule.added_version_.store(version, std::memory_order_relaxed);
  rule.subtable_ = &subtable;
  prefixes_.add(rule.match(), subtable.prefix_lengths());
  subtable.insert(rule);
  ++linked_count_;
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
  const int32_t max_priority = subtable.max_priority();
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
    order->entries.push_back({subtable->max_priority(), subtable.get()});
  }
  std::stable_sort(order->entries.begin(), order->entries.end(),
                   [](const Order::Entry& a, const Order::Entry& b) { return a.max_priority > b.max_priority; });
  rcu::retire(order_.exchange(order.release()));
}

}  // namespace weft
