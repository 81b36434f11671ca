// What changes a bridge's tables: one message, a bundle, a flush; and what follows when it is published.
#include <algorithm>
#include <utility>

#include "lib/base/rcu.h"
#include "ofproto/bridge/change_run.h"
#include "ofproto/bridge/local_bridge.h"
#include "ofproto/table/action_uses.h"

namespace weft::ofproto {
namespace {

// Above every priority of OpenFlow, so no message can touch it.
constexpr int32_t controllers_lost_priority = highest_priority + 1;
constexpr size_t announced_at_once = 256;
constexpr size_t monitored_at_once = 1024;   // rules
constexpr size_t taken_back_at_once = 1024;  // rules, in about a millisecond

std::shared_ptr<const openflow::Instructions> output_normal() {
  openflow::Instructions instructions;
  instructions.apply = openflow::ActionList{openflow::OutputAction{.port = of_port::normal}};
  return std::make_shared<const openflow::Instructions>(std::move(instructions));
}

FlowRuleSpec normal_rule(int32_t priority, TimePoint now) {
  FlowRuleSpec spec;
  spec.priority = priority;
  spec.instructions = output_normal();
  spec.created = spec.modified = now;
  return spec;
}

}  // namespace

// --- turns

bool LocalBridge::may_change() const { return host_.changes().is_free(); }

// A bridge that has gone by then changes nothing.
void LocalBridge::in_turn(std::function<void()> change) {
  host_.changes().run([weak = std::weak_ptr(self_), change = std::move(change)] {
    if (weak.lock()) {
      change();
    }
  });
}

// --- one message

template <class Message, class... Rules>
Result<void, openflow::OpenFlowError> LocalBridge::apply_now(const ChangeOrigin& origin, const Message& message,
                                                             const Rules&... rules) {
  tables_->note_request(origin.xid);
  auto change = tables_->prepare(message, now(), rules...);
  if (!change) {
    return Unexpected(change.error());
  }
  tables_->publish(*change);
  finish(std::move(*change), origin.by);
  return {};
}

Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::FlowMod& flow_mod, const FlowModRules& rules,
                                                         const ChangeOrigin& origin) {
  auto checked = check_buffer(flow_mod);
  return checked ? apply_now(origin, flow_mod, rules) : checked;
}

Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::GroupMod& group_mod,
                                                         const ChangeOrigin& origin) {
  return apply_now(origin, group_mod);
}

// Of a flow that is there already the timeouts start anew. One that is refused (table full, its limit, bad arguments) is
// not told to anybody: the packet goes on without it.
void LocalBridge::learn(const LearnedFlow& learned) {
  const openflow::FlowMod& flow = learned.flow;
  const FlowRule* there = tables_->find_rule(flow, tables_->version().current());
  if (there != nullptr && is_as_learned(*there, flow)) {
    there->refresh(now());
    return;
  }
  const bool is_at_limit =
      learned.limit != 0 && tables_->count_with_cookie(flow.table_id, flow.cookie) >= learned.limit;
  if (there != nullptr || !is_at_limit) {
    static_cast<void>(apply(flow));
  }
}

// --- several

bool LocalBridge::may_touch_many(const openflow::FlowMod& flow_mod) const {
  using enum openflow::FlowModCommand;
  if (flow_mod.command == modify || flow_mod.command == remove) {
    return true;
  }
  if (!tables_->has_learners() || flow_mod.command != add) {
    return tables_->has_learners();
  }
  const FlowRule* replaced = tables_->find_rule(flow_mod, tables_->version().current());
  return replaced != nullptr && takes_along_learned(replaced->instructions());
}

std::unique_ptr<Bundle> LocalBridge::make_bundle(const FlowModRules& rules) {
  return std::make_unique<LocalBundle>(
      *tables_, rules, [post = host_.post(), weak = std::weak_ptr(self_)](std::vector<FlowRulePtr> unused) {
        post([weak, unused = std::make_shared<const std::vector<FlowRulePtr>>(std::move(unused))] {
          if (const auto self = weak.lock()) {
            (*self)->take_back_ahead(unused, 0);
          }
        });
      });
}

// A slice.
void LocalBridge::take_back_ahead(const std::shared_ptr<const std::vector<FlowRulePtr>>& rules, size_t from) {
  const std::span rest = std::span(*rules).subspan(from);
  const std::span some = rest.first(std::min(rest.size(), taken_back_at_once));
  tables_->take_back_ahead(some);
  if (some.size() < rest.size()) {
    host_.post()([weak = std::weak_ptr(self_), rules, from = from + some.size()] {
      if (const auto self = weak.lock()) {
        (*self)->take_back_ahead(rules, from);
      }
    });
  }
}

void LocalBridge::commit(std::unique_ptr<Bundle> bundle, std::function<void(std::optional<BundleFailure>)> done,
                         const void* by) {
  start(std::unique_ptr<LocalBundle>(static_cast<LocalBundle*>(bundle.release())), std::move(done), by, false);
}

void LocalBridge::start(std::unique_ptr<LocalBundle> bundle, ChangeRun::Done done, const void* by, bool is_quiet) {
  const auto run = std::make_shared<ChangeRun>(std::move(bundle), std::move(done), by, is_quiet);
  std::erase_if(runs_, [](const std::weak_ptr<ChangeRun>& each) { return each.expired(); });
  runs_.push_back(run);
  host_.changes().run_sliced([weak = std::weak_ptr(self_), run] {
    const auto self = weak.lock();
    return self != nullptr && run->slice(**self);
  });
}

// Every rule that a message could name, and every group.
void LocalBridge::flush_flows() {
  auto bundle = std::make_unique<LocalBundle>(*tables_, FlowModRules{});
  openflow::FlowMod all_flows;
  all_flows.command = openflow::FlowModCommand::remove;
  all_flows.table_id = openflow::all_tables;
  openflow::GroupMod all_groups;
  all_groups.command = openflow::GroupModCommand::remove;
  all_groups.group_id = openflow::all_groups;
  static_cast<void>(bundle->add(all_flows, 0, {}));
  static_cast<void>(bundle->add(all_groups, 0, {}));
  start(
      std::move(bundle),
      [this](const std::optional<BundleFailure>&) {
        set_first_egress(std::nullopt);  // without rules egress tables would drop everything
        put_default_flow_now();
      },
      nullptr, true);
}

// --- rules of our own

void LocalBridge::put_default_flow() {
  in_turn([this] { put_default_flow_now(); });
}

// As things are when its turn has come.
void LocalBridge::put_default_flow_now() {
  if (wants_default_flow()) {
    Change change = tables_->prepare_rule(Match(), normal_rule(lowest_priority, now()));
    tables_->publish(change);
    finish(std::move(change));
  }
}

void LocalBridge::put_controllers_lost_rule() {
  in_turn([this] {
    Change change = has_lost_controllers_
                        ? tables_->prepare_rule(Match(), normal_rule(controllers_lost_priority, now()))
                        : tables_->prepare_removal(0, Match(), controllers_lost_priority);
    tables_->publish(change);
    finish(std::move(change));
  });
}

// --- what follows

void LocalBridge::finish(Change change, const void* by) {
  if (!change.empty()) {
    Touches touches;
    touches.add(id_, change);
    std::vector<Change> parts;
    parts.push_back(std::move(change));
    published(std::move(parts), std::move(touches), by, false);
  }
}

void LocalBridge::published(std::vector<Change> parts, Touches touches, const void* by, bool is_quiet) {
  tell_monitors(parts, by);
  tell_vacancy();
  host_.state().changes.append(std::move(touches));
  if (!host_.revalidator().is_at_rest()) {
    host_.revalidator().wake();
  }
  reclaim_when_settled();
  host_.deadline_moved();
  const bool is_announced =
      !is_quiet && std::ranges::any_of(parts, [](const Change& part) { return part.has_flow_removed; });
  if (is_announced) {
    announce_removed(std::make_shared<Announcement>(Announcement{std::move(parts), now()}));
  } else if (parts.size() > 1) {
    free_later(std::move(parts));
  }
}

// Of a large change they find out by themselves, in slices.
void LocalBridge::tell_monitors(const std::vector<Change>& parts, const void* by) {
  size_t count = 0;
  for (const Change& part : parts) {
    count += part.rules.size();
  }
  const std::vector<LocalFlowMonitors*> monitors = monitors_;
  for (LocalFlowMonitors* each : monitors) {
    if (count > monitored_at_once) {
      each->missed();
      continue;
    }
    for (const Change& part : parts) {
      each->changed(part.rules, by);
    }
  }
}

std::unique_ptr<FlowMonitors> LocalBridge::make_monitors(const void* owner, FlowMonitors::Tell tell) {
  auto leave = std::make_shared<LocalFlowMonitors*>();
  auto monitors = std::make_unique<LocalFlowMonitors>(monitored_, owner, std::move(tell),
                                                      [this, leave] { std::erase(monitors_, *leave); });
  *leave = monitors.get();
  monitors_.push_back(monitors.get());
  return monitors;
}

// Letting go of many rules takes long; not on this thread.
void LocalBridge::free_later(std::vector<Change> parts) {
  rcu::defer([parts = std::move(parts)] {});
}

// A large removal leaves rules that readers may still see. They are freed when none does, a slice at a time. What a dump
// keeps longer than that goes with later changes.
void LocalBridge::reclaim_when_settled() {
  if (!is_reclaiming_ && tables_->has_much_to_reclaim()) {
    is_reclaiming_ = true;
    // Behind the call by which publish() had the version settled.
    rcu::defer(reclaim_later());
  }
}

std::function<void()> LocalBridge::reclaim_later() {
  return [post = host_.post(), weak = std::weak_ptr(self_)] {
    post([weak] {
      if (const auto self = weak.lock()) {
        (*self)->reclaim_slice();
      }
    });
  };
}

void LocalBridge::reclaim_slice() {
  is_reclaiming_ = !tables_->reclaim();
  if (is_reclaiming_) {
    reclaim_later()();
  }
}

// After the last packet that the rules handled has been counted.
void LocalBridge::announce_removed(const std::shared_ptr<Announcement>& announcement) {
  host_.revalidator().barrier([weak = std::weak_ptr(self_), announcement] {
    if (const auto self = weak.lock()) {
      (*self)->announce_some(announcement);
    }
  });
}

void LocalBridge::announce_some(const std::shared_ptr<Announcement>& announcement) {
  size_t looked_at = 0;
  for (; announcement->part < announcement->parts.size(); ++announcement->part, announcement->rule = 0) {
    const Change& part = announcement->parts[announcement->part];
    for (; part.has_flow_removed && announcement->rule < part.rules.size(); ++announcement->rule) {
      if (++looked_at > announced_at_once) {
        return host_.post()([weak = std::weak_ptr(self_), announcement] {
          if (const auto self = weak.lock()) {
            (*self)->announce_some(announcement);
          }
        });
      }
      announce(part.rules[announcement->rule], announcement->at);
    }
  }
  free_later(std::move(announcement->parts));
}

void LocalBridge::announce(const RuleChange& rule, TimePoint at) {
  if (rule.wants_flow_removed()) {
    tell_now([message = rule.before->removed_message(rule.reason, at)](BridgeListener& listener) {
      listener.flow_removed(message);
    });
  }
}

}  // namespace weft::ofproto
