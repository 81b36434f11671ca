// ConfiguredController: one record of the Controller table, and the connections that come of it.
//
// active_controller.h dials, passive_controller.h waits; make_configured_controller() knows which a target asks for.
//
// Threads: control thread. Ownership: owns its connections; what it is made with outlives it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ofproto/controller/bridge_controller.h"
#include "ofproto/controller/connection.h"
#include "ofproto/controller/tls.h"

namespace weft::ofproto {

class ConfiguredController {
 public:
  struct Hooks {
    std::function<void()> changed;  // a connection has come or gone
    std::function<void(const openflow::Bytes&)> message;
  };

  virtual ~ConfiguredController() = default;
  virtual const ControllerConfig& config() const = 0;
  // Takes over what can change while connections stay (is_same_channel() of the two is true).
  virtual void configure(const ControllerConfig& config) = 0;
  virtual ControllerStatus status() const = 0;
  // Main connections that have agreed on a version.
  virtual void for_each(const std::function<void(Connection&)>& visit) = 0;
  // Ends connections that speak none of these.
  virtual void close_unless(openflow::VersionSet versions) = 0;
};

std::unique_ptr<ConfiguredController> make_configured_controller(ConnectionContext& context, TlsKeeper& tls,
                                                                 const ControllerConfig& config,
                                                                 ConfiguredController::Hooks hooks);

// Whether the connections of one serve the other, once it is told what has changed.
bool is_same_channel(const ControllerConfig& a, const ControllerConfig& b);

ConnectionOptions connection_options(const ControllerConfig& config);

// What connections count of the events that they tell.
struct EventCounters {
  uint64_t dropped = 0;
  PacketInCounters misses;
  PacketInCounters actions;
  void add(const Connection& connection);
  void put_into(ControllerStatus& status) const;
};

// "other", "master", "slave", as the record says it.
std::string name_of(openflow::Role role);
std::optional<uint64_t> seconds_since(const std::optional<TimePoint>& when);

}  // namespace weft::ofproto
