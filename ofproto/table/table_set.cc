#include "ofproto/table/table_set.h"

#include <algorithm>
#include <utility>

namespace weft::ofproto {

namespace {
// What publish() frees on the way besides as much as it made: well under a millisecond, and garbage does not pile up.
constexpr size_t reclaim_with_publish = 256;
constexpr size_t max_reclaim_with_publish = 2048;
}  // namespace

TableSet::TableSet(TableVersion& version, const TableSetOptions& options)
    : version_(version), options_(options), groups_(options.groups) {}

TableSet::~TableSet() = default;

const FlowRule* TableSet::lookup(uint8_t table_id, const Flow& flow, uint64_t at_version, Flow* mask,
                                 ConjunctionTrail* trail) const {
  const FlowTable* table = find_table(table_id);
  return table != nullptr ? table->lookup(flow, at_version, mask, trail) : nullptr;
}

const FlowRule* TableSet::find_rule(const openflow::FlowMod& flow, uint64_t at_version) const {
  const FlowTable* table = find_table(flow.table_id);
  return table != nullptr ? table->find_visible(MiniMatch(flow.match), flow.priority, at_version) : nullptr;
}

size_t TableSet::count_with_cookie(uint8_t table_id, uint64_t cookie) {
  FlowTable* table = find_table(table_id);
  return table != nullptr ? table->count_with_cookie(cookie) : 0;
}

FlowTable& TableSet::table(uint8_t table_id) {
  FlowTable* table = find_table(table_id);
  if (table == nullptr) {
    made_.push_back(std::make_unique<FlowTable>(table_id, options_.hash_seed, options_.prefix_fields));
    table = made_.back().get();
    apply_policy(*table);
    tables_[table_id].store(table);
  }
  return *table;
}

void TableSet::set_policy(uint8_t table_id, TablePolicy policy) {
  policies_[table_id] = std::move(policy);
  if (FlowTable* table = find_table(table_id)) {
    apply_policy(*table);
  }
}

void TableSet::set_naming(uint8_t table_id, TablePolicy policy) {
  policies_[table_id] = std::move(policy);
  if (FlowTable* table = find_table(table_id)) {
    apply_naming(*table);
  }
}

void TableSet::apply_policy(FlowTable& table) const {
  apply_naming(table);
  const uint8_t id = table.table_id();
  const std::optional<uint32_t> eviction = id < table_count ? policies_[id].eviction : std::nullopt;
  table.set_eviction(eviction ? std::make_unique<EvictionIndex>(*eviction) : nullptr);
}

void TableSet::apply_naming(FlowTable& table) const {
  table.set_max_entries(max_entries(table.table_id()));
  table.set_name(table_name(table.table_id()));
}

size_t TableSet::max_entries(uint8_t table_id) const {
  const bool is_set = table_id < table_count && policies_[table_id].max_entries != 0;
  return is_set ? policies_[table_id].max_entries : options_.max_entries;
}

std::string TableSet::table_name(uint8_t table_id) const {
  const bool is_set = table_id < table_count && !policies_[table_id].name.empty();
  return is_set ? policies_[table_id].name : "table" + std::to_string(table_id);
}

size_t TableSet::flow_count() const {
  size_t count = 0;
  for (const auto& table : made_) {
    count += table->active_count();
  }
  return count;
}

void TableSet::change_rule(Change& change, RuleChange rule_change) {
  if (rule_change.before) {
    FlowRule& before = *rule_change.before;
    table(before.table_id()).remove(before, change.version);
    release(before);
    timeouts_.remove(before);
  }
  if (rule_change.after) {
    FlowRule& after = *rule_change.after;
    table(after.table_id()).insert(rule_change.after, change.version);
    refer(after);
    timeouts_.add(after);
  }
  change.has_flow_removed = change.has_flow_removed || rule_change.wants_flow_removed();
  change.tables.set((rule_change.after ? rule_change.after : rule_change.before)->table_id());
  rule_change.xid = xid_;
  change.rules.push_back(std::move(rule_change));
}

uint64_t TableSet::used_options() const {
  uint64_t used = option_uses_.used();
  for (const auto& [id, group] : groups_.current()) {
    for (const openflow::Bucket& bucket : group->buckets()) {
      used |= options_of(bucket.actions);
    }
  }
  return used;
}

void TableSet::refer(FlowRule& rule) {
  groups_.refer(rule);
  meters_.refer(rule);
  stages_.refer(rule);
  option_uses_.refer(rule);
  refer_learned(rule);
}

void TableSet::release(FlowRule& rule) {
  groups_.release(rule);
  meters_.release(rule);
  stages_.release(rule);
  option_uses_.release(rule);
  release_learned(rule);
}

void TableSet::undo(const RuleChange& rule_change) {
  if (rule_change.after) {
    timeouts_.remove(*rule_change.after);
    release(*rule_change.after);
    table(rule_change.after->table_id()).undo_insert(*rule_change.after);
  }
  if (rule_change.before) {
    table(rule_change.before->table_id()).undo_remove(*rule_change.before);
    refer(*rule_change.before);
    timeouts_.add(*rule_change.before);
  }
}

void TableSet::retire_undone() {
  for (const auto& table : made_) {
    table->retire_undone();
  }
}

void TableSet::take_back_ahead(std::span<const FlowRulePtr> rules) {
  for (const FlowRulePtr& rule : rules) {
    table(rule->table_id()).take_back_ahead(*rule);
  }
  retire_undone();
}

void TableSet::publish(const Change& change) {
  seal();
  version_.publish();
  reclaim(std::min(reclaim_with_publish + 2 * (change.rules.size() + change.groups.size()), max_reclaim_with_publish));
}

void TableSet::seal() {
  for (const auto& table : made_) {
    table->seal();
  }
}

// The last step first.
void TableSet::revert(const Change& change) {
  std::for_each(change.groups.rbegin(), change.groups.rend(),
                [&](const GroupChange& group_change) { groups_.undo(group_change); });
  std::for_each(change.rules.rbegin(), change.rules.rend(), [&](const RuleChange& rule_change) { undo(rule_change); });
  orphaned_.clear();
  retire_undone();
}

bool TableSet::reclaim(size_t limit) {
  const uint64_t settled = pins_.empty() ? version_.settled() : std::min(version_.settled(), *pins_.begin());
  bool is_through = groups_.reclaim(settled, limit);
  for (const auto& table : made_) {
    is_through = table->reclaim(settled, limit) && is_through;
  }
  return is_through;
}

bool TableSet::has_much_to_reclaim() const {
  size_t removed = 0;
  for (const auto& table : made_) {
    removed += table->removed_count();
  }
  return removed > reclaim_with_publish;
}

void TableSet::pin(uint64_t version) { pins_.insert(version); }

void TableSet::unpin(uint64_t version) { pins_.erase(pins_.find(version)); }

}  // namespace weft::ofproto
