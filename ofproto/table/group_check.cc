// Which group-mods are refused, and how: OpenFlow 1.3.5 sections 6.5 and 7.4.4.6, 1.5.1 section 6.7.
#include <algorithm>
#include <set>
#include <vector>

#include "ofproto/table/abilities.h"
#include "ofproto/table/action_uses.h"
#include "ofproto/table/bucket_list.h"
#include "ofproto/table/group_table.h"

namespace weft::ofproto {

namespace {

using openflow::Bucket;
using openflow::ErrorCode;
using openflow::GroupMod;
using openflow::GroupModCommand;
using openflow::GroupType;
using openflow::OpenFlowError;

using Checked = Result<void, OpenFlowError>;

std::string named(uint32_t group_id) { return "group " + std::to_string(group_id); }

bool watches(const Bucket& bucket) {
  return bucket.watch_port != of_port::any || bucket.watch_group != openflow::any_group;
}

// What a bucket must and must not have, by the type of its group.
Checked check_bucket(const Bucket& bucket, GroupType type) {
  const bool is_weighted = type == GroupType::select;
  if (!is_weighted && bucket.weight != 0) {
    return refuse(ErrorCode::ofpgmfc_invalid_group, "only buckets of a select group have a weight");
  }
  const bool may_watch = type == GroupType::select || type == GroupType::fast_failover;
  if (!may_watch && watches(bucket)) {
    return refuse(ErrorCode::ofpgmfc_watch_unsupported, "only select and fast failover groups watch ports or groups");
  }
  if (type == GroupType::fast_failover && !watches(bucket)) {
    return refuse(ErrorCode::ofpgmfc_invalid_group, "a bucket of a fast failover group must watch a port or a group");
  }
  if (bucket.watch_port != of_port::any && bucket.watch_port != of_port::local && !is_ordinary(bucket.watch_port)) {
    return refuse(ErrorCode::ofpgmfc_bad_watch,
                  "port number " + std::to_string(number(bucket.watch_port)) + " is no port to watch");
  }
  return {};
}

// The extension that says how a select group chooses.
Checked check_selection(const openflow::GroupSelection& selection, GroupType type) {
  if (selection.method.empty()) {
    return {};
  }
  if (type != GroupType::select) {
    return refuse(ErrorCode::ofpbpc_bad_value, "only a select group has a selection method");
  }
  if (selection.method != "hash" && selection.method != "dp_hash") {
    return refuse(ErrorCode::ofpbpc_bad_value, "selection method \"" + selection.method + "\" is not known");
  }
  return {};
}

Checked check_bucket_ids(const std::vector<Bucket>& buckets) {
  std::set<uint32_t> ids;
  for (const Bucket& bucket : buckets) {
    const uint32_t id = bucket.bucket_id;
    if (id == openflow::unnumbered_bucket) {
      continue;
    }
    if (id > openflow::bucket_position::max) {
      return refuse(ErrorCode::ofpgmfc_bad_bucket, "bucket id " + std::to_string(id) + " is reserved");
    }
    if (!ids.insert(id).second) {
      return refuse(ErrorCode::ofpgmfc_bad_bucket, "two buckets have id " + std::to_string(id));
    }
  }
  return {};
}

}  // namespace

Checked GroupTable::check(const GroupMod& group_mod) const {
  const uint32_t id = group_mod.group_id;
  const bool is_all = group_mod.command == GroupModCommand::remove && id == openflow::all_groups;
  if (id > openflow::max_group && !is_all) {
    return refuse(ErrorCode::ofpgmfc_invalid_group, named(id) + " is reserved");
  }
  switch (group_mod.command) {
    case GroupModCommand::add:
      if (has(id)) {
        return refuse(ErrorCode::ofpgmfc_group_exists, named(id) + " exists");
      }
      return check_buckets(group_mod);
    case GroupModCommand::modify:
      if (!has(id)) {
        return refuse(ErrorCode::ofpgmfc_unknown_group, "there is no " + named(id));
      }
      return check_buckets(group_mod);
    case GroupModCommand::add_or_modify:
      return check_buckets(group_mod);
    case GroupModCommand::remove:
      return is_all ? Checked{} : check_is_not_chained(id);
    default:
      return refuse(ErrorCode::ofpgmfc_bad_command, "group command is not supported");
  }
}

Result<GroupMod, OpenFlowError> GroupTable::with_buckets_changed(const GroupMod& group_mod) const {
  const auto found = current_.find(group_mod.group_id);
  if (found == current_.end()) {
    return Unexpected{OpenFlowError(ErrorCode::ofpgmfc_unknown_group, "there is no " + named(group_mod.group_id))};
  }
  const Group& group = *found->second;
  auto added = group_mod.buckets;
  if (group.type() == GroupType::select) {
    // The message does not know the group's type, so a weight that it does not tell is that of a select group.
    for (Bucket& bucket : added) {
      bucket.weight = std::max<uint16_t>(bucket.weight, 1);
    }
  }
  auto buckets = group_mod.command == GroupModCommand::insert_bucket
                     ? insert_buckets(group.buckets(), added, group_mod.command_bucket_id)
                     : remove_buckets(group.buckets(), group_mod.command_bucket_id);
  if (!buckets) {
    return Unexpected{buckets.error()};
  }
  GroupMod whole;
  whole.command = GroupModCommand::modify;
  whole.type = group.type();
  whole.group_id = group.group_id();
  whole.buckets = std::move(*buckets);
  whole.selection = group.selection();
  return whole;
}

// A group that refers to itself does not hold itself back.
Checked GroupTable::check_is_not_chained(uint32_t group_id) const {
  for (const uint32_t user : groups_using(group_id)) {
    if (user != group_id) {
      return refuse(ErrorCode::ofpgmfc_chained_group, named(user) + " forwards to " + named(group_id));
    }
  }
  return {};
}

Checked GroupTable::check_buckets(const GroupMod& group_mod) const {
  const auto type = static_cast<unsigned>(group_mod.type);
  if (type >= 32 || (limits_.types >> type & 1) == 0) {
    return refuse(ErrorCode::ofpgmfc_bad_type, "group type " + std::to_string(type) + " is not supported");
  }
  if (!has(group_mod.group_id) && count() >= limits_.max_groups) {
    return refuse(ErrorCode::ofpgmfc_out_of_groups, "there are " + std::to_string(count()) + " groups already");
  }
  if (group_mod.buckets.size() > limits_.max_buckets) {
    return refuse(ErrorCode::ofpgmfc_out_of_buckets,
                  "a group has at most " + std::to_string(limits_.max_buckets) + " buckets");
  }
  if (group_mod.type == GroupType::indirect && group_mod.buckets.size() != 1) {
    return refuse(ErrorCode::ofpgmfc_invalid_group, "an indirect group has exactly one bucket");
  }
  if (auto checked = check_selection(group_mod.selection, group_mod.type); !checked) {
    return checked;
  }
  for (const Bucket& bucket : group_mod.buckets) {
    if (auto checked = check_bucket(bucket, group_mod.type); !checked) {
      return checked;
    }
    if (auto checked = check_actions(bucket, group_mod.group_id); !checked) {
      return checked;
    }
  }
  if (would_loop(group_mod)) {
    return refuse(ErrorCode::ofpgmfc_loop, named(group_mod.group_id) + " would forward to itself");
  }
  return check_bucket_ids(group_mod.buckets);
}

Checked GroupTable::check_actions(const Bucket& bucket, uint32_t group_id) const {
  if (auto unable = find_unable(bucket.actions)) {
    return Unexpected{std::move(*unable)};
  }
  Checked result;
  for_each_group(bucket.actions, [&](uint32_t used) {
    if (used != group_id && !has(used)) {
      result = refuse(ErrorCode::ofpbac_bad_out_group, "there is no " + named(used));
    }
  });
  if (bucket.watch_group != openflow::any_group && (bucket.watch_group == group_id || !has(bucket.watch_group))) {
    return refuse(ErrorCode::ofpgmfc_bad_watch, bucket.watch_group == group_id
                                                    ? named(group_id) + " cannot watch itself"
                                                    : "there is no " + named(bucket.watch_group));
  }
  return result;
}

// Follows the groups that the new buckets lead to until one is the group itself.
bool GroupTable::would_loop(const GroupMod& group_mod) const {
  std::set<uint32_t> reached;
  std::vector<uint32_t> open;
  const auto reach = [&](uint32_t group_id) {
    if (reached.insert(group_id).second) {
      open.push_back(group_id);
    }
  };
  for (const Bucket& bucket : group_mod.buckets) {
    for_each_group(bucket.actions, reach);
  }
  while (!open.empty() && !reached.contains(group_mod.group_id)) {
    const auto group = current_.find(open.back());
    open.pop_back();
    for (const Bucket& bucket : group != current_.end() ? group->second->buckets() : std::span<const Bucket>()) {
      for_each_group(bucket.actions, reach);
    }
  }
  return reached.contains(group_mod.group_id);
}

}  // namespace weft::ofproto
