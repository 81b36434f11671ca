// Reconciler: makes the running switch follow the wanted state.
//
// It keeps what it has made, compares it with the records, and works off the difference: what is gone goes first, so
// that names and numbers are free, then come bridges and their segments, then ports with a number of their own (asked for or saved), then
// the rest, then controllers. A port keeps the number it had while its device is away. What could not be made keeps
// its error and is tried again whenever anything changes or a device appears, and from time to time where another
// process holds what it needs: a daemon that was killed may still be closing its sockets when the next one starts. An
// error is logged when its text changes.
// Work is cut into slices of at most 5 ms.
//
// reconciler.cc plans and makes bridges, reconciler_ports.cc makes ports, reconciler_segments.cc segments,
// reconciler_report.cc reports.
//
// Threads:   control thread.
// Ownership: owns the bridges' controller connections; the switch and the loop outlive it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "datapath/api/domain.h"
#include "lib/management/database.h"
#include "lib/os/event_loop.h"
#include "ofproto/controller/tls.h"
#include "ofproto/switch.h"
#include "vswitchd/config/interface_spec.h"

namespace weft::config {

class Reconciler {
 public:
  Reconciler(EventLoop& loop, ofproto::Switch& the_switch, std::string rundir, std::string version);
  ~Reconciler();

  // Follows `wanted` and calls `done`, later. One at a time: a second call waits for the first.
  void follow(const management::Database& wanted, std::function<void()> done);

  // A device of this name has appeared: ports that wait for it are attached.
  void device_appeared(const std::string& name);
  // A device has another name now: the port that waits for the old one says so.
  void device_renamed(const std::string& before, const std::string& now);
  // One that the switch had made was deleted by somebody else: it is made again. Another's is missed in the log.
  void device_gone(const std::string& name);
  // Called when a port got its number outside of follow(), because its device appeared: that is worth saving.
  void set_numbers_listener(std::function<void()> listener) { numbers_changed_ = std::move(listener); }

  // Writes what the switch reports into the status columns.
  void report(management::Database& database) const;

  // The bridge's controller connections; null when there is no such bridge.
  const ofproto::BridgeController* controllers(std::string_view bridge) const;

 private:
  struct RunningPort {
    ofproto::PortRequest request{};  // without a name: its record was not understood
    std::optional<OfPort> of_port{};
    bool is_configured = true;  // its device has the MTU and address that are wanted
    bool is_held_back = false;  // by another process, which has what it needs
    std::string error{};
    std::string absence{};  // why its device is not attached, where there is more to say than that it is gone
  };
  struct RunningBridge {
    ofproto::Bridge* bridge = nullptr;
    std::map<std::string, RunningPort, std::less<>> ports;
    std::map<std::string, ofproto::Segment, std::less<>> segments;
    std::unique_ptr<ofproto::BridgeController> controllers;
    std::string error;
  };
  struct WantedPort {
    Result<ofproto::PortRequest, std::string> request;
    bool has_own_number = false;
  };
  using WantedPorts = std::map<std::string, WantedPort, std::less<>>;
  using Step = std::function<void()>;

  static constexpr Duration first_retry_wait = std::chrono::milliseconds(100);
  static constexpr Duration longest_retry_wait = std::chrono::seconds(5);

  void plan(const management::Database& wanted);
  void plan_removals(const std::string& bridge, const WantedPorts& wanted);
  void plan_end(const std::string& bridge, const RunningBridge& running);
  void plan_bridge(const management::Database& wanted, const management::Row& row, const WantedPorts& ports);
  void work();
  void run_slice();

  WantedPorts wanted_ports(const management::Database& wanted, const management::Row& bridge) const;
  static bool can_stay(const RunningBridge& bridge, const RunningPort& running, const WantedPort& wanted,
                       const WantedPorts& all_wanted);
  void make_bridge(const std::string& name, const ofproto::BridgeOptions& options, bool has_controllers);
  void follow_segments(const std::string& bridge, const std::vector<ofproto::Segment>& wanted);
  void listen(RunningBridge& running);
  void remove_bridge(const std::string& name);
  void make_port(const std::string& bridge, const std::string& name, const WantedPort& wanted);
  void add_port(RunningBridge& running, RunningPort& port);
  void add_again(RunningBridge& running, RunningPort& port);
  void reattach(RunningBridge& running, RunningPort& port);
  void note_holder(RunningPort& port, const datapath::PortError& error);
  void retry_held_back();
  std::optional<std::string> other_holder(const RunningPort& port) const;
  static void expect_device(RunningPort& port);
  static void configure_device(RunningBridge& running, RunningPort& port);
  static std::optional<uint16_t> unclaimed_number(const RunningBridge& running);
  void find_device_again(RunningBridge& running, RunningPort& port);
  void for_port_without_device(const std::string& name, const std::function<void(RunningBridge&, RunningPort&)>& visit);
  void release_port(const std::string& bridge, const std::string& name);
  void remove_port(const std::string& bridge, const std::string& name);
  static void set_error(const std::string& bridge, const std::string& port, std::string& error, std::string text);

  void report_interface(management::Database& database, const management::Row& row) const;
  void report_bridge(management::Database& database, const management::Row& row) const;
  static void report_segments(management::Database& database, const management::Row& bridge,
                              const RunningBridge& running);
  std::string problem_of(const RunningBridge& running, const RunningPort& port, const ofproto::PortInfo& info) const;
  bool has_peer(const ofproto::PortInfo& patch) const;

  EventLoop& loop_;
  ofproto::Switch& switch_;
  const std::string rundir_;
  const std::string version_;
  ofproto::TlsKeeper tls_;  // outlives the connections below
  datapath::DomainLimits limits_{};
  bool wants_kernel_forwarding_ = true;
  std::map<std::string, RunningBridge, std::less<>> running_;
  std::deque<Step> steps_;
  std::deque<std::pair<management::Database, std::function<void()>>> waiting_;
  std::function<void()> numbers_changed_;
  Timer retry_;
  Duration retry_wait_ = first_retry_wait;
  bool is_working_ = false;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace weft::config
