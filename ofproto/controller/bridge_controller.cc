#include "ofproto/controller/bridge_controller.h"

#include <algorithm>
#include <deque>

#include "ofproto/controller/configured_controller.h"
#include "ofproto/controller/event_filter.h"
#include "ofproto/controller/incoming_connections.h"
#include "ofproto/controller/logger.h"

namespace weft::ofproto {
namespace {

using openflow::AsyncKind;

constexpr size_t tool_limit = 256;  // connections to a socket in the run directory

class BridgeControllerImpl final : public BridgeController, private BridgeListener {
 public:
  BridgeControllerImpl(EventLoop& loop, Bridge& bridge, TlsKeeper& tls, SwitchDescription description)
      : context_{.loop = loop,
                 .bridge = bridge,
                 .description = std::move(description),
                 .versions = openflow::supported_versions(),
                 .election = {},
                 .settings_changed = [this] { events_changed(); },
                 .forward = [this](const Session& by, const openflow::Envelope& m) { forward(by, m); }},
        tls_(tls),
        tools_(context_, tls, {.kind = ConnectionKind::service}, tool_limit, tool_hooks()),
        snoops_(context_, tls, {.kind = ConnectionKind::snoop}, tool_limit, tool_hooks()),
        loss_timer_(loop),
        forward_timer_(loop) {
    bridge.add_listener(*this);
  }

  ~BridgeControllerImpl() override { context_.bridge.remove_listener(*this); }

  Result<void, std::string> listen(const std::string& rundir) {
    const std::string path = rundir + "/" + context_.bridge.name();
    auto done = tools_.listen({Transport::local, true, path + ".mgmt", 0});
    return done ? snoops_.listen({Transport::local, true, path + ".snoop", 0}) : done;
  }

  void configure(ConnectionsConfig config) override {
    set_versions(config.versions & openflow::supported_versions());
    // Those that go first: a listener leaves its port to another's.
    auto before = std::exchange(controllers_, {});
    std::vector<std::unique_ptr<ConfiguredController>> kept;
    for (const ControllerConfig& wanted : config.controllers) {
      const auto found =
          std::ranges::find_if(before, [&](const auto& old) { return old && is_same_channel(old->config(), wanted); });
      kept.push_back(found == before.end() ? nullptr : std::move(*found));
    }
    before.clear();
    for (size_t i = 0; i < kept.size(); ++i) {
      if (kept[i]) {
        kept[i]->configure(config.controllers[i]);
      } else {
        kept[i] = make_configured_controller(
            context_, tls_, config.controllers[i],
            {.changed = [this] { connections_changed(); }, .message = [this](const auto& m) { snoop(m); }});
      }
    }
    controllers_ = std::move(kept);
    context_.bridge.set_has_controllers(std::ranges::any_of(controllers_, is_primary));
    connections_changed();
  }

  std::vector<ControllerStatus> status() const override {
    std::vector<ControllerStatus> out;
    for (const auto& controller : controllers_) {
      out.push_back(controller->status());
    }
    return out;
  }

 private:
  static bool is_primary(const std::unique_ptr<ConfiguredController>& controller) {
    return !controller->config().is_service;
  }

  IncomingConnections::Hooks tool_hooks() {
    const auto ended = [this](const std::string& reason) {
      openflow_logger.dbg("{}: service connection: {}", context_.bridge.name(), reason);
    };
    return {.ready = [this](Connection&) { events_changed(); },
            .closed =
                [this, ended](const Connection&, const std::string& reason) {
                  ended(reason);
                  events_changed();
                },
            .failed = ended,
            .message = {}};
  }

  void set_versions(openflow::VersionSet versions) {
    if (versions == context_.versions) {
      return;
    }
    context_.versions = versions;
    tools_.close_unless(versions);
    snoops_.close_unless(versions);
    for (const auto& controller : controllers_) {
      controller->close_unless(versions);
    }
  }

  void snoop(const openflow::Bytes& message) {
    snoops_.for_each([&](Connection& connection) { connection.copy(message); });
  }

  template <typename Visit>
  void for_each_connection(Visit&& visit) {
    for (const auto& controller : controllers_) {
      controller->for_each(visit);
    }
    tools_.for_each(visit);
  }

  // A standalone bridge switches by itself when it has been alone for three probe intervals, as Open vSwitch does.
  void connections_changed() {
    events_changed();
    bool is_connected = false;
    bool has_controllers = false;
    Duration patience = std::chrono::seconds(1);
    for (const auto& controller : controllers_) {
      if (is_primary(controller)) {
        has_controllers = true;
        patience = std::max(patience, 3 * controller->config().inactivity_probe);
        controller->for_each([&](const Connection&) { is_connected = true; });
      }
    }
    if (is_connected || !has_controllers) {
      loss_timer_.cancel();
      context_.bridge.set_controllers_lost(false);
    } else if (!loss_timer_.is_running()) {
      loss_timer_.start(patience, [this] { context_.bridge.set_controllers_lost(true); });
    }
  }

  // What nobody wants the datapath need not send up.
  void events_changed() {
    bool wants_invalid_ttl = false;
    bool wants_miss = false;
    const auto wants = [](const Connection& connection, openflow::PacketInReason reason) {
      return connection.wants(AsyncKind::packet_in, static_cast<unsigned>(reason));
    };
    for_each_connection([&](const Connection& connection) {
      using enum openflow::PacketInReason;
      wants_invalid_ttl = wants_invalid_ttl || wants(connection, invalid_ttl);
      wants_miss = wants_miss || (connection.version() < openflow::Version::v1_3 && wants(connection, no_match));
    });
    context_.bridge.set_invalid_ttl_to_controller(wants_invalid_ttl);
    context_.bridge.set_miss_to_controller(wants_miss);
  }

  // As ChangeOrigin names who has asked for a change.
  static const void* as_origin(const Session& session) { return &session; }

  void tell(AsyncKind kind, unsigned reason, const openflow::Message& event) {
    for_each_connection([&](Connection& connection) { connection.tell(kind, reason, event); });
  }

  void packet_in(const PacketInEvent& event) override {
    for_each_connection([&](Connection& connection) { connection.tell_packet_in(event); });
  }
  void flow_removed(const openflow::FlowRemoved& message) override {
    for_each_connection([&](Connection& connection) {
      connection.tell(AsyncKind::flow_removed, reason_in(connection.version(), message.reason), message);
    });
  }
  // Who has asked for the change knows it; from 1.5 on he is told as well (1.5.1 section 7.4.3).
  void port_status(const openflow::PortStatus& message, const void* by) override {
    for_each_connection([&](Connection& connection) {
      if (by != as_origin(connection) || connection.version() >= openflow::Version::v1_5) {
        connection.tell(AsyncKind::port_status, static_cast<unsigned>(message.reason), message);
      }
    });
  }
  void table_status(const openflow::TableStatus& message) override {
    tell(AsyncKind::table_status, static_cast<unsigned>(message.reason), message);
  }

  // --- requests of one controller that others are told of, a few at a time: a bundle may have had many

  struct Forwarded {
    const void* by;
    openflow::RequestForward event;
  };

  static unsigned reason_of(const openflow::Message& request) {
    using enum openflow::RequestForwardReason;
    return static_cast<unsigned>(std::holds_alternative<openflow::MeterMod>(request) ? meter_mod : group_mod);
  }
  // Single buckets are changed from 1.5 on.
  static bool has(openflow::Version version, const openflow::Message& request) {
    const auto* group_mod = std::get_if<openflow::GroupMod>(&request);
    return version >= openflow::Version::v1_5 || group_mod == nullptr ||
           (group_mod->command != openflow::GroupModCommand::insert_bucket &&
            group_mod->command != openflow::GroupModCommand::remove_bucket);
  }
  template <typename Visit>
  void for_each_that_wants(const openflow::Message& request, const void* by, Visit&& visit) {
    for_each_connection([&](Connection& connection) {
      if (as_origin(connection) != by && connection.wants(AsyncKind::request_forward, reason_of(request)) &&
          has(connection.version(), request)) {
        visit(connection);
      }
    });
  }
  void forward(const Session& by, const openflow::Envelope& request) {
    bool is_wanted = false;
    for_each_that_wants(request.message, &by, [&](Connection&) { is_wanted = true; });
    if (is_wanted) {
      forwarded_.push_back({&by, {{std::make_shared<const openflow::Envelope>(request)}}});
      forward_some();
    }
  }
  void forward_some() {
    constexpr size_t at_once = 64;
    if (forward_timer_.is_running()) {
      return;
    }
    for (size_t i = 0; i < at_once && !forwarded_.empty(); ++i) {
      const Forwarded forwarded = std::move(forwarded_.front());
      forwarded_.pop_front();
      const openflow::Message& request = forwarded.event.request.envelope->message;
      for_each_that_wants(request, forwarded.by, [&](Connection& connection) {
        connection.tell(AsyncKind::request_forward, reason_of(request), forwarded.event);
      });
    }
    if (!forwarded_.empty()) {
      forward_timer_.start(Duration::zero(), [this] { forward_some(); });
    }
  }

  ConnectionContext context_;
  TlsKeeper& tls_;
  IncomingConnections tools_;
  IncomingConnections snoops_;
  std::vector<std::unique_ptr<ConfiguredController>> controllers_;
  Timer loss_timer_;
  std::deque<Forwarded> forwarded_;  // not yet
  Timer forward_timer_;
};

}  // namespace

Result<std::unique_ptr<BridgeController>, std::string> BridgeController::create(EventLoop& loop, Bridge& bridge,
                                                                                TlsKeeper& tls,
                                                                                const std::string& rundir,
                                                                                SwitchDescription description) {
  auto controller = std::make_unique<BridgeControllerImpl>(loop, bridge, tls, std::move(description));
  if (auto listening = controller->listen(rundir); !listening) {
    return Unexpected{listening.error()};
  }
  return std::unique_ptr<BridgeController>(std::move(controller));
}

}  // namespace weft::ofproto
