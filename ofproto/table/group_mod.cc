// The operations of group-mod: OpenFlow 1.3.5 section 6.5, 1.5.1 section 6.7. What is refused is in group_check.cc.
#include <utility>
#include <vector>

#include "ofproto/table/table_set.h"

namespace weft::ofproto {

using openflow::GroupModCommand;

Result<Change, openflow::OpenFlowError> TableSet::prepare(const openflow::GroupMod& group_mod, TimePoint now) {
  const bool changes_buckets =
      group_mod.command == GroupModCommand::insert_bucket || group_mod.command == GroupModCommand::remove_bucket;
  if (changes_buckets) {
    const auto whole = groups_.with_buckets_changed(group_mod);
    return whole ? prepare_group(*whole, now, Group::BucketCounters::go_on) : Unexpected{whole.error()};
  }
  return prepare_group(group_mod, now, Group::BucketCounters::begin);
}

Result<Change, openflow::OpenFlowError> TableSet::prepare_group(const openflow::GroupMod& group_mod, TimePoint now,
                                                                Group::BucketCounters counters) {
  if (auto checked = groups_.check(group_mod); !checked) {
    return Unexpected{checked.error()};
  }
  for (const openflow::Bucket& bucket : group_mod.buckets) {
    if (auto checked = check_meters(bucket.actions); !checked) {
      return Unexpected{checked.error()};
    }
    if (auto unmapped = find_unmapped(options_of(bucket.actions), mapped_options_)) {
      return Unexpected{std::move(*unmapped)};
    }
  }
  Change change{.version = version_.next()};
  if (group_mod.command != GroupModCommand::remove) {
    put_group(change, group_mod, now, counters);
  } else if (group_mod.group_id != openflow::all_groups) {
    remove_group(change, group_mod.group_id);
  } else {
    remove_all_groups(change);
  }
  remove_orphans(change);
  return change;
}

void TableSet::put_group(Change& change, const openflow::GroupMod& group_mod, TimePoint now,
                         Group::BucketCounters counters) {
  const auto current = groups_.current().find(group_mod.group_id);
  GroupPtr before = current != groups_.current().end() ? current->second : nullptr;
  GroupPtr after = std::make_shared<Group>(group_mod, now, before.get(), counters);
  change.groups.push_back({std::move(before), std::move(after)});
  groups_.put(change.groups.back(), change.version);
}

// A number that no group has is no error.
void TableSet::remove_group(Change& change, uint32_t group_id) {
  const auto current = groups_.current().find(group_id);
  if (current == groups_.current().end()) {
    return;
  }
  for (FlowRulePtr& rule : groups_.rules_using(group_id)) {
    change_rule(change, {std::move(rule), nullptr, openflow::FlowRemovedReason::group_removed});
  }
  change.groups.push_back({current->second, nullptr});
  groups_.put(change.groups.back(), change.version);
}

void TableSet::remove_all_groups(Change& change) {
  while (!groups_.current().empty()) {
    remove_group(change, groups_.current().begin()->first);
  }
}

}  // namespace weft::ofproto
