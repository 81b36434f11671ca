// PassiveController: a configured controller that comes to the switch (ptcp: pssl: punix:).
//
// Listens, and tries again after 1, 2, 4 ... seconds up to max_backoff while it cannot (the port is in use, the address
// is not there yet). Each connection that comes in is a controller of its own, with its own role and settings.
//
// Threads: control thread. Ownership: owns listener and connections.
#pragma once

#include <optional>
#include <string>

#include "ofproto/controller/configured_controller.h"
#include "ofproto/controller/incoming_connections.h"

namespace weft::ofproto {

class PassiveController final : public ConfiguredController {
 public:
  PassiveController(ConnectionContext& context, TlsKeeper& tls, const ControllerTarget& target, ControllerConfig config,
                    Hooks hooks);

  const ControllerConfig& config() const override { return config_; }
  void configure(const ControllerConfig& config) override;
  ControllerStatus status() const override;
  void for_each(const std::function<void(Connection&)>& visit) override { connections_.for_each(visit); }
  void close_unless(openflow::VersionSet versions) override { connections_.close_unless(versions); }

 private:
  IncomingConnections::Hooks incoming_hooks();
  void listen();
  void ready(Connection& connection);
  void closed(const Connection& connection, const std::string& reason);

  ConnectionContext& context_;
  const ControllerTarget target_;
  ControllerConfig config_;
  Hooks hooks_;
  Timer again_;
  Duration backoff_{};
  bool is_listening_ = false;
  std::string last_error_;
  EventCounters gone_;  // of connections that are
  std::optional<TimePoint> connected_at_;
  std::optional<TimePoint> disconnected_at_;
  mutable IncomingConnections connections_;  // for_each() changes none of it
};

}  // namespace weft::ofproto
