#include "ofproto/controller/active_controller.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "lib/base/controller_target.h"
#include "lib/base/log.h"

namespace weft::ofproto {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr Duration first_backoff = std::chrono::seconds(1);

log::Logger& logger = log::get("openflow");

TimePoint now() { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }

std::optional<uint64_t> seconds_since(const std::optional<TimePoint>& when) {
  if (!when) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now() - *when).count());
}

}  // namespace

// One attempt: name look-up and connect. Ends by itself; `owner` is cleared when nobody cares any more.
struct ActiveController::Dial : std::enable_shared_from_this<Dial> {
  Dial(EventLoop& loop, ActiveController* the_owner)
      : owner(the_owner), resolver(loop.context()), tcp(loop.context()), local(loop.context()) {}

  void start(const ControllerTarget& target) {
    if (target.is_unix) {
      return local.async_connect(asio::local::stream_protocol::endpoint(target.host),
                                 [self = shared_from_this()](error_code error) {
                                   const EventLoop::Handler handler;
                                   self->finish(error, self->local);
                                 });
    }
    // An address needs no look-up, which would be done by a thread that cannot be stopped.
    error_code is_name;
    if (const auto address = asio::ip::make_address(target.host, is_name); !is_name) {
      return connect({asio::ip::tcp::endpoint(address, target.port)});
    }
    resolver.async_resolve(target.host, std::to_string(target.port), asio::ip::resolver_base::numeric_service,
                           [self = shared_from_this()](error_code error, const auto& endpoints) {
                             const EventLoop::Handler handler;
                             if (error) {
                               return self->finish(error, self->tcp);
                             }
                             std::vector<asio::ip::tcp::endpoint> found;
                             for (const auto& entry : endpoints) {
                               found.push_back(entry.endpoint());
                             }
                             self->connect(found);
                           });
  }

  void connect(const std::vector<asio::ip::tcp::endpoint>& endpoints) {
    asio::async_connect(tcp, endpoints, [self = shared_from_this()](error_code error, const auto&) {
      const EventLoop::Handler handler;
      if (!error) {
        self->tcp.set_option(asio::ip::tcp::no_delay(true), error);
      }
      self->finish(error, self->tcp);
    });
  }

  template <typename Socket>
  void finish(error_code error, Socket& socket) {
    if (owner == nullptr) {
      return;
    }
    if (error) {
      return owner->failed(error.message());
    }
    owner->dialed(Connection::Socket(std::move(socket)));
  }

  void abandon() {
    owner = nullptr;
    error_code ignored;
    resolver.cancel();
    tcp.close(ignored);
    local.close(ignored);
  }

  ActiveController* owner;
  asio::ip::tcp::resolver resolver;
  asio::ip::tcp::socket tcp;
  asio::local::stream_protocol::socket local;
};

ActiveController::ActiveController(EventLoop& loop, Bridge& bridge, const SwitchDescription& description,
                                   ControllerConfig config, Hooks hooks)
    : loop_(loop),
      bridge_(bridge),
      description_(description),
      config_(std::move(config)),
      hooks_(std::move(hooks)),
      timer_(loop) {
  timer_.start(Duration::zero(), [this] { dial(); });
}

ActiveController::~ActiveController() {
  if (dial_) {
    dial_->abandon();
  }
  if (connection_) {
    connection_->abandon("the controller is no longer configured");
  }
}

bool ActiveController::is_connected() const { return connection_ && connection_->is_ready(); }

void ActiveController::dial() {
  const auto target = parse_controller_target(config_.target);
  if (!target) {
    state_ = "VOID";
    last_error_ = fmt::format("\"{}\": {}", config_.target, target.error().message);
    logger.warn("{}: {}", bridge_.name(), last_error_);
    return;
  }
  state_ = "CONNECTING";
  dial_ = std::make_shared<Dial>(loop_, this);
  dial_->start(*target);
  timer_.start(std::max(first_backoff, backoff_), [this] { failed("no answer in time"); });
}

void ActiveController::dialed(Connection::Socket socket) {
  dial_.reset();
  ConnectionHooks hooks;
  hooks.ready = [this] { ready(); };
  hooks.closed = [this](const std::string& reason) { failed(reason); };
  hooks.message = hooks_.message;
  connection_ = std::make_shared<Connection>(loop_, std::move(socket), bridge_, description_,
                                             ConnectionKind::controller, std::move(hooks));
  connection_->set_packet_in_limit(config_.packet_in_rate, config_.packet_in_burst);
  connection_->start();
  // The timer that limits the dial runs on and limits the HELLO too.
}

void ActiveController::ready() {
  timer_.cancel();
  state_ = "ACTIVE";
  connected_at_ = now();
  connection_->set_inactivity_probe(config_.inactivity_probe);
  logger.info("{}<->{}: connected", bridge_.name(), config_.target);
  hooks_.changed();
}

void ActiveController::failed(const std::string& reason) {
  const bool was_active = state_ == "ACTIVE";
  if (dial_) {
    dial_->abandon();
    dial_.reset();
  }
  if (const auto connection = std::exchange(connection_, nullptr)) {
    connection->close(reason);  // its closed hook has run, or is this call
    dropped_events_ += connection->dropped_event_count();
  }
  if (state_ == "BACKOFF") {
    return;
  }
  last_error_ = reason;
  state_ = "BACKOFF";
  if (was_active) {
    disconnected_at_ = now();
    if (now() - *connected_at_ > backoff_) {
      backoff_ = Duration::zero();
    }
  }
  backoff_ = std::clamp(backoff_ * 2, first_backoff, std::max(config_.max_backoff, first_backoff));
  logger.info("{}<->{}: {}; trying again in {} s", bridge_.name(), config_.target, reason,
              std::chrono::duration_cast<std::chrono::seconds>(backoff_).count());
  timer_.start(backoff_, [this] { dial(); });
  if (was_active && hooks_.changed) {
    hooks_.changed();
  }
}

ControllerStatus ActiveController::status() const {
  ControllerStatus status;
  status.target = config_.target;
  status.is_connected = is_connected();
  status.state = state_;
  status.last_error = last_error_;
  status.dropped_events = dropped_events_ + (connection_ ? connection_->dropped_event_count() : 0);
  status.seconds_since_connect = seconds_since(connected_at_);
  status.seconds_since_disconnect = seconds_since(disconnected_at_);
  return status;
}

}  // namespace weft::ofproto
