#include "ofproto/table/group_table.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "lib/base/hash.h"
#include "lib/base/rcu.h"
#include "lib/openflow/meter_message.h"
#include "ofproto/table/abilities.h"
#include "ofproto/table/action_uses.h"

namespace weft::ofproto {

namespace {

uint32_t hash_of(uint32_t group_id) { return static_cast<uint32_t>(hash_finish(hash_add(0, group_id), 1)); }

// For the deferred call to let go of.
void retire(GroupPtr group) {
  rcu::defer([group = std::move(group)] {});
}

}  // namespace

GroupTable::GroupTable(const GroupLimits& limits) : limits_(limits) {}

GroupTable::~GroupTable() = default;

const Group* GroupTable::find(uint32_t group_id, uint64_t version) const {
  const Group* group = heads_.find(hash_of(group_id), [&](const Group& head) { return head.group_id() == group_id; });
  while (group != nullptr && !group->is_visible(version)) {
    group = group->next_.load(std::memory_order_acquire);
  }
  return group;
}

Group* GroupTable::head(uint32_t group_id) const {
  return heads_.find(hash_of(group_id), [&](const Group& group) { return group.group_id() == group_id; });
}

void GroupTable::put(const GroupChange& change, uint64_t version) {
  if (change.before) {
    change.before->removed_version_.store(version, std::memory_order_relaxed);
    removed_.push_back(change.before);
    current_.erase(change.before->group_id());
    count_references(*change.before, false);
  }
  if (change.after) {
    change.after->added_version_.store(version, std::memory_order_relaxed);
    link(*change.after);
    current_[change.after->group_id()] = change.after;
    count_references(*change.after, true);
  }
}

void GroupTable::undo(const GroupChange& change) {
  if (change.after) {
    unlink(*change.after);
    current_.erase(change.after->group_id());
    count_references(*change.after, false);
    retire(change.after);
  }
  if (change.before) {
    // It stays in `removed_`, where reclaim() recognises it.
    change.before->removed_version_.store(TableVersion::never, std::memory_order_relaxed);
    current_[change.before->group_id()] = change.before;
    count_references(*change.before, true);
  }
}

bool GroupTable::reclaim(uint64_t settled, size_t limit) {
  for (; limit > 0 && !removed_.empty(); --limit) {
    GroupPtr group = std::move(removed_.front());
    if (group->removed_version() != TableVersion::never && group->removed_version() > settled) {
      removed_.front() = std::move(group);
      return true;
    }
    removed_.pop_front();
    if (group->removed_version() != TableVersion::never && group->is_linked_) {
      unlink(*group);
      retire(std::move(group));
    }
  }
  return limit > 0;
}

// The newest first; at most one of a number's groups is visible at a version.
void GroupTable::link(Group& group) {
  const uint32_t hash = hash_of(group.group_id());
  group.is_linked_ = true;
  if (Group* older = head(group.group_id())) {
    group.next_.store(older, std::memory_order_relaxed);
    heads_.replace(hash, *older, group);
  } else {
    heads_.insert(hash, group);
  }
}

// The group's own link stays, for readers that stand on it.
void GroupTable::unlink(Group& group) {
  const uint32_t hash = hash_of(group.group_id());
  Group* after = group.next_.load(std::memory_order_relaxed);
  Group* before = head(group.group_id());
  group.is_linked_ = false;
  if (before != &group) {
    while (before->next_.load(std::memory_order_relaxed) != &group) {
      before = before->next_.load(std::memory_order_relaxed);
    }
    before->next_.store(after, std::memory_order_release);
  } else if (after != nullptr) {
    heads_.replace(hash, group, *after);
  } else {
    heads_.erase(hash, group);
  }
}

void GroupTable::refer(FlowRule& rule) {
  for_each_group(rule.instructions(), [&](uint32_t group_id) { rules_[group_id].insert(&rule); });
}

void GroupTable::release(FlowRule& rule) {
  for_each_group(rule.instructions(), [&](uint32_t group_id) {
    const auto users = rules_.find(group_id);
    if (users != rules_.end() && users->second.erase(&rule) > 0 && users->second.empty()) {
      rules_.erase(users);
    }
  });
}

void GroupTable::count(Users& all, uint32_t used, uint32_t by, bool add) {
  auto& users = all[used];
  auto user = users.try_emplace(by, 0).first;
  user->second = add ? user->second + 1 : user->second - 1;
  if (user->second == 0) {
    users.erase(user);
  }
  if (users.empty()) {
    all.erase(used);
  }
}

void GroupTable::count_references(const Group& group, bool add) {
  for (const openflow::Bucket& bucket : group.buckets()) {
    for_each_group(bucket.actions, [&](uint32_t used) { count(groups_, used, group.group_id(), add); });
    for_each_meter(bucket.actions,
                   [&](uint32_t used, openflow::ErrorCode) { count(meters_, used, group.group_id(), add); });
  }
}

std::vector<FlowRulePtr> GroupTable::rules_using(uint32_t group_id, size_t limit) const {
  std::vector<FlowRulePtr> found;
  if (const auto users = rules_.find(group_id); users != rules_.end()) {
    for (auto rule = users->second.begin(); rule != users->second.end() && found.size() < limit; ++rule) {
      found.push_back((*rule)->shared_from_this());
    }
  }
  return found;
}

std::vector<uint32_t> GroupTable::groups_using(uint32_t group_id) const {
  std::vector<uint32_t> found;
  if (const auto users = groups_.find(group_id); users != groups_.end()) {
    for (const auto& [user, count] : users->second) {
      found.push_back(user);
    }
  }
  return found;
}

std::optional<uint32_t> GroupTable::group_above_meter(uint32_t meter_id) const {
  const auto users = meter_id == openflow::meter_id::all ? meters_.begin() : meters_.find(meter_id);
  if (users == meters_.end()) {
    return std::nullopt;
  }
  uint32_t group_id = users->second.begin()->first;
  for (auto above = groups_.find(group_id); above != groups_.end(); above = groups_.find(group_id)) {
    group_id = above->second.begin()->first;
  }
  return group_id;
}

uint32_t GroupTable::ref_count(uint32_t group_id) const {
  const auto rules = rules_.find(group_id);
  const auto groups = groups_.find(group_id);
  const size_t count =
      (rules != rules_.end() ? rules->second.size() : 0) + (groups != groups_.end() ? groups->second.size() : 0);
  return static_cast<uint32_t>(count);
}

openflow::GroupFeaturesReply GroupTable::features() const {
  openflow::GroupFeaturesReply reply;
  reply.types = limits_.types;
  reply.capabilities = openflow::group_capability::select_weight | openflow::group_capability::select_liveness |
                       openflow::group_capability::chaining | openflow::group_capability::chaining_checks;
  for (size_t type = 0; type < std::size(reply.max_groups); ++type) {
    if ((limits_.types >> type & 1) != 0) {
      reply.max_groups[type] = static_cast<uint32_t>(limits_.max_groups);
      reply.actions[type] = executed_actions;
    }
  }
  return reply;
}

}  // namespace weft::ofproto
