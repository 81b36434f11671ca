#include "ofproto/bridge/local_flow_monitors.h"

#include <utility>

namespace weft::ofproto {

using openflow::ErrorCode;
using openflow::FlowMonitor;
using openflow::FlowMonitorCommand;
using openflow::FlowUpdate;
using openflow::FlowUpdateEvent;
using openflow::OpenFlowError;
namespace monitor_flag = openflow::monitor_flag;

namespace {

constexpr size_t looked_at_at_once = 256;

Unexpected<OpenFlowError> refused(ErrorCode code) { return Unexpected{OpenFlowError(code)}; }

FlowUpdate update_of(FlowUpdateEvent event, const FlowRule& rule, openflow::FlowRemovedReason reason,
                     bool with_instructions) {
  FlowUpdate update;
  update.event = event;
  update.reason = reason;
  update.table_id = rule.table_id();
  update.priority = static_cast<uint16_t>(rule.priority());
  update.idle_timeout = rule.idle_timeout();
  update.hard_timeout = rule.hard_timeout();
  update.cookie = rule.cookie();
  update.match = rule.match().expand();
  if (with_instructions) {
    update.instructions = rule.instructions();
  }
  return update;
}

FlowUpdateEvent event_of(const RuleChange& change) {
  if (change.is_removal()) {
    return FlowUpdateEvent::removed;
  }
  return change.before == nullptr ? FlowUpdateEvent::added : FlowUpdateEvent::modified;
}

uint16_t flag_of(FlowUpdateEvent event) {
  switch (event) {
    case FlowUpdateEvent::initial:
      return monitor_flag::initial;
    case FlowUpdateEvent::removed:
      return monitor_flag::removed;
    case FlowUpdateEvent::modified:
      return monitor_flag::modify;
    default:
      return monitor_flag::add;
  }
}

}  // namespace

struct LocalFlowMonitors::Walk {
  Walk(TableSet& tables, uint64_t at_version)
      : version(at_version), selection(tables, openflow::FlowFilter(), at_version) {}
  const uint64_t version;
  FlowSelection selection;
};

LocalFlowMonitors::LocalFlowMonitors(std::shared_ptr<TableSet*> tables, const void* owner, Tell tell,
                                     std::function<void()> left)
    : tables_(std::move(tables)), owner_(owner), tell_(std::move(tell)), left_(std::move(left)) {}

LocalFlowMonitors::~LocalFlowMonitors() {
  if (*tables_ != nullptr) {
    left_();
  }
}

void LocalFlowMonitors::abandon() {
  initial_.reset();
  behind_.reset();
  present_.reset();
  monitors_.clear();
}

// --- what is monitored

bool LocalFlowMonitors::Monitor::selects(const FlowRule& rule) const {
  return (wanted.table_id == openflow::all_tables || wanted.table_id == rule.table_id()) && !rule.is_hidden() &&
         rule.match().is_subset_of(match) && ofproto::selects(filter, rule);
}

// A rule that stops or starts to output where the monitor looks has changed for it.
bool LocalFlowMonitors::Monitor::selects(const RuleChange& change) const {
  return (change.before != nullptr && selects(*change.before)) || (change.after != nullptr && selects(*change.after));
}

Result<LocalFlowMonitors::Monitor, OpenFlowError> LocalFlowMonitors::make(const FlowMonitor& wanted) {
  if ((wanted.flags & ~monitor_flag::all) != 0) {
    return refused(ErrorCode::ofpmofc_bad_flags);
  }
  if (wanted.table_id >= table_count && wanted.table_id != openflow::all_tables) {
    return refused(ErrorCode::ofpmofc_bad_table_id);
  }
  Monitor monitor{wanted, {}, MiniMatch(wanted.match), (wanted.flags & monitor_flag::initial) != 0};
  // No port has the number 0, by which Open vSwitch's tools of 1.4 and later ask for any.
  monitor.filter.out_port = wanted.out_port == OfPort{0} ? of_port::any : wanted.out_port;
  monitor.filter.out_group = wanted.out_group;
  return monitor;
}

Result<void, OpenFlowError> LocalFlowMonitors::apply(Monitors& monitors, const FlowMonitor& wanted) {
  const auto known = monitors.find(wanted.id);
  if (wanted.command == FlowMonitorCommand::add && known != monitors.end()) {
    return refused(ErrorCode::ofpmofc_monitor_exists);
  }
  if (wanted.command != FlowMonitorCommand::add && known == monitors.end()) {
    return refused(ErrorCode::ofpmofc_unknown_monitor);
  }
  if (wanted.command == FlowMonitorCommand::remove) {
    monitors.erase(known);
    return {};
  }
  auto made = make(wanted);
  if (!made) {
    return Unexpected{made.error()};
  }
  monitors.insert_or_assign(wanted.id, std::move(*made));
  return {};
}

Result<void, OpenFlowError> LocalFlowMonitors::change(const std::vector<FlowMonitor>& monitors) {
  if (*tables_ == nullptr) {
    return {};
  }
  Monitors changed = monitors_;
  for (const FlowMonitor& wanted : monitors) {
    if (auto applied = apply(changed, wanted); !applied) {
      return applied;
    }
  }
  monitors_ = std::move(changed);
  for (const auto& [id, monitor] : monitors_) {
    if (monitor.is_new && initial_ == nullptr) {
      initial_ = std::make_unique<Walk>(**tables_, (*tables_)->version().current());
      fall_behind((*tables_)->version().current());
    }
  }
  return {};
}

// --- what is told

// What the monitors that want to hear of this ask for, together; 0: there are none.
uint16_t LocalFlowMonitors::flags_for(FlowUpdateEvent event, const RuleChange& change, Origin origin) const {
  uint16_t flags = 0;
  for (const auto& [id, monitor] : monitors_) {
    const bool is_asked = event == FlowUpdateEvent::initial ? monitor.is_new : monitor.wants(flag_of(event));
    const bool is_foreign = origin == Origin::other && monitor.wants(monitor_flag::only_own);
    if (is_asked && !is_foreign && monitor.selects(change)) {
      flags |= monitor.wanted.flags;
    }
  }
  return flags;
}

void LocalFlowMonitors::note(Updates& updates, FlowUpdateEvent event, const RuleChange& change, Origin origin) const {
  const uint16_t flags = flags_for(event, change, origin);
  if (flags == 0) {
    return;
  }
  if (origin == Origin::own && (flags & monitor_flag::no_abbrev) == 0) {
    if (updates.empty() || updates.back().event != FlowUpdateEvent::abbreviated || updates.back().xid != change.xid) {
      updates.push_back({.event = FlowUpdateEvent::abbreviated, .xid = change.xid, .match = {}, .instructions = {}});
    }
    return;
  }
  const FlowRule& rule = change.is_removal() ? *change.before : *change.after;
  updates.push_back(update_of(event, rule, change.reason, (flags & monitor_flag::instructions) != 0));
}

void LocalFlowMonitors::changed(const std::vector<RuleChange>& rules, const void* by) {
  if (monitors_.empty() || is_behind()) {
    return;
  }
  Updates updates;
  for (const RuleChange& rule : rules) {
    note(updates, event_of(rule), rule, by != nullptr && by == owner_ ? Origin::own : Origin::other);
  }
  // The change that could not be told is part of the difference, so what is known is the version before it.
  if (!updates.empty() && !tell_(updates)) {
    fall_behind((*tables_)->version().current() - 1);
  }
}

void LocalFlowMonitors::missed() {
  if (!monitors_.empty() && !is_behind()) {
    fall_behind((*tables_)->version().current() - 1);
    tell_({});
  }
}

void LocalFlowMonitors::fall_behind(uint64_t known_version) {
  if (behind_ == nullptr) {
    behind_ = std::make_unique<Walk>(**tables_, known_version);
  }
}

// --- what was missed

bool LocalFlowMonitors::next_initial(Updates& updates) {
  if (initial_ == nullptr || *tables_ == nullptr) {
    return false;
  }
  for (const FlowRulePtr& rule : initial_->selection.next(looked_at_at_once, looked_at_at_once)) {
    note(updates, FlowUpdateEvent::initial, {.after = rule}, Origin::not_known);
  }
  if (!initial_->selection.is_done()) {
    return true;
  }
  initial_.reset();
  for (auto& [id, monitor] : monitors_) {
    monitor.is_new = false;
  }
  return false;
}

FlowRulePtr LocalFlowMonitors::at_version(const FlowRule& rule, uint64_t version) const {
  const FlowTable* table = (*tables_)->find_table(rule.table_id());
  FlowRule* found = table != nullptr ? table->find_exact(rule.match(), rule.priority(), version) : nullptr;
  return found != nullptr ? found->shared_from_this() : nullptr;
}

void LocalFlowMonitors::compare_old(const FlowRulePtr& rule, Updates& updates) const {
  if (!rule->is_visible(present_->version) && at_version(*rule, present_->version) == nullptr) {
    note(updates, FlowUpdateEvent::removed, {.before = rule}, Origin::not_known);
  }
}

void LocalFlowMonitors::compare_new(const FlowRulePtr& rule, Updates& updates) const {
  if (!rule->is_visible(behind_->version)) {
    const RuleChange change{.before = at_version(*rule, behind_->version), .after = rule};
    note(updates, event_of(change), change, Origin::not_known);
  }
}

bool LocalFlowMonitors::catch_up(Updates& updates) {
  if (behind_ == nullptr || *tables_ == nullptr) {
    return false;
  }
  if (behind_->version == (*tables_)->version().current()) {
    behind_.reset();
    return false;
  }
  if (present_ == nullptr) {
    present_ = std::make_unique<Walk>(**tables_, (*tables_)->version().current());
  }
  if (!behind_->selection.is_done()) {
    for (const FlowRulePtr& rule : behind_->selection.next(looked_at_at_once, looked_at_at_once)) {
      compare_old(rule, updates);
    }
  } else if (!present_->selection.is_done()) {
    for (const FlowRulePtr& rule : present_->selection.next(looked_at_at_once, looked_at_at_once)) {
      compare_new(rule, updates);
    }
  } else {
    // What has changed since comes next. The old walk keeps the rules of its version until the new one does.
    behind_ = std::make_unique<Walk>(**tables_, present_->version);
    present_.reset();
  }
  return true;
}

}  // namespace weft::ofproto
