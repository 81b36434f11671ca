// ActiveController: keeps connections to one configured controller that waits for them.
//
// Dials, and dials again after 1, 2, 4 ... seconds up to max_backoff; a connection that lasted longer than the last
// wait starts that over. While the main connection is there, as many auxiliary ones as are configured are kept beside
// it (OpenFlow 1.3.5 section 6.3.8: the switch makes them); they go with it.
//
// Threads: control thread. Ownership: owns its connections.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ofproto/controller/configured_controller.h"
#include "ofproto/controller/connection.h"
#include "ofproto/controller/dialer.h"

namespace weft::ofproto {

class ActiveController final : public ConfiguredController {
 public:
  ActiveController(ConnectionContext& context, TlsKeeper& tls, const ControllerTarget& target, ControllerConfig config,
                   Hooks hooks);
  ~ActiveController() override;

  const ControllerConfig& config() const override { return config_; }
  void configure(const ControllerConfig& config) override;
  ControllerStatus status() const override;
  void for_each(const std::function<void(Connection&)>& visit) override;
  void close_unless(openflow::VersionSet versions) override;

 private:
  struct Auxiliary {
    std::unique_ptr<Dialer> dialer;
    std::shared_ptr<Connection> connection;
    std::unique_ptr<Timer> again;
  };

  bool is_connected() const { return connection_ && connection_->is_ready(); }
  void dial();
  void dialed(std::unique_ptr<Stream> stream);
  void failed(const std::string& reason);
  void ready();
  void end_connection(const std::string& reason);
  void start_auxiliaries();
  void end_auxiliaries(const std::string& reason);
  void dial_auxiliary(uint8_t number);
  void auxiliary_dialed(uint8_t number, std::unique_ptr<Stream> stream);
  void auxiliary_failed(uint8_t number, const std::string& reason);

  ConnectionContext& context_;
  TlsKeeper& tls_;
  const ControllerTarget target_;
  ControllerConfig config_;
  Hooks hooks_;

  std::unique_ptr<Dialer> dialer_;
  std::shared_ptr<Connection> connection_;
  std::vector<Auxiliary> auxiliaries_;  // number 1 first
  Timer timer_;                         // the wait before a dial, or a dial's limit
  Duration backoff_{};
  std::string state_ = "VOID";
  std::string last_error_;
  EventCounters gone_;  // of connections that are
  std::optional<TimePoint> connected_at_;
  std::optional<TimePoint> disconnected_at_;
};

}  // namespace weft::ofproto
