#include "ofproto/switch.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "lib/base/rcu.h"
#include "lib/openflow/text/flow_text.h"
#include "ofproto/bridge/bridge_host.h"
#include "ofproto/bridge/local_bridge.h"
#include "ofproto/translate/decision_text.h"
#include "ofproto/translate/trace.h"

namespace weft::ofproto {
namespace {

constexpr size_t max_announcements = 256;

std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

}  // namespace

class Switch::Impl final : public BridgeHost {
 public:
  explicit Impl(SwitchOptions options);
  ~Impl() override;

  void start();
  void stop();
  void run_until_idle();

  Bridge* add_bridge(const std::string& name, const BridgeOptions& options);
  bool remove_bridge(std::string_view name);
  LocalBridge* bridge(std::string_view name);
  std::vector<Bridge*> bridges();
  LocalBridge* bridge_of(PortId port_id, OfPort* of_port = nullptr);
  void device_changed(uint32_t ifindex);
  void underlay_changed();
  void set_own_addresses(std::vector<IpAddress> addresses);
  std::shared_ptr<const std::vector<IpAddress>> own_addresses() const override { return own_addresses_; }
  std::optional<std::string> port_of_device(uint32_t ifindex) const;

  std::optional<TimePoint> expire_timeouts();
  void set_deadline_listener(std::function<void(TimePoint)> listener) { deadline_listener_ = std::move(listener); }

  std::string dump_megaflows(std::optional<std::string_view> bridge);
  Result<std::string, TraceError> trace(const TraceRequest& request);

  // --- BridgeHost
  datapath::Datapath& datapath() override { return *datapath_; }
  PublishedState& state() override { return state_; }
  Revalidator& revalidator() override { return revalidator_; }
  UpcallHandler& upcalls() override { return upcalls_; }
  const Clock& clock() const override { return clock_; }
  const Executor& post() const override { return post_; }
  ChangeQueue& changes() override { return changes_; }
  PacketPool& packets() override { return packets_; }
  bool has_name(std::string_view name) const override;
  void publish_snapshot(Touches touches, std::string_view port_name) override;
  void learn(const LearnedFlow& learned) override;
  void deadline_moved() override;

 private:
  Executor guarded(Executor post);
  UpcallHooks hooks();
  void deliver(PuntedPacket packet);
  void announce(const MacLearn& learn);
  void learn_all(const std::vector<LearnedFlow>& flows, uint64_t up_to);
  // Of what counters showed at `collected`: a packet that came since is not in them.
  void expire_collected(TimePoint collected);
  void expire_in_turn(TimePoint collected);
  std::optional<TimePoint> next_flow_due() const;
  std::optional<TimePoint> next_due() const;
  void tell_deadline(std::optional<TimePoint> due);
  std::unique_ptr<Snapshot> make_snapshot() const;
  static void add_peers(Snapshot& snapshot, const std::vector<std::shared_ptr<BridgeView>>& views);
  void touch_waiting_patches(Touches& touches, std::string_view peer_name) const;

  rcu::ThreadScope rcu_scope_;
  const std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
  const Clock& clock_;
  const Executor post_;
  ChangeQueue changes_{post_};
  PublishedState state_;
  PacketPool packets_;
  PacketInQueue packet_ins_;
  LearnQueue learns_;
  Revalidator revalidator_;
  UpcallHandler upcalls_;
  std::map<std::string, std::unique_ptr<LocalBridge>, std::less<>> bridges_;
  std::unique_ptr<datapath::Datapath> datapath_;
  BridgeId next_bridge_id_ = 1;
  std::shared_ptr<const std::vector<IpAddress>> own_addresses_ = std::make_shared<const std::vector<IpAddress>>();
  std::function<void(TimePoint)> deadline_listener_;
  std::optional<TimePoint> told_deadline_;
  bool is_expiring_ = false;
  std::atomic<bool> has_macs_to_expire_{false};
  std::atomic<size_t> announcement_count_{0};  // on their way to the control thread
};

Switch::Impl::Impl(SwitchOptions options)
    : clock_(options.clock != nullptr ? *options.clock : SystemClock::instance()),
      post_(guarded(std::move(options.post))),
      packet_ins_(options.packet_in_limit, post_, [this](PuntedPacket packet) { deliver(std::move(packet)); }),
      learns_(post_, [this](const std::vector<LearnedFlow>& flows, uint64_t up_to) { learn_all(flows, up_to); }),
      revalidator_(state_, clock_, post_, {.idle = options.megaflow_idle}),
      upcalls_(state_, clock_, packet_ins_, hooks()) {
  state_.snapshot.store(make_snapshot().release());
  datapath_ = options.make_datapath(upcalls_);
  revalidator_.attach(*datapath_);
  datapath_->set_port_listener([this](PortId port_id) {
    post_([this, port_id] {
      if (LocalBridge* owner = bridge_of(port_id)) {
        owner->port_changed(port_id);
      }
    });
  });
}

// Threads first, then what they read, then what may still wait for a grace period.
Switch::Impl::~Impl() {
  stop();
  for (auto& [name, bridge] : bridges_) {
    bridge->close();
  }
  datapath_.reset();
  {
    const rcu::OfflineScope offline;
    rcu::barrier();
  }
  bridges_.clear();
  delete state_.snapshot.load();
}

// No call runs after the switch is gone.
Executor Switch::Impl::guarded(Executor post) {
  return [post = std::move(post), weak = std::weak_ptr(is_alive_)](std::function<void()> call) {
    post([weak, call = std::move(call)] {
      if (weak.lock()) {
        call();
      }
    });
  };
}

UpcallHooks Switch::Impl::hooks() {
  return {.changed =
              [this] {
                revalidator_.wake();
                // The first address after a while: somebody must think of its end.
                if (!has_macs_to_expire_.exchange(true)) {
                  post_([this] { tell_deadline(next_due()); });
                }
              },
          .made_decision = [this] { revalidator_.made_decision(); },
          .learn = [this](PortId port, std::vector<LearnedFlow> flows) { return learns_.push(port, std::move(flows)); },
          .address_came = [this](const MacLearn& learn) { announce(learn); }};
}

// Addresses that come and go all the time do not keep the control thread busy: the guest's own frames tell, too.
void Switch::Impl::announce(const MacLearn& learn) {
  if (announcement_count_.fetch_add(1, std::memory_order_relaxed) >= max_announcements) {
    announcement_count_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  post_([this, bridge_id = learn.bridge, key = learn.key, port = learn.location.port] {
    announcement_count_.fetch_sub(1, std::memory_order_relaxed);
    for (const auto& [name, bridge] : bridges_) {
      if (bridge->id() == bridge_id) {
        bridge->announce_address(key, port);
      }
    }
  });
}

void Switch::Impl::start() {
  datapath_->start();
  revalidator_.start();
}

void Switch::Impl::stop() {
  // The revalidator first: a fence of its last round waits for workers, and one that has stopped never answers.
  revalidator_.stop();
  const rcu::OfflineScope offline;
  datapath_->stop();
}

void Switch::Impl::run_until_idle() {
  do {
    datapath_->run_until_idle();
  } while (revalidator_.run_once());
  rcu::quiescent();
}

// --- bridges

Bridge* Switch::Impl::add_bridge(const std::string& name, const BridgeOptions& options) {
  if (has_name(name)) {
    return nullptr;
  }
  const BridgeId id = next_bridge_id_++;
  Bridge* bridge = bridges_.emplace(name, std::make_unique<LocalBridge>(*this, id, name, options)).first->second.get();
  publish_snapshot({.ids = {dependency::bridge(id)}, .rules = {}}, {});
  return bridge;
}

// Its tables go when no decision credits them any more and no reader can be in them.
bool Switch::Impl::remove_bridge(std::string_view name) {
  const auto found = bridges_.find(name);
  if (found == bridges_.end()) {
    return false;
  }
  found->second->close();
  const BridgeId id = found->second->id();
  const auto removed = std::make_shared<std::unique_ptr<LocalBridge>>(std::move(found->second));
  bridges_.erase(found);
  publish_snapshot({.ids = {dependency::bridge(id)}, .rules = {}}, {});
  revalidator_.barrier([removed] { rcu::retire(std::move(*removed)); });
  return true;
}

LocalBridge* Switch::Impl::bridge(std::string_view name) {
  const auto found = bridges_.find(name);
  return found == bridges_.end() ? nullptr : found->second.get();
}

std::vector<Bridge*> Switch::Impl::bridges() {
  std::vector<Bridge*> bridges;
  for (const auto& [name, bridge] : bridges_) {
    bridges.push_back(bridge.get());
  }
  return bridges;
}

LocalBridge* Switch::Impl::bridge_of(PortId port_id, OfPort* of_port) {
  for (const auto& [name, bridge] : bridges_) {
    for (const auto& [number, port] : bridge->port_map().all()) {
      if (port.port_id == port_id) {
        if (of_port != nullptr) {
          *of_port = number;
        }
        return bridge.get();
      }
    }
  }
  return nullptr;
}

void Switch::Impl::device_changed(uint32_t ifindex) {
  for (const auto& [name, bridge] : bridges_) {
    bridge->device_changed(ifindex);
  }
}

void Switch::Impl::underlay_changed() {
  for (const auto& [name, bridge] : bridges_) {
    bridge->underlay_changed();
  }
}

void Switch::Impl::set_own_addresses(std::vector<IpAddress> addresses) {
  std::ranges::sort(addresses);
  if (addresses == *own_addresses_) {
    return;
  }
  own_addresses_ = std::make_shared<const std::vector<IpAddress>>(std::move(addresses));
  Touches touches;
  for (const auto& [name, bridge] : bridges_) {
    touches.ids.push_back(dependency::bridge(bridge->id()));
  }
  if (!touches.empty()) {
    publish_snapshot(std::move(touches), {});
  }
}

std::optional<std::string> Switch::Impl::port_of_device(uint32_t ifindex) const {
  for (const auto& [name, bridge] : bridges_) {
    for (const auto& [number, port] : bridge->port_map().all()) {
      if (port.port_id != port_id::none && port.status.ifindex == ifindex &&
          datapath::is_foreign_device(port.device()->type)) {
        return port.request.name;
      }
    }
  }
  return std::nullopt;
}

bool Switch::Impl::has_name(std::string_view name) const {
  return std::ranges::any_of(bridges_, [&](const auto& entry) {
    return entry.first == name || entry.second->port_map().find(name) != nullptr;
  });
}

void Switch::Impl::deliver(PuntedPacket packet) {
  for (const auto& [name, bridge] : bridges_) {
    if (bridge->id() == packet.context.bridge) {
      bridge->deliver(std::move(packet));
      return;
    }
  }
}

// Learned flows are in force before the packets that asked for them go on.
void Switch::Impl::learn_all(const std::vector<LearnedFlow>& flows, uint64_t up_to) {
  changes_.run([this, flows, up_to] {
    std::ranges::for_each(flows, [this](const LearnedFlow& learned) { learn(learned); });
    datapath_->release_held(up_to);
  });
}

void Switch::Impl::learn(const LearnedFlow& learned) {
  for (const auto& [name, bridge] : bridges_) {
    if (bridge->id() == learned.bridge) {
      bridge->learn(learned);
      return;
    }
  }
}

// --- the snapshot

std::unique_ptr<Snapshot> Switch::Impl::make_snapshot() const {
  auto snapshot = std::make_unique<Snapshot>();
  std::vector<std::shared_ptr<BridgeView>> views;
  for (const auto& [name, bridge] : bridges_) {
    views.push_back(bridge->view());
  }
  for (size_t i = 0; i < views.size(); ++i) {
    for (const auto& [number, port] : views[i]->ports) {
      if (port.port_id != port_id::none) {
        snapshot->places.emplace(weft::number(port.port_id), Snapshot::Place{i, port.of_port});
      }
    }
  }
  add_peers(*snapshot, views);
  snapshot->bridges.assign(views.begin(), views.end());
  return snapshot;
}

// Two patch ports that name each other are a pair.
void Switch::Impl::add_peers(Snapshot& /*snapshot*/, const std::vector<std::shared_ptr<BridgeView>>& views) {
  struct End {
    size_t bridge_index;
    PortView* port;
  };
  std::map<std::string_view, End> ends;
  for (size_t i = 0; i < views.size(); ++i) {
    for (auto& [number, port] : views[i]->ports) {
      if (port.is_patch) {
        ends.emplace(port.name, End{i, &port});
      }
    }
  }
  for (const auto& [name, end] : ends) {
    const auto peer = ends.find(end.port->patch_peer);
    if (peer != ends.end() && peer->second.port->patch_peer == name) {
      end.port->peer = PatchPeer{peer->second.bridge_index, peer->second.port->of_port};
    }
  }
}

void Switch::Impl::touch_waiting_patches(Touches& touches, std::string_view peer_name) const {
  for (const auto& [name, bridge] : bridges_) {
    for (const auto& [number, port] : bridge->port_map().all()) {
      if (port.patch() != nullptr && port.patch()->peer == peer_name) {
        touches.ids.push_back(dependency::port(bridge->id(), number));
      }
    }
  }
}

void Switch::Impl::publish_snapshot(Touches touches, std::string_view port_name) {
  if (!port_name.empty()) {
    touch_waiting_patches(touches, port_name);
  }
  rcu::retire(const_cast<Snapshot*>(state_.snapshot.exchange(make_snapshot().release())));
  state_.changes.append(std::move(touches));
  revalidator_.wake();
}

// --- timeouts

std::optional<TimePoint> Switch::Impl::next_flow_due() const {
  std::optional<TimePoint> due;
  for (const auto& [name, bridge] : bridges_) {
    due = earlier(due, bridge->next_flow_due());
  }
  return due;
}

std::optional<TimePoint> Switch::Impl::next_due() const {
  std::optional<TimePoint> due = next_flow_due();
  for (const auto& [name, bridge] : bridges_) {
    due = earlier(due, bridge->next_mac_due());
  }
  return due;
}

std::optional<TimePoint> Switch::Impl::expire_timeouts() {
  has_macs_to_expire_ = false;
  const std::optional<TimePoint> due = next_due();
  has_macs_to_expire_ = due.has_value();
  const bool is_due = due && *due <= clock_.now();
  if (is_due && !is_expiring_) {
    is_expiring_ = true;
    revalidator_.collect([this, now = clock_.now()] { expire_in_turn(now); });
  }
  // What is due now is decided when the counters are there; until then there is nothing to come for.
  told_deadline_ = is_due ? std::nullopt : due;
  return told_deadline_;
}

void Switch::Impl::expire_in_turn(TimePoint collected) {
  changes_.run([this, collected] { expire_collected(collected); });
}

void Switch::Impl::expire_collected(TimePoint collected) {
  bool has_more = false;
  for (const auto& [name, bridge] : bridges_) {
    has_more = bridge->expire(collected) || has_more;
  }
  if (has_more) {
    return post_([this, collected] { expire_in_turn(collected); });
  }
  is_expiring_ = false;
  tell_deadline(next_due());
}

void Switch::Impl::deadline_moved() { tell_deadline(next_flow_due()); }

void Switch::Impl::tell_deadline(std::optional<TimePoint> due) {
  if (due && !is_expiring_ && deadline_listener_ && (!told_deadline_ || *due < *told_deadline_)) {
    told_deadline_ = due;
    deadline_listener_(*due);
  }
}

// --- for operators

std::string Switch::Impl::dump_megaflows(std::optional<std::string_view> bridge) {
  const Snapshot& snapshot = *state_.snapshot.load();
  const TimePoint now = clock_.now();
  std::vector<std::string> lines;
  datapath_->for_each_megaflow([&](datapath::Megaflow& megaflow) {
    const datapath::Installed* installed = megaflow.installed.load(std::memory_order_acquire);
    const Snapshot::Place* place = snapshot.place(datapath::in_port_of(megaflow));
    if (installed == nullptr || megaflow.is_dead.load(std::memory_order_acquire) ||
        (bridge && (place == nullptr || snapshot.bridges[place->bridge_index]->name != *bridge))) {
      return;
    }
    const datapath::MegaflowCount count = installed->count();
    const std::string age = count.used == TimePoint{}
                                ? "never"
                                : fmt::format("{:.3f}s", std::chrono::duration<double>(now - count.used).count());
    lines.push_back(fmt::format("{}, packets:{}, bytes:{}, used:{},{} actions:{}\n",
                                format_megaflow_match(megaflow.key, megaflow.mask, snapshot), count.packets,
                                count.bytes, age, installed->is_in_kernel() ? " offloaded:yes," : "",
                                format_datapath_actions(installed->decision.actions, snapshot)));
  });
  std::ranges::sort(lines);
  return join(lines, "");
}

Result<std::string, TraceError> Switch::Impl::trace(const TraceRequest& request) {
  return ofproto::trace(*state_.snapshot.load(), state_.version.current(), packets_, request);
}

// --- the face

Switch::Switch(SwitchOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Switch::~Switch() = default;

void Switch::start() { impl_->start(); }
void Switch::stop() { impl_->stop(); }
void Switch::run_until_idle() { impl_->run_until_idle(); }
Bridge* Switch::add_bridge(const std::string& name, const BridgeOptions& options) {
  return impl_->add_bridge(name, options);
}
bool Switch::remove_bridge(std::string_view name) { return impl_->remove_bridge(name); }
Bridge* Switch::bridge(std::string_view name) { return impl_->bridge(name); }
std::vector<Bridge*> Switch::bridges() { return impl_->bridges(); }
std::optional<TimePoint> Switch::expire_timeouts() { return impl_->expire_timeouts(); }
void Switch::set_deadline_listener(std::function<void(TimePoint)> listener) {
  impl_->set_deadline_listener(std::move(listener));
}
std::string Switch::dump_megaflows(std::optional<std::string_view> bridge) { return impl_->dump_megaflows(bridge); }
Result<std::string, TraceError> Switch::trace(const TraceRequest& request) { return impl_->trace(request); }
void Switch::device_changed(uint32_t ifindex) { impl_->device_changed(ifindex); }
void Switch::underlay_changed() { impl_->underlay_changed(); }

void Switch::set_own_addresses(std::vector<IpAddress> addresses) { impl_->set_own_addresses(std::move(addresses)); }
std::optional<std::string> Switch::port_of_device(uint32_t ifindex) const { return impl_->port_of_device(ifindex); }
datapath::Datapath& Switch::datapath() { return impl_->datapath(); }
const Clock& Switch::clock() const { return impl_->clock(); }

std::optional<std::pair<Bridge*, OfPort>> Switch::find_port(PortId port_id) {
  OfPort of_port{};
  LocalBridge* bridge = impl_->bridge_of(port_id, &of_port);
  return bridge == nullptr ? std::nullopt : std::optional(std::pair<Bridge*, OfPort>(bridge, of_port));
}

}  // namespace weft::ofproto
