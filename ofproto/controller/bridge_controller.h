// BridgeController: all OpenFlow connections of one bridge.
//
// Those of the configured controllers, which it dials (tcp: ssl: unix:) or waits for (ptcp: pssl: punix:), with
// back-off and inactivity probes; service connections that come in on the management socket (`<rundir>/<bridge>.mgmt`)
// and read-only copies of controller traffic to whoever connects to `<rundir>/<bridge>.snoop`. Requests go to
// ofproto/message; events of the bridge come back through its listener and go to those that asked for them. Tells the
// bridge whether it has controllers, whether it has lost them all (fail-mode), and which packets anybody wants.
//
// Threads:   control thread.
// Ownership: made by the daemon for a bridge, destroyed before it. Sockets' files are removed on destruction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/openflow/version.h"
#include "lib/os/event_loop.h"
#include "ofproto/bridge/bridge.h"
#include "ofproto/controller/dialer.h"
#include "ofproto/controller/packet_in_scheduler.h"
#include "ofproto/controller/tls.h"
#include "ofproto/message/request.h"

namespace weft::ofproto {

struct ControllerConfig {
  std::string target;       // lib/base/controller_target.h
  bool is_service = false;  // no controller for the fail-mode; told of events after a non-zero miss_send_len only
  bool is_told = true;      // false: told of events only after it has asked by asynchronous configuration
  Duration max_backoff = std::chrono::seconds(8);
  Duration inactivity_probe = std::chrono::seconds(5);  // zero: never
  PacketInLimit packet_ins = {};
  uint8_t dscp = default_dscp;  // 0 to 63; of TCP connections that are dialed
  uint8_t auxiliary_count = 0;  // connections kept beside the main one; dialed ones only
  friend bool operator==(const ControllerConfig&, const ControllerConfig&) = default;
};

struct ConnectionsConfig {
  std::vector<ControllerConfig> controllers;
  openflow::VersionSet versions = openflow::supported_versions();  // that may be spoken
};

struct ControllerStatus {
  std::string target;
  bool is_connected = false;
  std::string role = "other";   // other, master, slave
  std::string state;            // VOID BACKOFF CONNECTING ACTIVE IDLE
  std::string last_error;       // empty: none
  uint64_t dropped_events = 0;  // of all kinds that could not be told, ever
  PacketInCounters misses;      // packet-ins of table misses, ever; and of all other reasons
  PacketInCounters actions;
  std::optional<uint64_t> seconds_since_connect;
  std::optional<uint64_t> seconds_since_disconnect;
};

class BridgeController {
 public:
  // An error when a socket in `rundir` cannot be made. `tls` outlives it.
  static Result<std::unique_ptr<BridgeController>, std::string> create(EventLoop& loop, Bridge& bridge, TlsKeeper& tls,
                                                                       const std::string& rundir,
                                                                       SwitchDescription description);
  virtual ~BridgeController() = default;

  // Connections stay up as long as where they go, their kind and their version are still wanted.
  virtual void configure(ConnectionsConfig config) = 0;
  virtual std::vector<ControllerStatus> status() const = 0;
};

}  // namespace weft::ofproto
