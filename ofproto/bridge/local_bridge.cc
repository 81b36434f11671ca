#include "ofproto/bridge/local_bridge.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/rcu.h"
#include "ofproto/table/action_uses.h"

namespace weft::ofproto {
namespace {

constexpr size_t expired_at_once = 1000;

bool takes_along(const Expired& expired) { return takes_along_learned(expired.rule->instructions()); }

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
      neighbours_(id, options.mac_limit),
      storm_limits_(std::make_unique<StormLimits>(host.datapath())),
      monitored_(std::make_shared<TableSet*>(tables_.get())),
      self_(std::make_shared<LocalBridge*>(this)) {
  tables_->timeouts().set_listener([post = host.post(), weak = std::weak_ptr(self_)] {
    post([weak] {
      if (const auto self = weak.lock()) {
        (*self)->tables_->timeouts().take_reductions();
        (*self)->host_.deadline_moved();
      }
    });
  });
  put_default_flow();
}

LocalBridge::~LocalBridge() = default;

std::shared_ptr<BridgeView> LocalBridge::view() const {
  auto view = std::make_shared<BridgeView>();
  view->id = id_;
  view->name = name_;
  view->tables = tables_.get();
  view->macs = const_cast<MacTable*>(&macs_);
  view->neighbours = const_cast<NeighbourTable*>(&neighbours_);
  view->fragments = fragments_;
  view->forward_bpdu = options_.forward_bpdu;
  view->invalid_ttl_to_controller = invalid_ttl_to_controller_;
  view->miss_to_controller = miss_to_controller_;
  // Egress tables are controllers', as all tables are.
  view->first_egress = has_lost_controllers_ ? std::nullopt : first_egress_table();
  for (const auto& [number, port] : ports_.all()) {
    view->ports.emplace(number, port.view());
  }
  view->tunnel_options = tables_->mapped_options();
  view->own_addresses = host_.own_addresses();
  connect_segments(*view);
  return view;
}

void LocalBridge::set_options(const BridgeOptions& options) {
  const bool is_new_mode = options.fail_mode != options_.fail_mode;
  options_ = options;
  macs_.set_options({.aging = options.mac_aging, .limit = options.mac_limit});
  neighbours_.set_limit(options.mac_limit);
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
  for (LocalFlowMonitors* monitors : monitors_) {
    monitors->abandon();
  }
  *monitored_ = nullptr;
  eviction_build_.reset();
  for (const std::weak_ptr<ChangeRun>& weak : runs_) {
    if (const auto run = weak.lock()) {
      run->abandon();
    }
  }
  while (!ports_.all().empty()) {
    remove_port(ports_.all().begin()->second.request.name);
  }
  self_.reset();
}

// --- controllers

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
  if (first_egress_table()) {
    host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  }
  put_controllers_lost_rule();
}

void LocalBridge::set_invalid_ttl_to_controller(bool enabled) {
  if (enabled != invalid_ttl_to_controller_) {
    invalid_ttl_to_controller_ = enabled;
    host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  }
}

void LocalBridge::set_miss_to_controller(bool enabled) {
  if (enabled != miss_to_controller_) {
    miss_to_controller_ = enabled;
    host_.publish_snapshot({.ids = {dependency::bridge(id_)}, .rules = {}});
  }
}

void LocalBridge::set_fragments(openflow::FragmentHandling mode) {
  if (mode != fragments_) {
    fragments_ = mode;
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

// --- requests

// Without cached decisions there is nothing to wait for: a change is in force when it is published.
void LocalBridge::barrier(std::function<void()> done) {
  if (host_.revalidator().is_at_rest()) {
    return done();
  }
  host_.revalidator().barrier(std::move(done));
}

void LocalBridge::collect(std::function<void()> done) {
  if (host_.revalidator().is_at_rest()) {
    return done();
  }
  host_.revalidator().collect(std::move(done));
}

// --- timeouts

bool LocalBridge::expire(TimePoint collected) {
  tables_->reclaim();
  publish_addresses(macs_.expire(collected));
  std::vector<Expired> expired = tables_->timeouts().expired(collected, expired_at_once);
  const bool is_all = expired.size() < expired_at_once;
  if (tables_->has_learners() && std::ranges::any_of(expired, takes_along)) {
    auto bundle = std::make_unique<LocalBundle>(*tables_, FlowModRules{});
    bundle->add(std::move(expired));
    start(
        std::move(bundle), [](const auto&) {}, nullptr, false);
  } else if (!expired.empty()) {
    Change change = tables_->prepare_removal(expired);
    tables_->publish(change);
    finish(std::move(change));
  }
  return !is_all || macs_.is_sweeping();
}

}  // namespace weft::ofproto
