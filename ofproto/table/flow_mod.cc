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

Unexpected<OpenFlowError> refuse(ErrorCode code, std::string why) {
  return Unexpected{OpenFlowError(code, std::move(why))};
}

Unexpected<OpenFlowError> bad_table_id(uint8_t table_id) {
  return refuse(ErrorCode::ofpfmfc_bad_table_id, "there is no table " + std::to_string(table_id));
}

bool is_strict(FlowModCommand command) {
  return command == FlowModCommand::modify_strict || command == FlowModCommand::remove_strict;
}

FlowRuleSpec spec_of(const FlowMod& flow_mod, TimePoint now) {
  return {.table_id = flow_mod.table_id,
          .priority = flow_mod.priority,
          .cookie = flow_mod.cookie,
          .idle_timeout = flow_mod.idle_timeout,
          .hard_timeout = flow_mod.hard_timeout,
          .importance = flow_mod.importance,
          .flags = flow_mod.flags,
          .instructions = std::make_shared<const openflow::Instructions>(flow_mod.instructions),
          .created = now,
          .modified = now,
          .counters = nullptr};
}

FlowRulePtr shared(FlowRule* rule) { return rule != nullptr ? rule->shared_from_this() : nullptr; }

}  // namespace

Prepared TableSet::prepare(const FlowMod& flow_mod, TimePoint now, const FlowModRules& rules,
                           const std::vector<FlowRulePtr>* chosen) {
  switch (flow_mod.command) {
    case FlowModCommand::add:
      return prepare_add(flow_mod, now);
    case FlowModCommand::modify:
    case FlowModCommand::modify_strict:
      return prepare_modify(flow_mod, now, rules, chosen);
    case FlowModCommand::remove:
    case FlowModCommand::remove_strict:
      return prepare_remove(flow_mod, chosen);
  }
  return refuse(ErrorCode::ofpfmfc_bad_command, "unknown flow-mod command");
}

Prepared TableSet::prepare_add(const FlowMod& flow_mod, TimePoint now) {
  if (auto checked = check_instructions(flow_mod); !checked) {
    return Unexpected{checked.error()};
  }
  FlowTable& into = table(flow_mod.table_id);
  Change change{.version = version_.next()};
  MiniMatch match(flow_mod.match);
  if ((flow_mod.flags & flow_flag::check_overlap) != 0 &&
      into.classifier().find_overlap(match, flow_mod.priority, change.version) != nullptr) {
    return refuse(ErrorCode::ofpfmfc_overlap, "a flow of the same priority overlaps");
  }
  FlowRulePtr replaced = shared(into.find_exact(match, flow_mod.priority, change.version));
  if (!replaced && into.is_full()) {
    return refuse(ErrorCode::ofpfmfc_table_full,
                  into.name() + " holds " + std::to_string(into.active_count()) + " flows already");
  }
  FlowRuleSpec spec = spec_of(flow_mod, now);
  if (replaced && (flow_mod.flags & flow_flag::reset_counts) == 0) {
    spec.counters = replaced->shared_counters();
  }
  change_rule(change, {std::move(replaced), std::make_shared<FlowRule>(std::move(match), std::move(spec))});
  return change;
}

Prepared TableSet::prepare_modify(const FlowMod& flow_mod, TimePoint now, const FlowModRules& rules,
                                  const std::vector<FlowRulePtr>* chosen) {
  if (auto checked = check_instructions(flow_mod); !checked) {
    return Unexpected{checked.error()};
  }
  const std::vector<FlowRulePtr> selected = select(flow_mod, chosen);
  if (selected.empty() && rules.modify_adds) {
    return prepare_add(flow_mod, now);
  }
  Change change{.version = version_.next()};
  const auto instructions = std::make_shared<const openflow::Instructions>(flow_mod.instructions);
  for (const FlowRulePtr& before : selected) {
    FlowRuleSpec spec = before->spec();
    spec.instructions = instructions;
    spec.modified = now;
    if ((flow_mod.flags & flow_flag::reset_counts) != 0) {
      spec.counters = std::make_shared<FlowCounters>(before->active());
    }
    change_rule(change, {before, std::make_shared<FlowRule>(before->match(), std::move(spec))});
  }
  return change;
}

Prepared TableSet::prepare_remove(const FlowMod& flow_mod, const std::vector<FlowRulePtr>* chosen) {
  if (flow_mod.table_id >= table_count && flow_mod.table_id != openflow::all_tables) {
    return bad_table_id(flow_mod.table_id);
  }
  Change change{.version = version_.next()};
  for (FlowRulePtr& rule : select(flow_mod, chosen)) {
    change_rule(change, {std::move(rule), nullptr});
  }
  return change;
}

// Of a modify or a removal: the rules it is about, as they are at the coming version.
std::vector<FlowRulePtr> TableSet::select(const FlowMod& flow_mod, const std::vector<FlowRulePtr>* chosen) {
  const openflow::FlowFilter filter = filter_of(flow_mod);
  if (is_strict(flow_mod.command)) {
    return select_exact(filter, flow_mod.priority);
  }
  std::vector<FlowRulePtr> selected;
  if (chosen != nullptr) {
    for (const FlowRulePtr& rule : *chosen) {
      FlowRulePtr found = current_form(rule);
      if (found && (found == rule || selects(filter, *found))) {
        selected.push_back(std::move(found));
      }
    }
    return selected;
  }
  FlowSelection selection(*this, filter, version_.next());
  while (!selection.is_done()) {
    std::vector<FlowRulePtr> part = selection.next(flow_count() + 1, flow_count() + 1);
    selected.insert(selected.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  }
  return selected;
}

// The rule itself, or what a modify has made of it since. Null: it has gone, or an add has put another in its place.
FlowRulePtr TableSet::current_form(const FlowRulePtr& rule) {
  if (rule->is_linked() && rule->is_visible(version_.next())) {
    return rule;
  }
  const FlowTable* from = find_table(rule->table_id());
  FlowRulePtr found = shared(from->find_exact(rule->match(), rule->priority(), version_.next()));
  return found && found->created() == rule->created() ? found : nullptr;
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

Result<void, OpenFlowError> TableSet::check_instructions(const FlowMod& flow_mod) const {
  if (flow_mod.table_id >= table_count) {
    return bad_table_id(flow_mod.table_id);
  }
  const openflow::Instructions& instructions = flow_mod.instructions;
  if (instructions.goto_table &&
      (*instructions.goto_table <= flow_mod.table_id || *instructions.goto_table >= table_count)) {
    return refuse(ErrorCode::ofpbic_bad_table_id, "table " + std::to_string(flow_mod.table_id) +
                                                      " goes on to later tables only, up to " +
                                                      std::to_string(table_count - 1));
  }
  if (instructions.meter) {
    return refuse(ErrorCode::ofpbic_unsup_inst, "there are no meters");
  }
  if (auto unable = find_unable(flow_mod.match, instructions)) {
    return Unexpected{std::move(*unable)};
  }
  Result<void, OpenFlowError> result;
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
  return change;
}

Change TableSet::prepare_rule(const Match& match, FlowRuleSpec spec) {
  Change change{.version = version_.next()};
  MiniMatch mini(match);
  FlowRulePtr replaced = shared(table(spec.table_id).find_exact(mini, spec.priority, change.version));
  change_rule(change, {std::move(replaced), std::make_shared<FlowRule>(std::move(mini), std::move(spec))});
  return change;
}

Change TableSet::prepare_removal(uint8_t table_id, const Match& match, int32_t priority) {
  Change change{.version = version_.next()};
  if (FlowTable* from = find_table(table_id)) {
    if (FlowRulePtr rule = shared(from->find_exact(MiniMatch(match), priority, change.version))) {
      change_rule(change, {std::move(rule), nullptr});
    }
  }
  return change;
}

}  // namespace weft::ofproto
