#include "ofproto/controller/configured_controller.h"

#include <fmt/format.h>

#include "ofproto/controller/active_controller.h"
#include "ofproto/controller/logger.h"
#include "ofproto/controller/passive_controller.h"

namespace weft::ofproto {
namespace {

// A target that says nothing: the record shows why there is no connection.
class UnusableController final : public ConfiguredController {
 public:
  UnusableController(ControllerConfig config, std::string problem)
      : config_(std::move(config)), problem_(std::move(problem)) {}

  const ControllerConfig& config() const override { return config_; }
  void configure(const ControllerConfig& config) override { config_ = config; }
  ControllerStatus status() const override {
    ControllerStatus status;
    status.target = config_.target;
    status.state = "VOID";
    status.last_error = problem_;
    return status;
  }
  void for_each(const std::function<void(Connection&)>&) override {}
  void close_unless(openflow::VersionSet) override {}

 private:
  ControllerConfig config_;
  const std::string problem_;
};

}  // namespace

std::unique_ptr<ConfiguredController> make_configured_controller(ConnectionContext& context, TlsKeeper& tls,
                                                                 const ControllerConfig& config,
                                                                 ConfiguredController::Hooks hooks) {
  const auto target = parse_controller_target(config.target);
  if (!target) {
    std::string problem = fmt::format("\"{}\": {}", config.target, target.error().message);
    openflow_logger.warn("{}: {}", context.bridge.name(), problem);
    return std::make_unique<UnusableController>(config, std::move(problem));
  }
  if (target->is_passive) {
    return std::make_unique<PassiveController>(context, tls, *target, config, std::move(hooks));
  }
  return std::make_unique<ActiveController>(context, tls, *target, config, std::move(hooks));
}

bool is_same_channel(const ControllerConfig& a, const ControllerConfig& b) {
  return a.target == b.target && a.is_service == b.is_service && a.is_told == b.is_told && a.dscp == b.dscp &&
         a.auxiliary_count == b.auxiliary_count;
}

ConnectionOptions connection_options(const ControllerConfig& config) {
  ConnectionOptions options;
  options.kind = config.is_service ? ConnectionKind::service : ConnectionKind::controller;
  options.is_told = config.is_told;
  options.packet_ins = config.packet_ins;
  return options;
}

void EventCounters::add(const Connection& connection) {
  dropped += connection.dropped_event_count();
  misses += connection.miss_counters();
  actions += connection.action_counters();
}

void EventCounters::put_into(ControllerStatus& status) const {
  status.dropped_events = dropped;
  status.misses = misses;
  status.actions = actions;
}

std::string name_of(openflow::Role role) {
  return role == openflow::Role::primary ? "master" : role == openflow::Role::secondary ? "slave" : "other";
}

std::optional<uint64_t> seconds_since(const std::optional<TimePoint>& when) {
  if (!when) {
    return std::nullopt;
  }
  const Duration passed = TimePoint(std::chrono::steady_clock::now()) - *when;
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(passed).count());
}

}  // namespace weft::ofproto
