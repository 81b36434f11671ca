// BridgeController: all OpenFlow connections of one bridge.
//
// Active ones to the configured controllers (tcp:HOST[:PORT], unix:FILE), with back-off and inactivity probes; service
// connections that come in on the management socket (`<rundir>/<bridge>.mgmt`) and read-only copies of controller
// traffic to whoever connects to `<rundir>/<bridge>.snoop`. Requests go to ofproto/message; events of the bridge come
// back through its listener. Tells the bridge whether it has controllers and whether it has lost them all (fail-mode).
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
#include "lib/os/event_loop.h"
#include "ofproto/bridge/bridge.h"
#include "ofproto/message/request.h"

namespace weft::ofproto {

struct ControllerConfig {
  std::string target;
  Duration max_backoff = std::chrono::seconds(8);
  Duration inactivity_probe = std::chrono::seconds(5);  // zero: never
  std::optional<uint32_t> packet_in_rate;               // a second; absent: unlimited
  std::optional<uint32_t> packet_in_burst;
  friend bool operator==(const ControllerConfig&, const ControllerConfig&) = default;
};

struct ControllerStatus {
  std::string target;
  bool is_connected = false;
  std::string role = "other";   // other, master, slave
  std::string state;            // VOID BACKOFF CONNECTING ACTIVE IDLE
  std::string last_error;       // empty: none
  uint64_t dropped_events = 0;  // packet-in, flow-removed and port-status that could not be told, ever
  std::optional<uint64_t> seconds_since_connect;
  std::optional<uint64_t> seconds_since_disconnect;
};

class BridgeController {
 public:
  // An error when a socket in `rundir` cannot be made.
  static Result<std::unique_ptr<BridgeController>, std::string> create(EventLoop& loop, Bridge& bridge,
                                                                       const std::string& rundir,
                                                                       SwitchDescription description);
  virtual ~BridgeController() = default;

  // Connections whose configuration did not change stay up.
  virtual void configure(std::vector<ControllerConfig> controllers) = 0;
  virtual std::vector<ControllerStatus> status() const = 0;
};

}  // namespace weft::ofproto
