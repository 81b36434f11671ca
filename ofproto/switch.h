// Switch: everything between the datapath and the daemon: bridges, translation, upcalls, the revalidator.
//
//     Switch sw({.make_datapath = [&](auto& sink) { return datapath::make_datapath(options, sink); },
//                .clock = &clock, .post = post});
//     Bridge& br0 = *sw.add_bridge("br0", {.datapath_id = 1});
//     br0.add_port({.name = "tap1", .attachment = datapath::PortSpec{...}});
//     sw.start();
//
// With start() workers and the revalidator run as threads; without it run_until_idle() does their work on the
// caller's thread, which is how tests run the same code with a clock they move.
//
// Threads:   control thread; the datapath calls the sink from its workers. The constructing thread is the control
//            thread and is registered with RCU for the switch's life; it must not block without an rcu::OfflineScope.
// Ownership: owns the datapath and the bridges. Callbacks arrive through `post`; none after destruction.
// Not here:  configuration and its storage (vswitchd/config), connections (ofproto/controller).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datapath/api/datapath.h"
#include "lib/base/clock.h"
#include "lib/base/ip_address.h"
#include "lib/base/result.h"
#include "lib/base/text.h"
#include "ofproto/bridge/bridge.h"
#include "ofproto/translate/trace.h"
#include "ofproto/upcall/executor.h"

namespace weft::ofproto {

struct SwitchOptions {
  std::function<std::unique_ptr<datapath::Datapath>(datapath::UpcallSink&)> make_datapath;
  const Clock* clock = nullptr;  // null: the system's
  Executor post;
  Duration megaflow_idle = std::chrono::seconds(10);
  size_t packet_in_limit = 1024;  // packets waiting for the control thread
};

class Switch {
 public:
  explicit Switch(SwitchOptions options);
  ~Switch();  // stop()s
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  void start();
  void stop();
  // Without threads: until no frame, no command and no change is left to work on. Posted calls are the caller's.
  void run_until_idle();

  Bridge* add_bridge(const std::string& name, const BridgeOptions& options);  // null: the name is taken
  bool remove_bridge(std::string_view name);
  Bridge* bridge(std::string_view name);
  std::vector<Bridge*> bridges();

  // Expires what is due (flows, MACs) and says when to be called again. Idle decisions are made when all counters
  // have been collected, a moment later.
  std::optional<TimePoint> expire_timeouts();
  // Called (on the control thread) with a time earlier than the one expire_timeouts() last gave.
  void set_deadline_listener(std::function<void(TimePoint)> listener);

  // As `ovs-appctl dpctl/dump-flows` prints them; a bridge's name shows only those of its ports. By any thread that
  // reads under RCU; 100,000 take a second.
  std::string dump_megaflows(std::optional<std::string_view> bridge = std::nullopt);
  // What would happen to a packet, in the words of `ofproto/trace`.
  Result<std::string, TraceError> trace(const TraceRequest& request);
  // Flags, MTU, address or name of a network device have changed, or it went: its port is looked at.
  void device_changed(uint32_t ifindex);
  // Routes of the underlay may have changed: multicast groups that could not be joined, or are reached by another
  // device now, are joined. To be called every few seconds.
  void underlay_changed();
  // The host's own addresses, in any order: segments whose list of VTEPs names one send nothing to it.
  void set_own_addresses(std::vector<IpAddress> addresses);
  // The `system` port that has this device, which may have got another name since.
  std::optional<std::string> port_of_device(uint32_t ifindex) const;
  // The bridge and port a datapath port belongs to.
  std::optional<std::pair<Bridge*, OfPort>> find_port(PortId port_id);

  datapath::Datapath& datapath();
  const Clock& clock() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weft::ofproto
