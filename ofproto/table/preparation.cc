#include "ofproto/table/preparation.h"

#include <cassert>
#include <iterator>
#include <utility>

namespace weft::ofproto {

using openflow::FlowModCommand;
using openflow::OpenFlowError;

namespace {

bool is_exact(FlowModCommand command) { return command != FlowModCommand::modify && command != FlowModCommand::remove; }

}  // namespace

Preparation::Preparation(TableSet& tables, TimePoint now, const FlowModRules& rules)
    : tables_(tables), now_(now), rules_(rules) {
  tables_.do_orphans_wait_ = true;
}

Preparation::~Preparation() {
  end();
  assert((is_published_ || parts_.empty()) && "what was prepared is published or taken back");
}

Preparation::Outcome Preparation::begin(const FlowRulePtr& rule) {
  return tables_.prepare_add(open_part(), rule, now_);
}

void Preparation::expect(const FlowRule& rule) const {
  if (const FlowTable* table = tables_.find_table(rule.table_id())) {
    table->classifier().prefetch(rule.match());
  }
}

Preparation::Outcome Preparation::begin(const openflow::FlowMod& flow_mod) {
  if (is_exact(flow_mod.command)) {
    auto change = tables_.prepare(flow_mod, now_, rules_);
    if (!change) {
      return Unexpected{change.error()};
    }
    keep(std::move(*change));
    return {};
  }
  auto change_one = tables_.change_of(flow_mod, now_);
  if (!change_one) {
    return Unexpected{change_one.error()};
  }
  flow_mod_ = flow_mod;
  change_one_ = std::move(*change_one);
  has_chosen_ = false;
  selection_.emplace(tables_, filter_of(flow_mod), tables_.version().next());
  return {};
}

Preparation::Outcome Preparation::begin(const openflow::GroupMod& group_mod) {
  if (group_mod.command != openflow::GroupModCommand::remove) {
    auto change = tables_.prepare(group_mod, now_);
    if (!change) {
      return Unexpected{change.error()};
    }
    keep(std::move(*change));
    return {};
  }
  if (auto checked = tables_.groups().check(group_mod); !checked) {
    return checked;
  }
  group_mod_ = group_mod;
  next_group_ = 0;
  return {};
}

void Preparation::begin(const std::vector<Expired>& rules) { keep(tables_.prepare_removal(rules)); }

bool Preparation::step() {
  if (flow_mod_) {
    if (choose()) {
      return true;
    }
    change_chosen();
    return flow_mod_.has_value();
  }
  if (group_mod_) {
    if (change_rules_of_group()) {
      return true;
    }
    end_message();
  }
  return false;
}

bool Preparation::step_orphans() {
  if (!selection_ && chosen_.empty()) {
    const auto filter = tables_.next_orphans();
    if (!filter) {
      return false;
    }
    selection_.emplace(tables_, *filter, tables_.version().next());
  }
  if (choose()) {
    return true;
  }
  for (size_t i = 0; i < step_size && !chosen_.empty(); ++i) {
    tables_.change_rule(open_part(), {std::move(chosen_.front()), nullptr});
    chosen_.pop_front();
  }
  return true;
}

// All rules are found before the first is changed: what a modify puts in their place would be found again.
bool Preparation::choose() {
  if (!selection_) {
    return false;
  }
  std::vector<FlowRulePtr> part = selection_->next(look_size, look_size);
  chosen_.insert(chosen_.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  if (selection_->is_done()) {
    selection_.reset();
    has_chosen_ = !chosen_.empty();
  }
  return true;
}

void Preparation::change_chosen() {
  for (size_t i = 0; i < step_size && !chosen_.empty(); ++i) {
    change_one_(open_part(), chosen_.front());
    chosen_.pop_front();
  }
  if (chosen_.empty()) {
    end_message();
  }
}

// The rules that go with a group, before it.
bool Preparation::change_rules_of_group() {
  const auto& groups = tables_.groups().current();
  const bool are_all = group_mod_->group_id == openflow::all_groups;
  auto group = groups.lower_bound(are_all ? next_group_ : group_mod_->group_id);
  const auto end = are_all ? groups.end() : groups.upper_bound(group_mod_->group_id);
  for (size_t i = 0; i < step_size && group != end; ++i) {
    const std::vector<FlowRulePtr> users = tables_.groups().rules_using(group->first, step_size);
    for (const FlowRulePtr& rule : users) {
      tables_.change_rule(open_part(), {rule, nullptr, openflow::FlowRemovedReason::group_removed});
    }
    i += users.size();
    group = users.empty() ? std::next(group) : group;
    next_group_ = group != end ? group->first : next_group_;
  }
  return group != end;
}

void Preparation::end_message() {
  const auto flow_mod = std::exchange(flow_mod_, std::nullopt);
  const auto group_mod = std::exchange(group_mod_, std::nullopt);
  Result<Change, OpenFlowError> last = Change{.version = tables_.version().next(), .rules = {}, .groups = {}};
  if (flow_mod && flow_mod->command == FlowModCommand::modify && !has_chosen_ &&
      (rules_.modify_adds || flow_mod->modify_adds)) {
    last = tables_.prepare(addition_of(*flow_mod), now_, rules_);
  } else if (group_mod) {
    last = tables_.prepare(*group_mod, now_);
  }
  if (last) {
    tables_.remove_orphans(*last);
    keep(std::move(*last));
  } else {
    failure_ = last.error();
  }
}

Change& Preparation::open_part() {
  if (parts_.empty() || parts_.back().rules.size() + parts_.back().groups.size() >= part_size) {
    parts_.push_back({.version = tables_.version().next(), .rules = {}, .groups = {}});
    parts_.back().rules.reserve(step_size);
  }
  return parts_.back();
}

// A part is taken back rules last: what a message does to groups comes after what it does to rules, and a group that
// rules refer to was there before them. So a change of groups closes the part.
void Preparation::keep(Change change) {
  if (change.groups.empty()) {
    open_part().append(std::move(change));
  } else {
    parts_.push_back(std::move(change));
    parts_.push_back({.version = tables_.version().next(), .rules = {}, .groups = {}});
  }
}

// What others prepare from now on is whole by itself.
void Preparation::end() {
  if (!has_ended_) {
    tables_.do_orphans_wait_ = false;
    has_ended_ = true;
  }
}

void Preparation::publish() {
  assert(!flow_mod_ && !group_mod_ && !failure_ && "every message is through");
  is_published_ = true;
  end();
  tables_.seal();
  tables_.version().publish();
}

bool Preparation::take_back() {
  assert(!is_published_ && "what readers see is not taken back");
  selection_.reset();
  chosen_.clear();
  flow_mod_.reset();
  group_mod_.reset();
  if (parts_.empty()) {
    end();
    return false;
  }
  Change& last = parts_.back();
  if (last.groups.empty() && last.rules.size() > step_size) {
    const auto from = last.rules.end() - static_cast<std::ptrdiff_t>(step_size);
    Change some{.version = last.version,
                .rules = {std::make_move_iterator(from), std::make_move_iterator(last.rules.end())},
                .groups = {}};
    last.rules.erase(from, last.rules.end());
    tables_.revert(some);
  } else {
    tables_.revert(last);
    parts_.pop_back();
  }
  if (parts_.empty()) {
    end();
  }
  return !parts_.empty();
}

void Preparation::take_back_all() {
  while (take_back()) {
  }
}

}  // namespace weft::ofproto
