// The operations of flow-mod: OpenFlow 1.3.5 section 6.4, and those that rules of our own need.
#include <utility>

#include "ofproto/table/abilities.h"
#include "ofproto/table/action_uses.h"
#include "ofproto/table/flow_selection.h"
#include "ofproto/table/table_set.h"

namespace weft::ofproto {

namespace {

using openflow::ErrorCode;
using openflow::FlowMod;
using openflow::FlowModCommand;
using openflow::OpenFlowError;
namespace flow_flag = openflow::flow_flag;

using Prepared = Result<Change, OpenFlowError>;

Unexpected<OpenFlowError> bad_table_id(uint8_t table_id) {
  return refuse(ErrorCode::ofpfmfc_bad_table_id, "there is no table " + std::to_string(table_id));
}

bool is_modify(FlowModCommand command) {
  return command == FlowModCommand::modify || command == FlowModCommand::modify_strict;
}

bool is_strict(FlowModCommand command) {
  return command == FlowModCommand::modify_strict || command == FlowModCommand::remove_strict;
}

FlowRulePtr shared(FlowRule* rule) { return rule != nullptr ? rule->shared_from_this() : nullptr; }

}  // namespace

FlowMod addition_of(const FlowMod& modify) {
  FlowMod add = modify;
  add.command = FlowModCommand::add;
  add.table_id = modify.table_id == openflow::all_tables ? uint8_t{0} : modify.table_id;
  add.cookie = modify.new_cookie.value_or(modify.cookie);
  add.modify_adds = false;
  return add;
}

Prepared TableSet::prepare(const FlowMod& flow_mod, TimePoint now, const FlowModRules& rules) {
  Prepared change = prepare_command(flow_mod, now, rules);
  if (change) {
    remove_orphans(*change);
  }
  return change;
}

Prepared TableSet::prepare_command(const FlowMod& flow_mod, TimePoint now, const FlowModRules& rules) {
  if (flow_mod.command == FlowModCommand::add) {
    auto rule = make_rule(flow_mod);
    if (!rule) {
      return Unexpected{rule.error()};
    }
    Change change{.version = version_.next()};
    auto added = prepare_add(change, std::move(*rule), now);
    return added ? Prepared(std::move(change)) : Prepared(Unexpected{added.error()});
  }
  const auto change_one = change_of(flow_mod, now);
  if (!change_one) {
    return Unexpected{change_one.error()};
  }
  const std::vector<FlowRulePtr> selected = select(flow_mod);
  if (selected.empty() && (rules.modify_adds || flow_mod.modify_adds) && is_modify(flow_mod.command)) {
    return prepare_command(addition_of(flow_mod), now, rules);
  }
  Change change{.version = version_.next()};
  for (const FlowRulePtr& before : selected) {
    (*change_one)(change, before);
  }
  return change;
}

Result<FlowRulePtr, OpenFlowError> TableSet::make_rule(const FlowMod& flow_mod) {
  if (auto checked = check(flow_mod); !checked) {
    return Unexpected{checked.error()};
  }
  FlowRuleSpec spec{.table_id = flow_mod.table_id,
                    .priority = flow_mod.priority,
                    .cookie = flow_mod.cookie,
                    .idle_timeout = flow_mod.idle_timeout,
                    .hard_timeout = flow_mod.hard_timeout,
                    .importance = flow_mod.importance,
                    .flags = flow_mod.flags,
                    .instructions = instructions_.shared(flow_mod.instructions)};
  return std::make_shared<FlowRule>(MiniMatch(flow_mod.match), std::move(spec));
}

Result<void, OpenFlowError> TableSet::prepare_add(Change& change, FlowRulePtr rule, TimePoint now) {
  if (auto checked = check_references(rule->table_id(), rule->instructions()); !checked) {
    return Unexpected{checked.error()};
  }
  FlowTable& into = table(rule->table_id());
  if ((rule->flags() & flow_flag::check_overlap) != 0 &&
      into.classifier().find_overlap(rule->match(), rule->priority(), change.version) != nullptr) {
    return refuse(ErrorCode::ofpfmfc_overlap, "a flow of the same priority overlaps");
  }
  FlowRulePtr replaced = shared(into.find_replaced(*rule, change.version));
  if (!replaced && into.is_full()) {
    FlowRule* evicted = into.eviction() != nullptr ? into.eviction()->candidate_for(*rule) : nullptr;
    if (evicted == nullptr) {
      return refuse(ErrorCode::ofpfmfc_table_full,
                    into.name() + " holds " + std::to_string(into.coming_count()) + " flows already");
    }
    change_rule(change, {shared(evicted), nullptr, openflow::FlowRemovedReason::eviction});
  }
  const bool goes_on_counting = replaced && (rule->flags() & flow_flag::reset_counts) == 0;
  rule->begin(now, goes_on_counting ? replaced->shared_counters() : nullptr);
  change_rule(change, {std::move(replaced), std::move(rule)});
  return {};
}

// What a modify or a removal does to each of its rules.
Result<TableSet::ChangeOne, OpenFlowError> TableSet::change_of(const FlowMod& flow_mod, TimePoint now) {
  if (auto checked = check(flow_mod); !checked) {
    return Unexpected{checked.error()};
  }
  if (!is_modify(flow_mod.command)) {
    return ChangeOne([this](Change& change, const FlowRulePtr& rule) { change_rule(change, {rule, nullptr}); });
  }
  if (auto checked = check_references(flow_mod.table_id, flow_mod.instructions); !checked) {
    return Unexpected{checked.error()};
  }
  const bool resets = (flow_mod.flags & flow_flag::reset_counts) != 0;
  return ChangeOne(
      [this, now, resets, new_cookie = flow_mod.new_cookie, instructions = instructions_.shared(flow_mod.instructions)](
          Change& change, const FlowRulePtr& before) {
        FlowRuleSpec spec = before->spec();
        spec.instructions = instructions;
        spec.modified = now;
        spec.cookie = new_cookie.value_or(spec.cookie);
        if (resets) {
          spec.counters = std::make_shared<FlowCounters>(before->active());
        }
        change_rule(change, {before, std::make_shared<FlowRule>(before->match(), std::move(spec))});
      });
}

// Of a modify or a removal: the rules it is about, as they are at the coming version.
std::vector<FlowRulePtr> TableSet::select(const FlowMod& flow_mod) {
  const openflow::FlowFilter filter = filter_of(flow_mod);
  if (is_strict(flow_mod.command)) {
    return select_exact(filter, flow_mod.priority);
  }
  std::vector<FlowRulePtr> selected;
  FlowSelection selection(*this, filter, version_.next());
  while (!selection.is_done()) {
    constexpr size_t part_size = 1024;
    std::vector<FlowRulePtr> part = selection.next(part_size, part_size);
    selected.insert(selected.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  }
  return selected;
}

std::vector<FlowRulePtr> TableSet::select_exact(const openflow::FlowFilter& filter, int32_t priority) {
  const MiniMatch match(filter.match);
  std::vector<FlowRulePtr> selected;
  for (unsigned id = 0; id < table_count; ++id) {
    FlowTable* table = find_table(static_cast<uint8_t>(id));
    if (table == nullptr || (filter.table_id != openflow::all_tables && filter.table_id != id)) {
      continue;
    }
    FlowRulePtr rule = shared(table->find_exact(match, priority, version_.next()));
    if (rule && selects(filter, *rule)) {
      selected.push_back(std::move(rule));
    }
  }
  return selected;
}

// What is wrong with a message whatever the tables and groups are.
Result<void, OpenFlowError> TableSet::check(const FlowMod& flow_mod) const {
  const bool is_removal = flow_mod.command != FlowModCommand::add && !is_modify(flow_mod.command);
  const bool may_be_all = is_removal || flow_mod.modify_adds;  // 1.0 modifies in all tables
  if (flow_mod.table_id >= table_count && !(may_be_all && flow_mod.table_id == openflow::all_tables)) {
    return bad_table_id(flow_mod.table_id);
  }
  if (is_removal) {  // its instructions say nothing
    return {};
  }
  const openflow::Instructions& instructions = flow_mod.instructions;
  if (instructions.goto_table &&
      (*instructions.goto_table <= flow_mod.table_id || *instructions.goto_table >= table_count)) {
    return refuse(ErrorCode::ofpbic_bad_table_id, "table " + std::to_string(flow_mod.table_id) +
                                                      " goes on to later tables only, up to " +
                                                      std::to_string(table_count - 1));
  }
  if (auto unable = find_unable(instructions)) {
    return Unexpected{std::move(*unable)};
  }
  if (auto unmapped = find_unmapped(options_of(flow_mod.match) | options_of(instructions), mapped_options_)) {
    return Unexpected{std::move(*unmapped)};
  }
  return {};
}

// What depends on what is there at the coming version, and on how the tables are set up by then. `table_id` may be all.
Result<void, OpenFlowError> TableSet::check_references(uint8_t table_id,
                                                       const openflow::Instructions& instructions) const {
  if (auto misplaced = stages_.check(table_id, instructions)) {
    return Unexpected{std::move(*misplaced)};
  }
  Result<void, OpenFlowError> result = check_meters(instructions);
  for_each_group(instructions, [&](uint32_t group_id) {
    if (!groups_.has(group_id)) {
      result = refuse(ErrorCode::ofpbac_bad_out_group, "there is no group " + std::to_string(group_id));
    }
  });
  return result;
}

Change TableSet::prepare_removal(const std::vector<Expired>& rules) {
  Change change{.version = version_.next()};
  for (const Expired& expired : rules) {
    if (expired.rule->is_linked() && expired.rule->is_visible(change.version)) {
      change_rule(change, {expired.rule, nullptr, expired.reason});
    }
  }
  remove_orphans(change);
  return change;
}

Change TableSet::prepare_meter_removal(uint32_t meter_id, size_t limit) {
  Change change{.version = version_.next()};
  for (FlowRulePtr& rule : meters_.rules_using(meter_id, limit)) {
    change_rule(change, {std::move(rule), nullptr, openflow::FlowRemovedReason::meter_removed});
  }
  const auto group = change.rules.empty() ? groups_.group_above_meter(meter_id) : std::nullopt;
  if (group) {
    for (FlowRulePtr& rule : groups_.rules_using(*group, limit)) {
      change_rule(change, {std::move(rule), nullptr, openflow::FlowRemovedReason::group_removed});
    }
    if (change.rules.size() < limit) {
      remove_group(change, *group);
    }
  }
  remove_orphans(change);
  return change;
}

Change TableSet::prepare_rule(const Match& match, FlowRuleSpec spec) {
  Change change{.version = version_.next()};
  MiniMatch mini(match);
  FlowRulePtr replaced = shared(table(spec.table_id).find_exact(mini, spec.priority, change.version));
  change_rule(change, {std::move(replaced), std::make_shared<FlowRule>(std::move(mini), std::move(spec))});
  remove_orphans(change);
  return change;
}

Change TableSet::prepare_removal(uint8_t table_id, const Match& match, int32_t priority) {
  Change change{.version = version_.next()};
  if (FlowTable* from = find_table(table_id)) {
    if (FlowRulePtr rule = shared(from->find_exact(MiniMatch(match), priority, change.version))) {
      change_rule(change, {std::move(rule), nullptr});
    }
  }
  remove_orphans(change);
  return change;
}

}  // namespace weft::ofproto
