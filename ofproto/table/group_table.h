// GroupTable: a bridge's groups by number, at every version that a reader may still be at.
//
// It also knows who refers to a group: rules by what they are told (refer, release), groups by their buckets. That is
// what makes deleting a group delete its rules, and what group statistics report as ref_count.
//
// Threads:   find by any thread under RCU; the rest by the control thread.
// Ownership: holds a share of each group until no reader can find it.
// Cost:      find: a hash and a probe. Loop check: the groups reachable from the one that changes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/base/result.h"
#include "lib/classifier/rcu_hash_table.h"
#include "lib/openflow/error.h"
#include "lib/openflow/group_message.h"
#include "ofproto/table/change.h"
#include "ofproto/table/group.h"

namespace weft::ofproto {

struct GroupLimits {
  uint32_t types = 0b1111;  // bit n: GroupType n
  size_t max_groups = 65536;
  size_t max_buckets = 1024;  // of one group
};

class GroupTable {
 public:
  explicit GroupTable(const GroupLimits& limits = {});
  ~GroupTable();
  GroupTable(const GroupTable&) = delete;
  GroupTable& operator=(const GroupTable&) = delete;

  // --- readers
  const Group* find(uint32_t group_id, uint64_t version) const;

  // --- control thread
  size_t count() const { return current_.size(); }
  // As it will be once everything prepared so far is published, by number.
  const std::map<uint32_t, GroupPtr>& current() const { return current_; }
  bool has(uint32_t group_id) const { return current_.contains(group_id); }

  // Whether the message may be executed: OpenFlow 1.3.5 section 6.5 and 7.4.4 (OFPGMFC_*). Of insert_bucket and
  // remove_bucket what they amount to is checked: a modify of the whole group.
  Result<void, openflow::OpenFlowError> check(const openflow::GroupMod& group_mod) const;
  Result<openflow::GroupMod, openflow::OpenFlowError> with_buckets_changed(const openflow::GroupMod& group_mod) const;

  // The steps of a change; `put` with null `after` removes.
  void put(const GroupChange& change, uint64_t version);
  void undo(const GroupChange& change);
  bool reclaim(uint64_t settled, size_t limit);

  // Notes that a rule's instructions name groups, or no longer do.
  void refer(FlowRule& rule);
  void release(FlowRule& rule);
  std::vector<FlowRulePtr> rules_using(uint32_t group_id, size_t limit = ~size_t{0}) const;  // some, up to `limit`
  std::vector<uint32_t> groups_using(uint32_t group_id) const;
  uint32_t ref_count(uint32_t group_id) const;
  // A group whose buckets use the meter (meter_id::all: any), or that leads to such a one, and that no group leads to.
  std::optional<uint32_t> group_above_meter(uint32_t meter_id) const;

  openflow::GroupFeaturesReply features() const;

 private:
  Result<void, openflow::OpenFlowError> check_buckets(const openflow::GroupMod& group_mod) const;
  Result<void, openflow::OpenFlowError> check_is_not_chained(uint32_t group_id) const;
  Result<void, openflow::OpenFlowError> check_actions(const openflow::Bucket& bucket, uint32_t group_id) const;
  bool would_loop(const openflow::GroupMod& group_mod) const;
  Group* head(uint32_t group_id) const;
  void link(Group& group);
  void unlink(Group& group);
  void count_references(const Group& group, bool add);

  const GroupLimits limits_;
  RcuHashTable<Group> heads_;
  std::map<uint32_t, GroupPtr> current_;
  std::deque<GroupPtr> removed_;  // waiting to be unlinked, in order of version
  std::unordered_map<uint32_t, std::unordered_set<FlowRule*>> rules_;
  using Users = std::unordered_map<uint32_t, std::map<uint32_t, uint32_t>>;  // referred to -> which group, how often
  static void count(Users& users, uint32_t used, uint32_t by, bool add);
  Users groups_;
  Users meters_;
};

}  // namespace weft::ofproto
