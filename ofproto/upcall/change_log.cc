#include "ofproto/upcall/change_log.h"

#include <algorithm>

namespace weft::ofproto {

void Touches::add(BridgeId bridge, const Change& change) {
  if (ids.size() + rules.size() + change.rules.size() > max_listed_rules) {
    for (size_t table_id = 0; table_id < change.tables.size(); ++table_id) {
      if (change.tables[table_id]) {
        tables.insert({bridge, static_cast<uint8_t>(table_id)});
      }
    }
  } else {
    for (const RuleChange& rule : change.rules) {
      if (rule.before != nullptr) {
        ids.push_back(dependency::rule(rule.before.get()));
      }
      if (rule.after != nullptr) {
        rules.push_back({bridge, rule.after});
      }
    }
  }
  for (const GroupChange& group : change.groups) {
    const uint32_t group_id = group.before != nullptr ? group.before->group_id() : group.after->group_id();
    ids.push_back(dependency::group(bridge, group_id));
  }
}

void TouchIndex::add(const Touches& touches) {
  ids_.insert(touches.ids.begin(), touches.ids.end());
  tables_.insert(touches.tables.begin(), touches.tables.end());
  for (const Touches::AddedRule& added : touches.rules) {
    rules_[{added.bridge, added.rule->table_id()}].push_back(added.rule);
  }
}

bool TouchIndex::touches(const TableDependency& table, const DependencyView& dependencies) const {
  if (tables_.contains({table.bridge, table.table_id})) {
    return true;
  }
  const auto found = rules_.find({table.bridge, table.table_id});
  if (found == rules_.end()) {
    return false;
  }
  const MiniMatch::View seen = dependencies.seen_by(table);
  const auto may_win = [&](const auto& rule) {
    return (!table.priority || rule->priority() >= *table.priority) && rule->match().overlaps(seen);
  };
  return found->second.size() > max_compared_rules || std::ranges::any_of(found->second, may_win);
}

bool TouchIndex::touches(const DependencyView& dependencies) const {
  return std::ranges::any_of(dependencies.ids, [&](DependencyId id) { return ids_.contains(id); }) ||
         (!(rules_.empty() && tables_.empty()) &&
          std::ranges::any_of(dependencies.tables,
                              [&](const TableDependency& table) { return touches(table, dependencies); }));
}

uint64_t ChangeLog::append(Touches touches) {
  MutexLock lock(mutex_);
  kept_.push_back(std::move(touches));
  if (kept_.size() > capacity_) {
    kept_.pop_front();
  }
  const uint64_t number = sequence_.load(std::memory_order_relaxed) + 1;
  sequence_.store(number, std::memory_order_seq_cst);
  return number;
}

std::unique_ptr<TouchIndex> ChangeLog::since(uint64_t sequence) const {
  MutexLock lock(mutex_);
  const uint64_t count = sequence_.load(std::memory_order_relaxed) - sequence;
  if (count > kept_.size()) {
    return nullptr;
  }
  auto index = std::make_unique<TouchIndex>();
  for (size_t i = kept_.size() - count; i < kept_.size(); ++i) {
    index->add(kept_[i]);
  }
  return index;
}

bool ChangeLog::touches_since(uint64_t sequence, const DependencyView& dependencies) const {
  const std::unique_ptr<TouchIndex> index = since(sequence);
  return index == nullptr || index->touches(dependencies);
}

}  // namespace weft::ofproto
