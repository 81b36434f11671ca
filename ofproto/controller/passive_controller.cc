#include "ofproto/controller/passive_controller.h"

#include <algorithm>

#include "lib/base/clock.h"
#include "ofproto/controller/logger.h"

namespace weft::ofproto {
namespace {

constexpr size_t connection_limit = 64;
constexpr Duration first_backoff = std::chrono::seconds(1);

}  // namespace

PassiveController::PassiveController(ConnectionContext& context, TlsKeeper& tls, const ControllerTarget& target,
                                     ControllerConfig config, Hooks hooks)
    : context_(context),
      target_(target),
      config_(std::move(config)),
      hooks_(std::move(hooks)),
      again_(context.loop),
      connections_(context, tls, connection_options(config_), connection_limit, incoming_hooks()) {
  listen();
}

IncomingConnections::Hooks PassiveController::incoming_hooks() {
  return {.ready = [this](Connection& connection) { ready(connection); },
          .closed = [this](const Connection& connection, const std::string& reason) { closed(connection, reason); },
          .failed =
              [this](const std::string& reason) {
                last_error_ = reason;
                openflow_logger.info("{}<->{}: {}", context_.bridge.name(), config_.target, reason);
              },
          .message = hooks_.message};
}

void PassiveController::listen() {
  const auto listening = connections_.listen(target_);
  is_listening_ = listening.has_value();
  if (is_listening_) {
    last_error_.clear();
    openflow_logger.info("{}<->{}: listening", context_.bridge.name(), config_.target);
    return;
  }
  if (std::exchange(last_error_, listening.error()) != listening.error()) {
    openflow_logger.warn("{}<->{}: {}", context_.bridge.name(), config_.target, last_error_);
  }
  backoff_ = std::clamp(backoff_ * 2, first_backoff, std::max(config_.max_backoff, first_backoff));
  again_.start(backoff_, [this] { listen(); });
}

void PassiveController::configure(const ControllerConfig& config) {
  config_ = config;
  connections_.set_options(connection_options(config_));
  connections_.for_each([&](Connection& connection) {
    connection.set_packet_in_limit(config_.packet_ins);
    connection.set_inactivity_probe(config_.inactivity_probe);
  });
}

void PassiveController::ready(Connection& connection) {
  connection.set_inactivity_probe(config_.inactivity_probe);
  connected_at_ = steady_now();
  openflow_logger.info("{}<->{}: {} connected", context_.bridge.name(), config_.target, connection.peer());
  hooks_.changed();
}

void PassiveController::closed(const Connection& connection, const std::string& reason) {
  gone_.add(connection);
  last_error_ = reason;
  disconnected_at_ = steady_now();
  openflow_logger.info("{}<->{}: {}: {}", context_.bridge.name(), config_.target, connection.peer(), reason);
  hooks_.changed();
}

// Of several connections the one that leads is told of.
ControllerStatus PassiveController::status() const {
  ControllerStatus status;
  status.target = config_.target;
  status.last_error = last_error_;
  status.seconds_since_connect = seconds_since(connected_at_);
  status.seconds_since_disconnect = seconds_since(disconnected_at_);
  EventCounters counters = gone_;
  std::optional<openflow::Role> role;
  connections_.for_each([&](const Connection& connection) {
    counters.add(connection);
    const bool is_first = !role;
    if (is_first || connection.role() == openflow::Role::primary ||
        (*role == openflow::Role::secondary && connection.role() == openflow::Role::equal)) {
      role = connection.role();
    }
  });
  counters.put_into(status);
  status.is_connected = role.has_value();
  status.role = name_of(role.value_or(openflow::Role::equal));
  status.state = role ? "ACTIVE" : is_listening_ ? "IDLE" : "BACKOFF";
  return status;
}

}  // namespace weft::ofproto
