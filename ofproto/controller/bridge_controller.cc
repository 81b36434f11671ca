#include "ofproto/controller/bridge_controller.h"

#include <algorithm>
#include <list>

#include "lib/base/log.h"
#include "ofproto/controller/active_controller.h"
#include "ofproto/controller/unix_listener.h"

namespace weft::ofproto {
namespace {

log::Logger& logger = log::get("openflow");

class BridgeControllerImpl final : public BridgeController, private BridgeListener {
 public:
  BridgeControllerImpl(EventLoop& loop, Bridge& bridge, SwitchDescription description)
      : loop_(loop), bridge_(bridge), description_(std::move(description)), loss_timer_(loop) {
    bridge_.add_listener(*this);
  }

  ~BridgeControllerImpl() override {
    bridge_.remove_listener(*this);
    active_.clear();
    for (const auto& connection : std::exchange(passive_, {})) {
      connection->abandon("the bridge is going");
    }
  }

  Result<void, std::string> listen(const std::string& rundir) {
    for (const auto kind : {ConnectionKind::service, ConnectionKind::snoop}) {
      const std::string path = rundir + "/" + bridge_.name() + (kind == ConnectionKind::service ? ".mgmt" : ".snoop");
      auto listener = UnixListener::listen(
          loop_, path, [this, kind](Connection::Socket socket) { accept(std::move(socket), kind); });
      if (!listener) {
        return Unexpected{listener.error()};
      }
      listeners_.push_back(std::move(*listener));
    }
    return {};
  }

  void configure(std::vector<ControllerConfig> controllers) override {
    std::erase_if(active_, [&](const auto& active) {
      return std::ranges::find(controllers, active->config()) == controllers.end();
    });
    for (auto& config : controllers) {
      const bool is_there = std::ranges::any_of(active_, [&](const auto& a) { return a->config() == config; });
      if (!is_there) {
        active_.push_back(std::make_unique<ActiveController>(
            loop_, bridge_, description_, std::move(config),
            ActiveController::Hooks{.changed = [this] { connections_changed(); },
                                    .message = [this](const openflow::Bytes& message) { snoop(message); }}));
      }
    }
    bridge_.set_has_controllers(!active_.empty());
    connections_changed();
  }

  std::vector<ControllerStatus> status() const override {
    std::vector<ControllerStatus> out;
    for (const auto& active : active_) {
      out.push_back(active->status());
    }
    return out;
  }

 private:
  void accept(Connection::Socket socket, ConnectionKind kind) {
    const auto place = passive_.emplace(passive_.end());
    ConnectionHooks hooks;
    hooks.closed = [this, place](const std::string& reason) {
      logger.dbg("{}: service connection: {}", bridge_.name(), reason);
      // Later: the connection is on the stack.
      loop_.post([gone = std::move(*place)] {});
      passive_.erase(place);
    };
    *place = std::make_shared<Connection>(loop_, std::move(socket), bridge_, description_, kind, std::move(hooks));
    if (kind == ConnectionKind::snoop) {
      snoops_.push_back(*place);
    }
    (*place)->start();
  }

  void snoop(const openflow::Bytes& message) {
    std::erase_if(snoops_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : snoops_) {
      weak.lock()->copy(message);
    }
  }

  // A standalone bridge switches by itself when it has been alone for three probe intervals, as Open vSwitch does.
  void connections_changed() {
    const bool is_connected = std::ranges::any_of(active_, [](const auto& a) { return a->is_connected(); });
    if (is_connected || active_.empty()) {
      loss_timer_.cancel();
      bridge_.set_controllers_lost(false);
      return;
    }
    if (loss_timer_.is_running()) {
      return;
    }
    Duration patience = std::chrono::seconds(1);
    for (const auto& active : active_) {
      patience = std::max(patience, 3 * active->config().inactivity_probe);
    }
    loss_timer_.start(patience, [this] { bridge_.set_controllers_lost(true); });
  }

  template <typename Tell>
  void for_each_connection(Tell&& tell) {
    for (const auto& active : active_) {
      if (Connection* connection = active->connection()) {
        tell(*connection);
      }
    }
    for (const auto& connection : passive_) {
      tell(*connection);
    }
  }

  void packet_in(const PacketInEvent& event) override {
    for_each_connection([&](Connection& connection) { connection.tell_packet_in(event); });
  }
  void flow_removed(const openflow::FlowRemoved& message) override {
    for_each_connection([&](Connection& connection) { connection.tell(message); });
  }
  void port_status(const openflow::PortStatus& message) override {
    for_each_connection([&](Connection& connection) { connection.tell(message); });
  }

  EventLoop& loop_;
  Bridge& bridge_;
  const SwitchDescription description_;
  std::vector<std::unique_ptr<ActiveController>> active_;
  std::list<std::shared_ptr<Connection>> passive_;  // service connections and snoops
  std::vector<std::weak_ptr<Connection>> snoops_;
  std::vector<std::unique_ptr<UnixListener>> listeners_;
  Timer loss_timer_;
};

}  // namespace

Result<std::unique_ptr<BridgeController>, std::string> BridgeController::create(EventLoop& loop, Bridge& bridge,
                                                                                const std::string& rundir,
                                                                                SwitchDescription description) {
  auto controller = std::make_unique<BridgeControllerImpl>(loop, bridge, std::move(description));
  if (auto listening = controller->listen(rundir); !listening) {
    return Unexpected{listening.error()};
  }
  return std::unique_ptr<BridgeController>(std::move(controller));
}

}  // namespace weft::ofproto
