// TableSet: all tables of a bridge, 0 to 253, with its groups, and the operations of flow-mod and group-mod on them.
//
// A change is prepared at version.next(), where no reader looks yet, then published or undone:
//
//     auto change = tables.prepare(flow_mod, now);          // or several: a bundle
//     if (!change) return change.error();                   // nothing was changed
//     tables.publish(*change);                              // readers of the new version see all of it
//     ... the revalidator takes the Change; when it is through and counters are collected:
//     for each change.rules that wants_flow_removed(): send before->removed_message(reason, now)
//
// When a later part of a bundle fails, revert() the earlier parts, the last one first. Between prepare and publish
// (or revert) nobody else may prepare or publish, on any bridge that shares the TableVersion: there is one next version.
// What takes longer than one handler may goes through a Preparation (preparation.h), and whoever shares the version waits
// for its turn meanwhile (ofproto/bridge/change_queue.h).
//
// Semantics are OpenFlow 1.3's (1.3.5 sections 5.5, 6.4, 6.5), which DESIGN section 9 completes: ADD over an identical
// match and priority replaces it and starts its duration anew, counters kept unless RESET_COUNTS; MODIFY changes
// instructions only (in 1.0 the cookie too); MODIFY and DELETE select by cookie under its mask; DELETE by out_port and
// out_group too. Rules of priority below 0 or above 65535 are hidden: no message selects them.
//
// Threads:   tables and lookups by any thread under RCU; the rest by the control thread.
// Ownership: tables, rules and groups. Destroyed when no reader is left (rcu::retire it).
// Cost:      prepare: the classifier's for exact commands, proportional to the rules looked at for others, or to those
//            that were chosen.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/rcu.h"
#include "lib/base/result.h"
#include "lib/classifier/table_version.h"
#include "lib/openflow/error.h"
#include "lib/openflow/flow_message.h"
#include "lib/openflow/group_message.h"
#include "ofproto/table/action_uses.h"
#include "ofproto/table/change.h"
#include "ofproto/table/flow_mod_rules.h"
#include "ofproto/table/flow_table.h"
#include "ofproto/table/group_table.h"
#include "ofproto/table/instruction_cache.h"
#include "ofproto/table/meter_table.h"
#include "ofproto/table/option_uses.h"
#include "ofproto/table/table_policy.h"
#include "ofproto/table/table_stages.h"
#include "ofproto/table/timeouts.h"

namespace weft::ofproto {

inline constexpr unsigned table_count = 254;  // 0 to 253 are OpenFlow's; 254 is reserved

struct TableSetOptions {
  uint64_t hash_seed = 0;
  size_t max_entries = FlowTable::default_max_entries;  // of each table
  std::vector<FieldId> prefix_fields{default_prefix_fields.begin(), default_prefix_fields.end()};
  GroupLimits groups = {};
};

class TableSet {
 public:
  TableSet(TableVersion& version, const TableSetOptions& options = {});
  ~TableSet();
  TableSet(const TableSet&) = delete;
  TableSet& operator=(const TableSet&) = delete;

  // --- readers
  TableVersion& version() const { return version_; }
  // Null: no rule was ever in it, every lookup misses.
  const FlowTable* find_table(uint8_t table_id) const { return tables_[table_id].load(); }
  // As FlowTable::lookup; a miss when there is no such table.
  const FlowRule* lookup(uint8_t table_id, const Flow& flow, uint64_t at_version, Flow* mask,
                         ConjunctionTrail* trail = nullptr) const;
  // The rule that has the flow's table, match and priority, or null.
  const FlowRule* find_rule(const openflow::FlowMod& flow, uint64_t at_version) const;
  const Group* find_group(uint32_t group_id, uint64_t at_version) const { return groups_.find(group_id, at_version); }
  const MeterEntry* find_meter(uint32_t meter_id) const { return meters_.find(meter_id); }

  // --- control thread: changes
  // The xid of the request that what follows comes from, which each RuleChange carries.
  void note_request(uint32_t xid) { xid_ = xid; }
  Result<Change, openflow::OpenFlowError> prepare(const openflow::FlowMod& flow_mod, TimePoint now,
                                                  const FlowModRules& rules = {});
  // An ADD in two steps. make_rule() says what is wrong with the message whatever the tables hold; the rule may then be
  // kept until its turn comes. Of another command it is the message's match, instructions and so on in little memory.
  Result<FlowRulePtr, openflow::OpenFlowError> make_rule(const openflow::FlowMod& flow_mod);
  // Does most of what adding it takes. Whoever does not add it in the end takes that back.
  void link_ahead(const FlowRulePtr& rule) { table(rule->table_id()).link_ahead(rule); }
  void take_back_ahead(std::span<const FlowRulePtr> rules);
  // Adds to `change`, which is the coming version's.
  Result<void, openflow::OpenFlowError> prepare_add(Change& change, FlowRulePtr rule, TimePoint now);
  Result<Change, openflow::OpenFlowError> prepare(const openflow::GroupMod& group_mod, TimePoint now);
  // Up to `limit` of the rules that use a meter which is about to be deleted (meter_id::all: any); when there are none,
  // of those that use one of the groups that use it, and with the last of them that group. Its own deletion is
  // meters().remove().
  Change prepare_meter_removal(uint32_t meter_id, size_t limit);
  // Rules that expired, or go for another reason than a message. Those that are gone already are passed over.
  Change prepare_removal(const std::vector<Expired>& rules);
  // Rules of our own: hidden, or the default rule of a bridge without controllers. Replaces one of the same match.
  Change prepare_rule(const Match& match, FlowRuleSpec spec);
  Change prepare_removal(uint8_t table_id, const Match& match, int32_t priority);

  // Makes the prepared change, or several appended, visible.
  void publish(const Change& change);
  // The same in two steps, for a change that spans several bridges: seal() each, then version().publish() once.
  void seal();
  // Takes back a prepared change that was not published.
  void revert(const Change& change);

  // Frees what no reader needs any more, about `limit` of each kind. False: there is more to do now. publish() does
  // as much as it adds and some more; what is left after a large removal is the caller's to do.
  bool reclaim(size_t limit = 1000);
  // Whether the next few changes would not free what has been removed along the way.
  bool has_much_to_reclaim() const;

  // --- control thread: what is there
  FlowTable& table(uint8_t table_id);  // makes it
  const TablePolicy& policy(uint8_t table_id) const { return policies_[table_id]; }
  // Rules that are there are not in the order of eviction until they are added to it: EvictionBuild does that.
  void set_policy(uint8_t table_id, TablePolicy policy);
  // The same where nothing but name and max_entries has changed.
  void set_naming(uint8_t table_id, TablePolicy policy);
  // Some rule takes along what it has learned.
  bool has_learners() const { return !learners_.empty(); }
  size_t max_entries(uint8_t table_id) const;
  std::string table_name(uint8_t table_id) const;
  FlowTable* find_table(uint8_t table_id) { return tables_[table_id].load(); }
  // How many flows of a table have this cookie. The first time a cookie is asked about is a walk over the table.
  size_t count_with_cookie(uint8_t table_id, uint64_t cookie);
  const TableStages& stages() const { return stages_; }
  void set_first_egress(std::optional<uint8_t> table_id) { stages_.set_first_egress(table_id); }
  // The tunnel options that rules and groups may name, and those that some do (option_uses.h).
  uint64_t mapped_options() const { return mapped_options_; }
  void set_mapped_options(uint64_t options) { mapped_options_ = options; }
  uint64_t used_options() const;
  GroupTable& groups() { return groups_; }
  const GroupTable& groups() const { return groups_; }
  MeterTable& meters() { return meters_; }
  const MeterTable& meters() const { return meters_; }
  Timeouts& timeouts() { return timeouts_; }
  const Timeouts& timeouts() const { return timeouts_; }
  size_t flow_count() const;  // published ones, hidden ones not counted

 private:
  friend class FlowSelection;
  friend class Preparation;

  // What a modify or a removal does to one of its rules.
  using ChangeOne = std::function<void(Change&, const FlowRulePtr&)>;

  Result<Change, openflow::OpenFlowError> prepare_command(const openflow::FlowMod& flow_mod, TimePoint now,
                                                          const FlowModRules& rules);
  Result<ChangeOne, openflow::OpenFlowError> change_of(const openflow::FlowMod& flow_mod, TimePoint now);
  Result<void, openflow::OpenFlowError> check(const openflow::FlowMod& flow_mod) const;
  template <class Named>
  Result<void, openflow::OpenFlowError> check_meters(const Named& actions_or_instructions) const {
    Result<void, openflow::OpenFlowError> result;
    for_each_meter(actions_or_instructions, [&](uint32_t meter_id, openflow::ErrorCode missing) {
      if (!meters_.has(meter_id)) {
        result = openflow::refuse(missing, "there is no meter " + std::to_string(meter_id));
      }
    });
    return result;
  }
  Result<void, openflow::OpenFlowError> check_references(uint8_t table_id,
                                                         const openflow::Instructions& instructions) const;
  void refer(FlowRule& rule);
  void release(FlowRule& rule);
  std::vector<FlowRulePtr> select(const openflow::FlowMod& flow_mod);
  std::vector<FlowRulePtr> select_exact(const openflow::FlowFilter& filter, int32_t priority);
  void change_rule(Change& change, RuleChange rule_change);
  Result<Change, openflow::OpenFlowError> prepare_group(const openflow::GroupMod& group_mod, TimePoint now,
                                                        Group::BucketCounters counters);
  void put_group(Change& change, const openflow::GroupMod& group_mod, TimePoint now, Group::BucketCounters counters);
  void remove_group(Change& change, uint32_t group_id);
  void remove_all_groups(Change& change);
  void undo(const RuleChange& rule_change);
  void apply_naming(FlowTable& table) const;
  void apply_policy(FlowTable& table) const;
  void retire_undone();
  // Flows that were learned, and are to go with what learned them (learned_flows.cc).
  using Learned = std::pair<uint8_t, uint64_t>;  // table and cookie
  void refer_learned(const FlowRule& rule);
  void release_learned(const FlowRule& rule);
  std::optional<openflow::FlowFilter> next_orphans();
  void remove_orphans(Change& change);
  void pin(uint64_t version);
  void unpin(uint64_t version);

  TableVersion& version_;
  const TableSetOptions options_;
  std::array<RcuPtr<FlowTable>, 256> tables_;     // by number, for readers
  std::vector<std::unique_ptr<FlowTable>> made_;  // those that there are
  std::array<TablePolicy, table_count> policies_;
  TableStages stages_;
  OptionUses option_uses_;
  uint64_t mapped_options_ = 0;
  GroupTable groups_;
  MeterTable meters_;
  Timeouts timeouts_;
  uint32_t xid_ = 0;
  InstructionCache instructions_;
  // How many rules learn flows of this table and cookie that are to go with the last of them (delete_learned).
  std::map<Learned, size_t> learners_;
  std::set<Learned> orphaned_;    // whose last learner went in the change that is being prepared
  bool do_orphans_wait_ = false;  // a Preparation removes them at its end
  std::multiset<uint64_t> pins_;  // versions whose rules are still being walked
};

}  // namespace weft::ofproto
