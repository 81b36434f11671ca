// ActiveController: keeps a connection to one configured controller.
//
// Dials, and dials again after 1, 2, 4 ... seconds up to max_backoff; a connection that lasted longer than the last
// wait starts that over. Threads: control thread. Ownership: owns its connection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ofproto/controller/bridge_controller.h"
#include "ofproto/controller/connection.h"

namespace weft::ofproto {

class ActiveController {
 public:
  struct Hooks {
    std::function<void()> changed;  // connected, or no longer
    std::function<void(const openflow::Bytes&)> message;
  };

  ActiveController(EventLoop& loop, Bridge& bridge, const SwitchDescription& description, ControllerConfig config,
                   Hooks hooks);
  ~ActiveController();

  const ControllerConfig& config() const { return config_; }
  bool is_connected() const;
  ControllerStatus status() const;
  Connection* connection() { return is_connected() ? connection_.get() : nullptr; }

 private:
  struct Dial;

  void dial();
  void dialed(Connection::Socket socket);
  void failed(const std::string& reason);
  void ready();

  EventLoop& loop_;
  Bridge& bridge_;
  const SwitchDescription& description_;
  const ControllerConfig config_;
  Hooks hooks_;

  std::shared_ptr<Dial> dial_;
  std::shared_ptr<Connection> connection_;
  Timer timer_;  // the wait before a dial, or a dial's limit
  Duration backoff_{};
  std::string state_ = "VOID";
  std::string last_error_;
  uint64_t dropped_events_ = 0;  // by connections that are gone
  std::optional<TimePoint> connected_at_;
  std::optional<TimePoint> disconnected_at_;
};

}  // namespace weft::ofproto
