// Bridge: one OpenFlow switch: numbered ports, tables, groups, the MACs it has learned, its listeners.
//
// Message handlers call it with version-neutral messages; the daemon's reconciler adds ports and sets modes.
// A call that changes something has published the change when it returns: packets that miss from then on meet
// the new state. Cached decisions follow in the background; barrier() says when they all have. Counters read from
// here are exact right after collect():
//
//     bridge.collect([&] { reply(bridge.table_stats()); });
//
// Threads:   control thread only, callbacks too.
// Ownership: the Switch owns bridges; a bridge its tables and ports. Listeners are not owned.
// Cost:      a flow-mod is a classifier insert; a port change copies the bridge's port map (small, seldom).
// Not here:  connections and roles (ofproto/controller), messages' bytes (lib/openflow), translation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "datapath/api/port_spec.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/base/result.h"
#include "lib/classifier/prefix_tracker.h"
#include "lib/openflow/error.h"
#include "lib/openflow/message.h"
#include "ofproto/bridge/bridge_listener.h"
#include "ofproto/bridge/vlan_config.h"

namespace weft::ofproto {

enum class FailMode : uint8_t { standalone, secure };

struct BridgeOptions {
  uint64_t datapath_id = 0;
  FailMode fail_mode = FailMode::standalone;
  Duration mac_aging = std::chrono::seconds(300);
  size_t mac_limit = 8192;
  bool forward_bpdu = false;
  // Fields of whose prefixes the tables keep tries, so that masks are wide: read when the bridge is made.
  std::vector<FieldId> prefix_fields{default_prefix_fields.begin(), default_prefix_fields.end()};
};

// One end of a pair of patch ports; `peer` is the other port's name, on this or another bridge.
struct PatchSpec {
  std::string peer;
  friend bool operator==(const PatchSpec&, const PatchSpec&) = default;
};

struct PortRequest {
  std::string name;  // the bridge's own name: this is its LOCAL port
  std::variant<datapath::PortSpec, PatchSpec> attachment;
  std::optional<uint16_t> ofport_request{};  // honoured when it is free
  VlanConfig vlan{};
};

struct PortInfo {
  std::string name;
  OfPort of_port{};
  PortId port_id = port_id::none;  // none: a patch port, or its device is gone
  openflow::PortDesc desc;
  uint32_t mtu = 0;
  std::optional<PatchSpec> patch;
  VlanConfig vlan;
};

// What many rules have counted, in parts, so that no handler takes long: the rules are chosen when it begins, their
// counters read when their part is made.
class FlowDump {
 public:
  virtual ~FlowDump() = default;
  virtual bool is_done() const = 0;
  virtual std::vector<openflow::FlowStats> next(size_t limit) = 0;  // may be empty when many are passed over
  virtual void add_next(openflow::AggregateStatsReply& sum) = 0;    // instead: as many as one handler may look at
};

// A modify or a removal that does not name its rules exactly. They are chosen in parts, so that no handler takes long:
// those that are there when it begins. Then all are changed at once, but for those that have gone meanwhile.
class FlowModRun {
 public:
  virtual ~FlowModRun() = default;
  virtual bool choose_next() = 0;  // false: all are chosen
  virtual Result<void, openflow::OpenFlowError> apply() = 0;
};

class Bridge {
 public:
  virtual ~Bridge() = default;

  virtual const std::string& name() const = 0;
  virtual uint64_t datapath_id() const = 0;
  virtual void set_datapath_id(uint64_t id) = 0;
  virtual const BridgeOptions& options() const = 0;
  virtual void set_options(const BridgeOptions& options) = 0;  // all of them, fail-mode and MAC ageing included

  // --- ports
  virtual Result<OfPort, datapath::PortError> add_port(const PortRequest& request) = 0;
  virtual bool remove_port(std::string_view name) = 0;
  // Tries again to attach a port whose device had gone; its number is the old one.
  virtual Result<void, datapath::PortError> reattach_port(std::string_view name) = 0;
  // Gives the port's device the MTU and the address of `spec`, where it has them; the port stays as it is.
  virtual Result<void, datapath::PortError> configure_port(std::string_view name, const datapath::PortSpec& spec) = 0;
  virtual bool set_vlan(std::string_view name, const VlanConfig& vlan) = 0;
  virtual std::vector<PortInfo> ports() const = 0;  // by number
  virtual std::vector<OfPort> port_numbers() const = 0;
  virtual std::optional<PortInfo> port(OfPort of_port) const = 0;
  virtual std::optional<PortInfo> port(std::string_view name) const = 0;
  // OFPT_PORT_MOD: bits of openflow::port_config.
  virtual Result<void, openflow::OpenFlowError> set_port_config(OfPort of_port, uint32_t config, uint32_t mask) = 0;

  // --- controllers, as far as flows depend on them
  // Whether any is configured (service connections do not count). A change flushes all flows; without
  // controllers and in standalone mode the flow priority=0,actions=NORMAL is there.
  virtual void set_has_controllers(bool has_controllers) = 0;
  // Whether a standalone bridge that has controllers lost them all (the caller times that): a hidden NORMAL rule
  // above every priority serves meanwhile.
  virtual void set_controllers_lost(bool lost) = 0;
  // Packets whose TTL ran out go to the controller instead of being dropped.
  virtual void set_invalid_ttl_to_controller(bool enabled) = 0;
  virtual void add_listener(BridgeListener& listener) = 0;
  virtual void remove_listener(BridgeListener& listener) = 0;

  // --- requests
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::FlowMod& flow_mod) = 0;
  // The same for a non-strict modify or removal, in parts.
  virtual std::unique_ptr<FlowModRun> begin(const openflow::FlowMod& flow_mod) = 0;
  virtual Result<void, openflow::OpenFlowError> apply(const openflow::GroupMod& group_mod) = 0;
  // Removes every flow and group without flow-removed messages, then puts back the default flow if one is due.
  virtual void flush_flows() = 0;
  virtual Result<void, openflow::OpenFlowError> packet_out(const openflow::PacketOut& packet_out) = 0;
  // A packet that a `controller(pause)` sent comes back: with the bytes and the metadata that it has now, it goes on where
  // its continuation says. NXR_STALE: not a continuation of this bridge.
  virtual Result<void, openflow::OpenFlowError> resume(const openflow::PacketIn& packet_in) = 0;
  // Runs `done` when every change made before is published, the decisions cached under the old state are gone, and
  // every packet-out sent before has been executed.
  virtual void barrier(std::function<void()> done) = 0;
  // Runs `done` when every packet that has left, and all that came with it, is in the counters below.
  virtual void collect(std::function<void()> done) = 0;

  virtual std::unique_ptr<FlowDump> flow_dump(const openflow::FlowFilter& filter) const = 0;
  virtual std::vector<openflow::TableStats> table_stats() const = 0;
  virtual std::optional<openflow::PortStats> port_stats(OfPort of_port) const = 0;
  virtual std::optional<openflow::GroupStats> group_stats(uint32_t group_id) const = 0;
  virtual std::optional<openflow::GroupDesc> group_desc(uint32_t group_id) const = 0;
  virtual openflow::GroupFeaturesReply group_features() const = 0;
  virtual bool has_group(uint32_t group_id) const = 0;
  virtual std::vector<uint32_t> group_numbers() const = 0;

  // --- for operators
  // Every rule, hidden ones included, a line each: `bridge/dump-flows`.
  virtual std::string dump_all_flows() const = 0;
  virtual std::string fdb_show() const = 0;  // as `ovs-appctl fdb/show` prints it
  virtual void fdb_flush() = 0;
};

}  // namespace weft::ofproto
