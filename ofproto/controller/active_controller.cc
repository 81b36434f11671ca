#include "ofproto/controller/active_controller.h"

#include <algorithm>

#include "lib/base/clock.h"
#include "ofproto/controller/logger.h"

namespace weft::ofproto {
namespace {

constexpr Duration first_backoff = std::chrono::seconds(1);

}  // namespace

ActiveController::ActiveController(ConnectionContext& context, TlsKeeper& tls, const ControllerTarget& target,
                                   ControllerConfig config, Hooks hooks)
    : context_(context),
      tls_(tls),
      target_(target),
      config_(std::move(config)),
      hooks_(std::move(hooks)),
      timer_(context.loop) {
  timer_.start(Duration::zero(), [this] { dial(); });
}

ActiveController::~ActiveController() {
  end_auxiliaries("the controller is no longer configured");
  if (connection_) {
    connection_->abandon("the controller is no longer configured");
  }
}

void ActiveController::configure(const ControllerConfig& config) {
  config_ = config;
  if (connection_) {
    connection_->set_packet_in_limit(config_.packet_ins);
  }
  if (is_connected()) {
    connection_->set_inactivity_probe(config_.inactivity_probe);
  }
}

void ActiveController::for_each(const std::function<void(Connection&)>& visit) {
  if (is_connected()) {
    visit(*connection_);
  }
}

void ActiveController::close_unless(openflow::VersionSet versions) {
  if (const auto connection = connection_) {
    connection->close_unless(versions);
  }
}

// --- the main connection

void ActiveController::dial() {
  state_ = "CONNECTING";
  timer_.start(std::max(first_backoff, backoff_), [this] { failed("no answer in time"); });
  if (context_.versions.empty()) {
    return failed("the bridge's protocols allow no OpenFlow version that is supported");
  }
  dialer_ = std::make_unique<Dialer>(context_.loop, tls_, target_, config_.dscp,
                                     [this](Result<std::unique_ptr<Stream>, std::string> stream) {
                                       dialer_.reset();
                                       if (!stream) {
                                         return failed(stream.error());
                                       }
                                       dialed(std::move(*stream));
                                     });
}

void ActiveController::dialed(std::unique_ptr<Stream> stream) {
  if (context_.versions.empty()) {  // meanwhile
    return failed("the bridge's protocols allow no OpenFlow version that is supported");
  }
  ConnectionHooks hooks;
  hooks.ready = [this] { ready(); };
  hooks.closed = [this](const std::string& reason) { failed(reason); };
  hooks.message = hooks_.message;
  connection_ =
      std::make_shared<Connection>(context_, std::move(stream), connection_options(config_), std::move(hooks));
  connection_->start();
  // The timer that limits the dial runs on and limits the HELLO too.
}

void ActiveController::ready() {
  timer_.cancel();
  state_ = "ACTIVE";
  connected_at_ = steady_now();
  connection_->set_inactivity_probe(config_.inactivity_probe);
  openflow_logger.info("{}<->{}: connected", context_.bridge.name(), config_.target);
  start_auxiliaries();
  hooks_.changed();
}

void ActiveController::failed(const std::string& reason) {
  const bool was_active = state_ == "ACTIVE";
  dialer_.reset();
  end_connection(reason);
  if (state_ == "BACKOFF") {
    return;
  }
  last_error_ = reason;
  state_ = "BACKOFF";
  if (was_active) {
    disconnected_at_ = steady_now();
    if (steady_now() - *connected_at_ > backoff_) {
      backoff_ = Duration::zero();
    }
  }
  backoff_ = std::clamp(backoff_ * 2, first_backoff, std::max(config_.max_backoff, first_backoff));
  openflow_logger.info("{}<->{}: {}; trying again in {} s", context_.bridge.name(), config_.target, reason,
                       std::chrono::duration_cast<std::chrono::seconds>(backoff_).count());
  timer_.start(backoff_, [this] { dial(); });
  if (was_active) {
    hooks_.changed();
  }
}

void ActiveController::end_connection(const std::string& reason) {
  end_auxiliaries("the main connection has ended");
  const auto connection = std::exchange(connection_, nullptr);
  if (!connection) {
    return;
  }
  connection->abandon(reason);  // unless this is called by it, at its end
  gone_.add(*connection);
  // Later: the connection may be on the stack.
  context_.loop.post([connection] {});
}

// --- the auxiliary ones

void ActiveController::start_auxiliaries() {
  auxiliaries_.clear();
  auxiliaries_.resize(config_.auxiliary_count);
  for (uint8_t number = 1; number <= auxiliaries_.size(); ++number) {
    auxiliaries_[number - 1].again = std::make_unique<Timer>(context_.loop);
    dial_auxiliary(number);
  }
}

void ActiveController::end_auxiliaries(const std::string& reason) {
  for (Auxiliary& auxiliary : auxiliaries_) {
    if (auxiliary.connection) {
      auxiliary.connection->abandon(reason);
      context_.loop.post([gone = std::move(auxiliary.connection)] {});
    }
  }
  auxiliaries_.clear();
}

void ActiveController::dial_auxiliary(uint8_t number) {
  auxiliaries_[number - 1].dialer = std::make_unique<Dialer>(
      context_.loop, tls_, target_, config_.dscp, [this, number](Result<std::unique_ptr<Stream>, std::string> stream) {
        auxiliaries_[number - 1].dialer.reset();
        if (!stream) {
          return auxiliary_failed(number, stream.error());
        }
        auxiliary_dialed(number, std::move(*stream));
      });
}

void ActiveController::auxiliary_dialed(uint8_t number, std::unique_ptr<Stream> stream) {
  ConnectionOptions options = connection_options(config_);
  options.main = connection_.get();
  options.auxiliary_id = number;
  ConnectionHooks hooks;
  hooks.ready = [this, number] {
    auxiliaries_[number - 1].connection->set_inactivity_probe(config_.inactivity_probe);
    openflow_logger.info("{}<->{}: auxiliary connection {}", context_.bridge.name(), config_.target, number);
  };
  hooks.closed = [this, number](const std::string& reason) { auxiliary_failed(number, reason); };
  hooks.message = hooks_.message;
  auto& connection = auxiliaries_[number - 1].connection;
  connection = std::make_shared<Connection>(context_, std::move(stream), std::move(options), std::move(hooks));
  connection->start();
}

void ActiveController::auxiliary_failed(uint8_t number, const std::string& reason) {
  openflow_logger.info("{}<->{}: auxiliary connection {}: {}", context_.bridge.name(), config_.target, number, reason);
  Auxiliary& auxiliary = auxiliaries_[number - 1];
  context_.loop.post([gone = std::move(auxiliary.connection)] {});
  auxiliary.again->start(std::max(config_.max_backoff, first_backoff), [this, number] { dial_auxiliary(number); });
}

// --- what is told of it

ControllerStatus ActiveController::status() const {
  ControllerStatus status;
  EventCounters counters = gone_;
  if (connection_) {
    counters.add(*connection_);
  }
  counters.put_into(status);
  status.target = config_.target;
  status.is_connected = is_connected();
  status.role = is_connected() ? name_of(connection_->role()) : "other";
  status.state = state_;
  status.last_error = last_error_;
  status.seconds_since_connect = seconds_since(connected_at_);
  status.seconds_since_disconnect = seconds_since(disconnected_at_);
  return status;
}

}  // namespace weft::ofproto
