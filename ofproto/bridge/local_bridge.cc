#include "ofproto/bridge/local_bridge.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/rcu.h"

namespace weft::ofproto {
namespace {

// Above every priority of OpenFlow, so no message can touch it.
constexpr int32_t controllers_lost_priority = highest_priority + 1;
constexpr size_t expired_at_once = 1000;
constexpr size_t looked_at_at_once = 10000;

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

Unexpected<openflow::OpenFlowError> refuse(openflow::ErrorCode code, std::string detail) {
  return Unexpected(openflow::OpenFlowError(code, std::move(detail)));
}

}  // namespace

LocalBridge::LocalBridge(BridgeHost& host, BridgeId id, std::string name, const BridgeOptions& options)
    : host_(host),
      id_(id),
      name_(std::move(name)),
      options_(options),
      tables_(std::make_unique<TableSet>(
          host.state().version,
          TableSetOptions{.hash_seed = random_hash_seed(), .prefix_fields = options.prefix_fields})),
      macs_(id, {.aging = options.mac_aging, .limit = options.mac_limit}),
      self_(std::make_shared<LocalBridge*>(this)) {
  put_default_flow();
}

LocalBridge::~LocalBridge() = default;

std::shared_ptr<BridgeView> LocalBridge::view() const {
  auto view = std::make_shared<BridgeView>();
  view->id = id_;
  view->name = name_;
  view->tables = tables_.get();
  view->macs = const_cast<MacTable*>(&macs_);
  view->forward_bpdu = options_.forward_bpdu;
  view->invalid_ttl_to_controller = invalid_ttl_to_controller_;
  for (const auto& [number, port] : ports_.all()) {
    view->ports.emplace(number, port.view());
  }
  return view;
}

void LocalBridge::set_options(const BridgeOptions& options) {
  const bool is_new_mode = options.fail_mode != options_.fail_mode;
  options_ = options;
  macs_.set_options({.aging = options.mac_aging, .limit = options.mac_limit});
  if (options_.fail_mode == FailMode::secure) {
    set_controllers_lost(false);
  }
  // As in Open vSwitch: without controllers the mode decides what a bridge does until somebody programs it.
  if (is_new_mode && !has_controllers_) {
    flush_flows();
  }
  host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  host_.deadline_moved();
}

void LocalBridge::close() {
  listeners_.clear();
  while (!ports_.all().empty()) {
    remove_port(ports_.all().begin()->second.request.name);
  }
  self_.reset();
}

// --- controllers

void LocalBridge::put_default_flow() {
  if (wants_default_flow()) {
    const Change change = tables_->prepare_rule(Match(), normal_rule(lowest_priority, host_.clock().now()));
    tables_->publish(change);
    finish(change);
  }
}

void LocalBridge::set_has_controllers(bool has_controllers) {
  if (has_controllers == has_controllers_) {
    return;
  }
  has_controllers_ = has_controllers;
  set_controllers_lost(false);
  flush_flows();
}

void LocalBridge::set_controllers_lost(bool lost) {
  lost = lost && has_controllers_ && options_.fail_mode == FailMode::standalone;
  if (lost == has_lost_controllers_) {
    return;
  }
  has_lost_controllers_ = lost;
  const Change change =
      lost ? tables_->prepare_rule(Match(), normal_rule(controllers_lost_priority, host_.clock().now()))
           : tables_->prepare_removal(0, Match(), controllers_lost_priority);
  tables_->publish(change);
  finish(change);
}

void LocalBridge::set_invalid_ttl_to_controller(bool enabled) {
  if (enabled != invalid_ttl_to_controller_) {
    invalid_ttl_to_controller_ = enabled;
    host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  }
}

void LocalBridge::add_listener(BridgeListener& listener) { listeners_.push_back(&listener); }

void LocalBridge::remove_listener(BridgeListener& listener) { std::erase(listeners_, &listener); }

void LocalBridge::tell(std::function<void(BridgeListener&)> event) {
  host_.post()([weak = std::weak_ptr(self_), event = std::move(event)] {
    if (const auto self = weak.lock()) {
      (*self)->tell_now(event);
    }
  });
}

// Listeners may come and go while they are told; those that are there when it begins and still are hear it.
void LocalBridge::tell_now(const std::function<void(BridgeListener&)>& event) {
  const std::vector<BridgeListener*> listeners = listeners_;
  for (BridgeListener* listener : listeners) {
    if (std::ranges::count(listeners_, listener) != 0) {
      event(*listener);
    }
  }
}

// --- changes

void LocalBridge::finish(const Change& change) {
  if (!change.empty()) {
    tell_revalidator(change);
    announce_removed(change);
  }
}

void LocalBridge::tell_revalidator(const Change& change) {
  Touches touches;
  touches.add(id_, change);
  host_.state().changes.append(std::move(touches));
  host_.revalidator().wake();
  reclaim_when_settled();
  host_.deadline_moved();
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
void LocalBridge::announce_removed(const Change& change) {
  std::vector<RuleChange> removed;
  std::ranges::copy_if(change.rules, std::back_inserter(removed), &RuleChange::wants_flow_removed);
  if (removed.empty()) {
    return;
  }
  const TimePoint now = host_.clock().now();
  host_.revalidator().barrier([weak = std::weak_ptr(self_), removed = std::move(removed), now] {
    const auto self = weak.lock();
    for (const RuleChange& rule : self ? removed : std::vector<RuleChange>()) {
      (*self)->tell_now([message = rule.before->removed_message(rule.reason, now)](BridgeListener& listener) {
        listener.flow_removed(message);
      });
    }
  });
}

class LocalBridge::LocalFlowModRun final : public FlowModRun {
 public:
  LocalFlowModRun(LocalBridge& bridge, const openflow::FlowMod& flow_mod)
      : bridge_(bridge),
        flow_mod_(flow_mod),
        selection_(*bridge.tables_, filter_of(flow_mod), bridge.tables_->version().current()) {}

  bool choose_next() override {
    std::ranges::move(selection_.next(looked_at_at_once, looked_at_at_once), std::back_inserter(chosen_));
    return !selection_.is_done();
  }
  Result<void, openflow::OpenFlowError> apply() override { return bridge_.apply(flow_mod_, &chosen_); }

 private:
  LocalBridge& bridge_;
  const openflow::FlowMod flow_mod_;
  FlowSelection selection_;
  std::vector<FlowRulePtr> chosen_;
};

std::unique_ptr<FlowModRun> LocalBridge::begin(const openflow::FlowMod& flow_mod) {
  return std::make_unique<LocalFlowModRun>(*this, flow_mod);
}

Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::FlowMod& flow_mod) {
  return apply(flow_mod, nullptr);
}

Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::FlowMod& flow_mod,
                                                         const std::vector<FlowRulePtr>* chosen) {
  if (flow_mod.buffer_id != openflow::no_buffer && flow_mod.command != openflow::FlowModCommand::remove &&
      flow_mod.command != openflow::FlowModCommand::remove_strict) {
    return refuse(openflow::ErrorCode::ofpbrc_buffer_unknown, "packets are not buffered");
  }
  auto change = tables_->prepare(flow_mod, host_.clock().now(), {}, chosen);
  if (!change) {
    return Unexpected(change.error());
  }
  tables_->publish(*change);
  finish(*change);
  return {};
}

Result<void, openflow::OpenFlowError> LocalBridge::apply(const openflow::GroupMod& group_mod) {
  auto change = tables_->prepare(group_mod, host_.clock().now());
  if (!change) {
    return Unexpected(change.error());
  }
  tables_->publish(*change);
  finish(*change);
  return {};
}

void LocalBridge::flush_flows() {
  const Change change = prepare_flush();
  tables_->publish(change);
  tell_revalidator(change);
  put_default_flow();
}

// Every rule that a message could name, and every group.
Change LocalBridge::prepare_flush() {
  openflow::FlowMod all_flows;
  all_flows.command = openflow::FlowModCommand::remove;
  all_flows.table_id = openflow::all_tables;
  openflow::GroupMod all_groups;
  all_groups.command = openflow::GroupModCommand::remove;
  all_groups.group_id = openflow::all_groups;

  Change change;
  change.version = tables_->version().next();
  if (auto flows = tables_->prepare(all_flows, host_.clock().now())) {
    change.append(std::move(*flows));
  }
  if (auto groups = tables_->prepare(all_groups, host_.clock().now())) {
    change.append(std::move(*groups));
  }
  return change;
}

void LocalBridge::barrier(std::function<void()> done) { host_.revalidator().barrier(std::move(done)); }

void LocalBridge::collect(std::function<void()> done) { host_.revalidator().collect(std::move(done)); }

// --- timeouts

bool LocalBridge::expire(TimePoint collected) {
  tables_->reclaim();
  publish_addresses(macs_.expire(collected));
  const std::vector<Expired> expired = tables_->timeouts().expired(collected, expired_at_once);
  if (!expired.empty()) {
    const Change change = tables_->prepare_removal(expired);
    tables_->publish(change);
    finish(change);
  }
  return expired.size() == expired_at_once;
}

void LocalBridge::publish_addresses(std::vector<DependencyId> ids) {
  if (!ids.empty()) {
    host_.state().changes.append({.ids = std::move(ids), .rules = {}});
    host_.revalidator().wake();
  }
}

void LocalBridge::fdb_flush() { publish_addresses(macs_.flush()); }

}  // namespace weft::ofproto
